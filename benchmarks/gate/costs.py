"""What a request costs the gateway and the bare proxy, in instructions, both counted in one run."""

import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import attrs
import httpx
import trio

from benchmarks.gate.instructions import PATIENCE, Counted, counted
from benchmarks.gate.lockstep import LockStep
from benchmarks.overhead.subjects import module, settings
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


WHOLE = Kind("whole", "say-1x0", stream=False, count=20)
KINDS = (
    WHOLE,
    Kind("short", "say-1x0", stream=True, count=10),
    Kind("apart", f"say-{WORDS}x1", stream=True, count=2),
    Kind("together", f"say-{WORDS}x0", stream=True, count=5),
)
BARE = "bare"
BATCHES = 5


@attrs.frozen
class Conversation:
    """A counted server between its client and its upstream."""

    server: Counted
    url: str
    lockstep: LockStep
    http: httpx.AsyncClient

    async def costs(self, kinds: Sequence[Kind], batches: int) -> dict[str, list[float]]:
        """Instructions a request of each kind, batch by batch; the kinds take turns."""
        for kind in kinds:
            await self._ask(attrs.evolve(kind, count=WARM * kind.count))
        await self.server.begin()
        costs: dict[str, list[float]] = {kind.name: [] for kind in kinds}
        for _ in range(batches):
            for kind in kinds:
                await self._ask(kind)
                costs[kind.name].append(await self.server.since() / kind.count)
        return costs

    async def _ask(self, kind: Kind) -> None:
        for _ in range(kind.count):
            await self.lockstep.ask(self.http, self.url, kind.model, stream=kind.stream)


async def measure(folder: Path, batches: int = BATCHES) -> dict[str, list[float]]:
    """Instructions a request, batch by batch: of each of `KINDS` for the gateway, `BARE` for the bare proxy.

    Raises:
        NoCounter: there is no valgrind that answers.
        RuntimeError: a server did not start.
    """
    costs: dict[str, list[float]] = {}

    async def note(measured: Callable[[Path, int], Awaitable[dict[str, list[float]]]]) -> None:
        costs.update(await measured(folder, batches))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(note, _gateway)
        nursery.start_soon(note, _bare)
    return costs


async def _gateway(folder: Path, batches: int) -> dict[str, list[float]]:
    async with _upstream() as (lockstep, port):
        config = folder / "hedgerow.toml"
        config.write_text(settings(folder, f"http://127.0.0.1:{port}/v1", policy=NO_HURRY))
        key = await trio.to_thread.run_sync(create_project, config, "bench")
        command = [sys.executable, "-m", "gateway", "serve", "--config", str(config)]
        async with counted(command, folder / "gateway", "Base URL") as server:
            headers = {"authorization": f"Bearer {key}"}
            async with _client(headers) as http:
                url = server.line.split()[2]
                return await Conversation(server, url, lockstep, http).costs(KINDS, batches)


async def _bare(folder: Path, batches: int) -> dict[str, list[float]]:
    async with _upstream() as (lockstep, port):
        async with counted(module("bare", str(port)), folder / "bare") as server, _client({}) as http:
            url = f"http://127.0.0.1:{server.line}/v1"
            seen = await Conversation(server, url, lockstep, http).costs([WHOLE], batches)
            return {BARE: seen[WHOLE.name]}


@asynccontextmanager
async def _upstream() -> AsyncIterator[tuple[LockStep, int]]:
    lockstep = LockStep()
    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(
            partial(trio.serve_tcp, lockstep.serve, 0, host="127.0.0.1")
        )
        yield lockstep, listeners[0].socket.getsockname()[1]
        nursery.cancel_scope.cancel()


def _client(headers: dict[str, str]) -> httpx.AsyncClient:
    return httpx.AsyncClient(headers=headers, timeout=PATIENCE, trust_env=False)
