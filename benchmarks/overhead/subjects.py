"""What is measured: the gateway, the upstream asked directly, the bare proxy, and peers that already run."""

import json
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import attrs
import trio

from benchmarks.overhead import cpu
from benchmarks.processes import create_project, program

DIRECT, GATEWAY, BARE = "direct", "hedgerow", "bare proxy"
KEYS = DOMAINS = 8
PROJECT = "bench"
CREDENTIAL = "upstream-secret"


@attrs.frozen
class Subject:
    """A server with OpenAI's routes below `url`. `pid` is its process, None where it is not known.

    `streams` is False for what only knows whole answers.
    """

    name: str
    url: str
    pid: int | None = None
    headers: dict[str, str] = attrs.field(factory=dict, repr=False)
    streams: bool = True


class UnusablePeer(Exception):
    """A `--peer` that does not say what is needed."""


def peer(told: str) -> Subject:
    """A running server, from `name=URL[,header=value…]`.

    Raises:
        UnusablePeer: the text has another form.
    """
    name, _, rest = told.partition("=")
    url, *fields = rest.split(",")
    parts = urlsplit(url)
    if not name or parts.scheme != "http" or parts.port is None:
        raise UnusablePeer(f"--peer {name}: give name=http://HOST:PORT/v1[,header=value…]")
    pairs = [field.partition("=") for field in fields]
    if any(not separator for _, separator, _ in pairs):
        raise UnusablePeer(f"--peer {name}: a header is given as name=value")
    headers = {header: value for header, _, value in pairs}
    return Subject(name, url, cpu.listener(parts.port), headers)


@attrs.frozen
class Field:
    """All that is up for the measurement, and the upstream's process."""

    upstream: int
    direct: Subject
    others: Sequence[Subject]

    @property
    def subjects(self) -> tuple[Subject, ...]:
        """The direct call first."""
        return (self.direct, *self.others)


@asynccontextmanager
async def field(
    folder: Path, peers: Sequence[Subject], *, port: int = 0, fast: str = "all", policy: str = ""
) -> AsyncIterator[Field]:
    """Starts the upstream, the gateway and the bare proxy, and leaves them running inside the block.

    `port` is the upstream's, 0 for any; `fast` says which parts of the gateway are our own, `policy` are
    further lines of its policy.
    """
    measured, measuring = cpu.cores()
    async with AsyncExitStack() as stack:
        upstream = await stack.enter_async_context(
            program(module("upstream", str(port)), folder / "upstream.log", cores=measuring)
        )
        direct = Subject(DIRECT, f"http://127.0.0.1:{upstream.line}/v1", upstream.pid)
        config = folder / "hedgerow.toml"
        config.write_text(settings(folder, direct.url, fast=fast, policy=policy))
        key = await trio.to_thread.run_sync(create_project, config, PROJECT)
        ours = await stack.enter_async_context(gateway(config, key, measured))
        bare = await stack.enter_async_context(
            program(module("bare", upstream.line), folder / "bare.log", cores=measured)
        )
        reference = Subject(BARE, f"http://127.0.0.1:{bare.line}/v1", bare.pid, streams=False)
        for each in peers:
            if each.pid is not None:
                for pid in cpu.family(each.pid):
                    cpu.pin(pid, measured)
        yield Field(upstream.pid, direct, (ours, reference, *peers))


def module(name: str, *arguments: str) -> list[str]:
    """The command that runs one of this package's programs."""
    return [sys.executable, "-m", f"benchmarks.overhead.{name}", *arguments]


@asynccontextmanager
async def gateway(
    config: Path, key: str, cores: set[int], name: str = GATEWAY
) -> AsyncIterator[Subject]:
    """Runs the gateway with this configuration; `key` is a project's."""
    command = [sys.executable, "-m", "gateway", "serve", "--config", str(config)]
    log = config.with_suffix(".log")
    async with program(command, log, "Base URL", cores) as running:
        url = running.line.split()[2]
        yield Subject(name, url, running.pid, {"authorization": f"Bearer {key}"})


def settings(
    folder: Path,
    upstream: str,
    *,
    fast: str = "all",
    policy: str = "",
    keys: int = KEYS,
    projects: Sequence[str] = (PROJECT,),
) -> str:
    """So many keys in eight domains, limits that are counted and never reached, and all else as it comes.

    Idle connections stay for the measurement.
    """
    lines = [
        "[server]",
        'bind = "127.0.0.1:0"',
        'keep_alive = "1h"',
        f'fast = "{fast}"',
        "[state]",
        f"url = {json.dumps(f'file:{folder}/state')}",
        "[policies.default]",
        policy,
    ]
    for project in projects:
        lines += [
            f"[projects.{project}]",
            "limits = { rpm = 100000000, tpm = 1000000000, concurrent = 100000 }",
        ]
    for n in range(min(keys, DOMAINS)):
        held = [f"{CREDENTIAL}-{key}" for key in range(n, keys, DOMAINS)]
        lines += [
            f"[providers.up-{n}]",
            'kind = "openai"',
            f'base_url = "{upstream}"',
            f"keys = {json.dumps(held)}",
        ]
    return "\n".join(lines)
