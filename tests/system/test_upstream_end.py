"""No upstream call survives its race: not as a loser, not when its client leaves, not past its deadline."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trio

from providers.simulator import KeyPlan, Profile
from tests.system.scene import AT_ONCE, Scene, scene
from tests.system.wire import Answer, Line, ask, chat, connected

HEDGED = """
[policies.default]
hedge = { policy = "fixed", delay = "300ms", budget = 1.0, burst = 100.0 }
"""
STEADY = KeyPlan(
    profile=Profile("steady", gap=0.03, gap_sigma=0.0), median=0.02, words=2000.0, words_sigma=0.0
)
"""An answer of 20 words takes 0.6 s."""

PATIENCE = 10.0

pytestmark = [pytest.mark.slow, pytest.mark.alone]


@asynccontextmanager
async def two_keys(home: Path) -> AsyncIterator[Scene]:
    """A gateway over two keys that hedges after 300 ms, whatever it costs."""
    async with scene(home, kinds=("openai", "openai"), plan=STEADY, extra=HEDGED) as running:
        yield running


async def until_running(running: Scene, calls: int) -> None:
    """Waits until that many upstream calls are running."""
    with trio.fail_after(PATIENCE):
        while running.simulator.ledger.in_flight != calls:
            await trio.sleep(0.002)


def calls_of(running: Scene, key: str) -> int:
    """How many calls of this key are running upstream."""
    return running.simulator.ledger.key(key).in_flight


async def until_spoken(answer: Answer) -> None:
    """Waits until some content has arrived."""
    with trio.fail_after(PATIENCE):
        while answer.body.count(b"\n\n") < 3:
            await trio.sleep(0.002)


@asynccontextmanager
async def reading(line: Line) -> AsyncIterator[Answer]:
    """What has arrived so far, read on beside the block and no longer than it."""
    answer = Answer()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(line.answer, answer)
        yield answer
        nursery.cancel_scope.cancel()


async def test_a_loser_is_closed_when_the_race_is_decided(tmp_path: Path) -> None:
    """The silent primary is gone at once while the hedge that won speaks on for half a second."""
    async with two_keys(tmp_path) as running:
        for _ in range(5):
            for key in running.keys:
                running.simulator.script(key, ["silence"])
            async with connected(running.url) as line, reading(line) as answer:
                await line.ask(chat(running.live_key))
                await until_running(running, 1)
                (silent,) = [key for key in running.keys if calls_of(running, key)]
                (other,) = set(running.keys) - {silent}
                running.simulator.script(other)
                await until_spoken(answer)
                await trio.sleep(AT_ONCE)
                assert (calls_of(running, silent), calls_of(running, other)) == (0, 1)
            assert answer.headers["x-hedgerow-hedged"] == "won"
            assert await running.seconds_until_quiet() <= AT_ONCE


async def test_a_client_that_leaves_while_waiting_takes_both_calls_along(tmp_path: Path) -> None:
    """Streamed or not, by a farewell or by a reset: primary and hedge are gone at once."""
    async with two_keys(tmp_path) as running:
        for key in running.keys:
            running.simulator.script(key, ["silence"], repeat=True)
        for stream in (True, False):
            for reset in (True, False):
                async with connected(running.url) as line:
                    await line.ask(chat(running.live_key, stream=stream))
                    await until_running(running, 2)
                    if reset:
                        line.reset()
                assert await running.seconds_until_quiet() <= AT_ONCE, f"{stream=} {reset=}"


async def test_clients_that_leave_amid_their_answers_take_the_calls_along(tmp_path: Path) -> None:
    """Ten at once, several times: nothing is left upstream, and nothing failed on the way."""
    async with two_keys(tmp_path) as running:
        for _ in range(5):
            async with trio.open_nursery() as leaving:
                for _ in range(10):
                    leaving.start_soon(leave_amid, running)
            assert await running.seconds_until_quiet() <= AT_ONCE
        assert running.complaints() == []


async def leave_amid(running: Scene) -> None:
    """Asks for a long answer, and leaves when it has begun."""
    async with connected(running.url) as line, reading(line) as answer:
        await line.ask(chat(running.live_key, max_tokens=400))
        await until_spoken(answer)


async def test_a_call_does_not_outlive_the_time_its_client_gave_it(tmp_path: Path) -> None:
    """`x-hedgerow-timeout` ends silent calls, a backup too, and the client is told."""
    async with two_keys(tmp_path) as running:
        for key in running.keys:
            running.simulator.script(key, ["silence"], repeat=True)
        limits = {"x-hedgerow-timeout": "600ms", "x-hedgerow-hedge": "100ms"}
        limited = chat(running.live_key, fields=limits)

        answer = await ask(running.url, limited)

        assert await running.seconds_until_quiet() <= AT_ONCE
        assert answer.status == 503
        assert running.simulator.ledger.total.cancelled == 2
