"""A thousand clients at once over keys that fail in every way, and the calm after them."""

import random
import resource
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import attrs
import psutil
import pytest
import trio

from providers.simulator import TIGHT, FaultKind, KeyPlan
from tests.system.scene import AT_ONCE, Scene, scene
from tests.system.verdict import judge
from tests.system.wire import Answer, Line, chat, connected

pytestmark = pytest.mark.alone

CLIENTS = 1000
LEAVING = 0.2
"""The share of clients that leave before they have their answer."""

LAST = 25
"""Clients that all leave at the very end, amid their answers."""

MEASUREMENTS = 3
"""How often that is tried on a machine that may have other things to do."""

FILES = 4 * CLIENTS

KINDS = (*["openai"] * 4, *["gemini"] * 4, *["anthropic"] * 3, "simulator")
PLAN = KeyPlan(profile=attrs.evolve(TIGHT, gap=0.1), scale=0.5, words=200.0, words_sigma=0.0)
"""First tokens after 0.3 s, then twenty a second."""

EXTRA = """
[policies.default]
hedge = { policy = "fixed", delay = "2s", budget = 0.05 }
timeouts = { first_byte = "8s", first_token = "8s", idle = "3s" }
"""
FAULTS: Mapping[FaultKind, float] = {
    "rate_limited": 0.02,
    "rate_limited_retry_after": 0.02,
    "server_error": 0.03,
    "overloaded": 0.02,
    "refuse": 0.02,
    "error_frame": 0.03,
    "reset_mid_body": 0.04,
    "cut": 0.03,
    "malformed_sse": 0.02,
    "truncated_json": 0.02,
    "empty_done": 0.01,
    "stall": 0.01,
}


@attrs.define(eq=False)
class Wave:
    """What became of the clients of one wave. `gate` opens when all of them are connected."""

    running: Scene
    rng: random.Random
    seen: Counter[str] = attrs.field(factory=Counter)
    gate: trio.Event = attrs.field(factory=trio.Event)
    connected: int = 0

    async def roll(self) -> None:
        """All clients connect, ask at the same moment, and leave or get what they asked for."""
        async with trio.open_nursery() as clients:
            for _ in range(CLIENTS):
                clients.start_soon(self._client)

    async def _client(self) -> None:
        async with connected(self.running.url) as line:
            self.connected += 1
            if self.connected == CLIENTS:
                self.gate.set()
            await self.gate.wait()
            if self.rng.random() < LEAVING:
                await self._leave(line)
            else:
                self.seen[judge(await self._ask(line))] += 1

    async def _ask(self, line: Line) -> Answer:
        await line.ask(chat(self.running.live_key, max_tokens=6))
        return await line.answer()

    async def _leave(self, line: Line) -> None:
        if self.rng.random() < 0.5:
            line.reset()
        with trio.move_on_after(self.rng.uniform(0.0, 6.0)) as patience:
            await self._ask(line)
        self.seen["left" if patience.cancelled_caught else "had it already"] += 1


@pytest.fixture
def few_files() -> Iterator[int]:
    """What this process starts meanwhile may open only 1,024 files at first, as on most systems."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < FILES:
        pytest.skip(f"the system allows {hard} open files, and this takes {FILES}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, hard))
    yield FILES if hard == resource.RLIM_INFINITY else hard
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.slow
async def test_a_storm_and_the_calm_after_it(tmp_path: Path, few_files: int) -> None:
    """Everyone sees one answer or one error, no call is left upstream, and memory is what it was."""
    async with scene(tmp_path, kinds=KINDS, plan=PLAN, extra=EXTRA) as running:
        resource.setrlimit(resource.RLIMIT_NOFILE, (few_files, few_files))
        running.script(FAULTS)
        rng = random.Random(20)
        await Wave(running, rng).roll()
        before = await memory(running)
        wave = Wave(running, rng)
        await wave.roll()
        survived = await running.seconds_until_quiet()
        after = await memory(running)
        running.script({})
        lingered = [await leave_together(running) for _ in range(MEASUREMENTS)]
        complaints = running.complaints()

    assert complaints == []
    assert survived <= AT_ONCE
    assert min(lingered) <= AT_ONCE, lingered
    assert after <= 1.1 * before, f"{before / 1e6:.1f} MB before, {after / 1e6:.1f} MB after"
    assert {"complete", "refused", "broken off", "left"} <= set(wave.seen)
    assert wave.seen["complete"] >= 0.4 * CLIENTS, wave.seen
    assert wave.seen.total() == CLIENTS


async def leave_together(running: Scene) -> float:
    """Many calls are running, then the last clients are gone; gives the seconds until the calls are, too."""
    async with trio.open_nursery() as clients:
        for _ in range(LAST):
            clients.start_soon(stream, running)
        with trio.fail_after(30.0):
            while running.simulator.ledger.in_flight < LAST:
                await trio.sleep(0.01)
        await trio.sleep(0.3)
        clients.cancel_scope.cancel()
    return await running.seconds_until_quiet()


async def stream(running: Scene) -> None:
    """Reads a long answer."""
    async with connected(running.url) as line:
        await line.ask(chat(running.live_key, max_tokens=200))
        await line.answer()


async def memory(running: Scene) -> int:
    """The gateway's own memory in bytes, once it has come to rest: the least of some seconds."""
    process = psutil.Process(running.gateway.process.pid)
    least = process.memory_full_info().uss
    for _ in range(8):
        await trio.sleep(0.5)
        least = min(least, process.memory_full_info().uss)
    return int(least)
