"""What a request costs the gateway and the bare proxy, in instructions, both counted in one run."""

import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TypeAlias

import attrs
import httpx
import trio

from benchmarks.gate.instructions import PATIENCE, Counted, counted
from benchmarks.gate.lockstep import LockStep
from benchmarks.overhead.subjects import PROJECT, settings
from benchmarks.processes import create_project

APART, TOGETHER = 64, 256
"""Words of the streams whose events come one by one, and all at once."""

WARM = 3
"""Batches before counting, for connections, caches and the interpreter's specialised code."""


@attrs.frozen
class Kind:
    """A kind of request, and how many of it are counted together."""

    name: str
    model: str
    stream: bool
    count: int


WHOLE = Kind("whole", "say-1x0", stream=False, count=10)
KINDS = (
    WHOLE,
    Kind("short", "say-1x0", stream=True, count=8),
    Kind("apart", f"say-{APART}x1", stream=True, count=2),
    Kind("together", f"say-{TOGETHER}x0", stream=True, count=4),
)
BARE = "bare"
BATCHES = 5

Costs: TypeAlias = dict[str, list[float]]
"""Instructions a request, batch by batch, by the name of its kind."""


@attrs.frozen
class Conversation:
    """A counted server between its client and its upstream."""

    server: Counted
    url: str
    lockstep: LockStep
    http: httpx.AsyncClient

    async def costs(self, kinds: Sequence[Kind], batches: int) -> Costs:
        """Instructions a request of each kind, batch by batch; the kinds take turns."""
        for kind in kinds:
            await self._ask(attrs.evolve(kind, count=WARM * kind.count))
        await self.server.begin()
        costs: Costs = {kind.name: [] for kind in kinds}
        for _ in range(batches):
            for kind in kinds:
                await self._ask(kind)
                costs[kind.name].append(await self.server.since() / kind.count)
        return costs

    async def _ask(self, kind: Kind) -> None:
        for _ in range(kind.count):
            await self.lockstep.ask(self.http, self.url, kind.model, stream=kind.stream)


async def measure(folder: Path, batches: int = BATCHES) -> Costs:
    """Instructions a request, batch by batch: of each of `KINDS` for the gateway, `BARE` for the bare proxy.

    Raises:
        NoCounter: there is no valgrind that answers.
        RuntimeError: a server did not start.
    """
    costs: Costs = {}

    async def note(measured: Callable[[Path, trio.Nursery, int], Awaitable[Costs]]) -> None:
        costs.update(await measured(folder, upstreams, batches))

    async with trio.open_nursery() as upstreams:
        async with trio.open_nursery() as both:
            both.start_soon(note, _gateway)
            both.start_soon(note, _bare)
        upstreams.cancel_scope.cancel()
    return costs


def slowly(kind: str, what: object) -> list[str]:
    """The command that runs what is counted."""
    return [sys.executable, "-m", "benchmarks.gate.slowly", kind, str(what)]


async def _gateway(folder: Path, nursery: trio.Nursery, batches: int) -> Costs:
    lockstep = LockStep()
    port = await lockstep.listen(nursery)
    config = folder / "hedgerow.toml"
    config.write_text(settings(folder, f"http://127.0.0.1:{port}/v1"))
    key = await trio.to_thread.run_sync(create_project, config, PROJECT)
    headers = {"authorization": f"Bearer {key}"}
    async with (
        counted(slowly("gateway", config), folder / "gateway", "Base URL") as server,
        httpx.AsyncClient(headers=headers, timeout=PATIENCE, trust_env=False) as http,
    ):
        url = server.line.split()[2]
        return await Conversation(server, url, lockstep, http).costs(KINDS, batches)


async def _bare(folder: Path, nursery: trio.Nursery, batches: int) -> Costs:
    lockstep = LockStep()
    port = await lockstep.listen(nursery)
    async with (
        counted(slowly("bare", port), folder / "bare") as server,
        httpx.AsyncClient(timeout=PATIENCE, trust_env=False) as http,
    ):
        url = f"http://127.0.0.1:{server.line}/v1"
        seen = await Conversation(server, url, lockstep, http).costs([WHOLE], batches)
        return {BARE: seen[WHOLE.name]}
