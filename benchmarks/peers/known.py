"""The gateways that are compared with ours: how each is installed, configured, started and asked.

Each runs as its documentation has it for production: one process, nothing logged to the terminal, no
telemetry, no network but the upstream. LiteLLM checks a key as ours does; Portkey has no keys of its own.
"""

import json
import subprocess
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import attrs
import httpx
import trio

from benchmarks.overhead.subjects import Subject
from benchmarks.overhead.upstream import MODELS
from benchmarks.peers.environments import Unusable, installed, node_package, python_package
from benchmarks.processes import silent

PATIENCE = 180.0
"""Seconds in which a peer must answer its first request."""

LOOK_EVERY = 0.5

_KEY = "sk-bench"


@attrs.frozen
class Start:
    """How a peer is started to listen on `port`: its command, and what it finds in its environment."""

    command: Sequence[str]
    environ: Mapping[str, str] = attrs.field(factory=dict)


@attrs.frozen
class Peer:
    """A gateway. `start` is given the folder it is installed in, one for files, its port and the upstream's
    URL; `version` the first of these; `headers` the last. `patience` is seconds until it must answer."""

    name: str
    install: Callable[[Path], Sequence[Sequence[str]]]
    version: Callable[[Path], str]
    start: Callable[[Path, Path, int, str], Start]
    headers: Callable[[str], dict[str, str]]
    patience: float = PATIENCE

    @asynccontextmanager
    async def running(
        self, home: Path, files: Path, port: int, upstream: str, cores: set[int]
    ) -> AsyncIterator[Subject]:
        """Installs it below `home` if need be, and runs it on these processors.

        Raises:
            Unusable: it cannot be installed, does not start, or does not answer.
        """
        folder = home / self.name
        await installed(folder, self.install)
        start = self.start(folder, files, port, upstream)
        command = ["env", *(f"{name}={value}" for name, value in start.environ.items())]
        log = files / f"{self.name}.log"
        async with silent([*command, *start.command], log, cores) as process:
            name = f"{self.name} {self.version(folder)}"
            url = f"http://127.0.0.1:{port}/v1"
            subject = Subject(name, url, process.pid, self.headers(upstream))
            await _answers(subject, process, log, self.patience)
            yield subject


async def _answers(subject: Subject, process: trio.Process, log: Path, patience: float) -> None:
    """Waits until a request is answered."""
    said: str | None = "it did not listen"
    with trio.move_on_after(patience):
        async with httpx.AsyncClient(trust_env=False, timeout=patience) as http:
            while said is not None and process.poll() is None:
                await trio.sleep(LOOK_EVERY)
                with suppress(httpx.TransportError):
                    said = await _complaint(http, subject)
    if process.returncode is not None:
        words = await trio.Path(log).read_text(errors="replace")
        said = f"it ended: {' '.join(words.split())[-300:]}"
    if said is not None:
        raise Unusable(said)


async def _complaint(http: httpx.AsyncClient, subject: Subject) -> str | None:
    """What it answers instead of an answer; None if it does what it should."""
    asked = {"model": MODELS[0], "messages": [{"role": "user", "content": "Hi"}]}
    url = f"{subject.url}/chat/completions"
    answer = await http.post(url, headers=subject.headers, json=asked)
    if answer.status_code == 200 and b'"choices"' in answer.content:
        return None
    return f"it answers {answer.status_code}: {answer.text[:200]}"


def _litellm(folder: Path, files: Path, port: int, upstream: str) -> Start:
    config = files / "litellm.yaml"
    passed = {"api_base": upstream, "api_key": "k"}
    models = [
        {"model_name": name, "litellm_params": {"model": f"openai/{name}", **passed}}
        for name in MODELS
    ]
    told = {
        "model_list": models,
        "litellm_settings": {"telemetry": False},
        "general_settings": {"master_key": _KEY},
    }
    config.write_text(json.dumps(told))  # JSON is YAML
    command = [str(folder / "bin" / "litellm"), "--config", str(config), "--port", str(port)]
    environ = {
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "LITELLM_LOG": "ERROR",
        "LITELLM_MODE": "PRODUCTION",
        "NO_PROXY": "127.0.0.1",
    }
    return Start([*command, "--host", "127.0.0.1", "--num_workers", "1"], environ)


def _litellm_version(folder: Path) -> str:
    python = str(folder / "bin" / "python")
    asked = "from importlib.metadata import version; print(version('litellm'))"
    done = subprocess.run([python, "-c", asked], capture_output=True, text=True, check=False)  # noqa: S603
    return done.stdout.strip()


def _portkey(folder: Path, _files: Path, port: int, _upstream: str) -> Start:
    built = _portkey_home(folder) / "build" / "start-server.js"
    return Start(["node", str(built), f"--port={port}", "--headless"], {"NODE_ENV": "production"})


def _portkey_home(folder: Path) -> Path:
    return folder / "node_modules" / "@portkey-ai" / "gateway"


def _portkey_version(folder: Path) -> str:
    told = json.loads((_portkey_home(folder) / "package.json").read_text())
    return str(told["version"])


LITELLM = Peer(
    "litellm",
    python_package("litellm[proxy]"),
    _litellm_version,
    _litellm,
    lambda _: {"authorization": f"Bearer {_KEY}"},
)
PORTKEY = Peer(
    "portkey",
    node_package("@portkey-ai/gateway"),
    _portkey_version,
    _portkey,
    lambda upstream: {
        "authorization": "Bearer k",
        "x-portkey-provider": "openai",
        "x-portkey-custom-host": upstream,
    },
)
PEERS: Mapping[str, Peer] = {peer.name: peer for peer in (LITELLM, PORTKEY)}
