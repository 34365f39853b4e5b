"""What a request costs the gateway and the bare proxy, in instructions, both counted in one run."""

import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TypeAlias

import attrs
import httpx
import trio

from benchmarks.gate.instructions import PATIENCE, Counted, Reading, counted
from benchmarks.gate.lockstep import LockStep
from benchmarks.overhead.subjects import PROJECT, module, settings
from benchmarks.processes import create_project

NO_HURRY = """\
hedge = { min_delay = "300s", max_delay = "300s" }
timeouts = { connect = "60s", first_byte = "300s", first_token = "300s", idle = "300s", total = "600s" }"""
"""Hedging is decided upon and never due; no clock of the gateway runs out while valgrind slows it down."""

WORDS = 64
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
    Kind("apart", f"say-{WORDS}x1", stream=True, count=2),
    Kind("together", f"say-{WORDS}x0", stream=True, count=4),
)
BARE = "bare"
BATCHES = 5
IDLE = 1.0
"""Seconds of nothing before each round, to know what the server does on its own account."""

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
            idle = await self._idle()
            for kind in kinds:
                await self._ask(kind)
                spent = (await self.server.since()).beyond(idle)
                costs[kind.name].append(spent / kind.count)
        return costs

    async def _idle(self) -> Reading:
        await self.server.since()
        await trio.sleep(IDLE)
        return await self.server.since()

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


async def _gateway(folder: Path, nursery: trio.Nursery, batches: int) -> Costs:
    lockstep = LockStep()
    port = await lockstep.listen(nursery)
    config = folder / "hedgerow.toml"
    config.write_text(settings(folder, f"http://127.0.0.1:{port}/v1", policy=NO_HURRY))
    key = await trio.to_thread.run_sync(create_project, config, PROJECT)
    command = [sys.executable, "-m", "gateway", "serve", "--config", str(config)]
    headers = {"authorization": f"Bearer {key}"}
    async with (
        counted(command, folder / "gateway", "Base URL") as server,
        httpx.AsyncClient(headers=headers, timeout=PATIENCE, trust_env=False) as http,
    ):
        url = server.line.split()[2]
        return await Conversation(server, url, lockstep, http).costs(KINDS, batches)


async def _bare(folder: Path, nursery: trio.Nursery, batches: int) -> Costs:
    lockstep = LockStep()
    command = module("bare", str(await lockstep.listen(nursery)))
    async with (
        counted(command, folder / "bare") as server,
        httpx.AsyncClient(timeout=PATIENCE, trust_env=False) as http,
    ):
        url = f"http://127.0.0.1:{server.line}/v1"
        seen = await Conversation(server, url, lockstep, http).costs([WHOLE], batches)
        return {BARE: seen[WHOLE.name]}
