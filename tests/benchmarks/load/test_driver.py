"""Requests go out when they are due, and latency counts from then."""

import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio

from benchmarks.load.driver import Driver, Tally
from benchmarks.load.prompts import Asking
from benchmarks.load.schedule import Planned
from benchmarks.load.summary import Run, latencies, summarize
from benchmarks.load.target import target
from benchmarks.load.text import warnings
from providers.simulator import INSTANT, Fault, KeyPlan, Simulator
from providers.types import Secret
from tests.benchmarks.load.serving import ANSWER, prompt, served

PLAN = KeyPlan(profile=INSTANT, words=5, words_sigma=0.0)
KEY = "sk-load-test"


def load(times: list[float]) -> list[Planned]:
    return [Planned(due, 10, 5, True) for due in times]


async def measured(
    url: str, times: list[float], *, stream: bool = True, timeout: float = 5.0
) -> Run:
    """The run of requests due at these times."""
    asked = target(url, Secret(KEY), {})
    asking = Asking("gpt-4o-mini", stream=stream)
    driver = Driver(asked, asking, timeout, random.Random(1), Tally(len(times)))
    await driver.run(load(times))
    assert (driver.tally.sent, driver.tally.done) == (len(times), len(times))
    return Run(tuple(sorted(driver.outcomes, key=lambda each: each.index)), stream)


@asynccontextmanager
async def simulated(simulator: Simulator) -> AsyncIterator[str]:
    async with trio.open_nursery() as nursery:
        yield f"{await nursery.start(simulator.serve)}/v1"
        nursery.cancel_scope.cancel()


async def test_streams_are_measured_in_the_fields_terms() -> None:
    """First token, gaps, end, tokens: five words, of which the server says the number."""
    async with simulated(Simulator(default=PLAN, rng=random.Random(1))) as url:
        run = await measured(url, [0.01 * n for n in range(20)])

    assert [outcome.error for outcome in run.outcomes] == [None] * 20
    for outcome in run.outcomes:
        assert outcome.ttft is not None
        assert 0.0 < outcome.ttft <= outcome.e2el < 1.0
        assert (outcome.usage, outcome.output_tokens, len(outcome.itl)) == (True, 5, 4)
        assert outcome.input_tokens


async def test_whole_answers_have_an_end_alone() -> None:
    """No first token is made up."""
    async with simulated(Simulator(default=PLAN, rng=random.Random(1))) as url:
        run = await measured(url, [0.0, 0.01], stream=False)

    assert [(o.error, o.ttft, o.tpot, o.output_tokens) for o in run.outcomes] == [
        (None, None, None, 5)
    ] * 2


async def test_every_failure_has_its_kind() -> None:
    """And nothing that was scheduled is missing."""
    simulator = Simulator(default=PLAN, rng=random.Random(1))
    faults = ["rate_limited", Fault("cut", words=2), "error_frame", "empty_done", "silence", "ok"]
    simulator.script(KEY, faults)  # type: ignore[arg-type]
    async with simulated(simulator) as url:
        run = await measured(url, [0.1 * n for n in range(6)], timeout=1.0)

    kinds = [outcome.error for outcome in run.outcomes]
    assert kinds == ["status 429", "cut", "error event", "empty", "timeout", None]
    assert summarize(run, []).errors == dict.fromkeys(kinds[:5], 1)
    assert run.outcomes[4].e2el == pytest.approx(1.0, abs=0.3)


async def test_nobody_there_is_an_outcome_too() -> None:
    """A refused connection has no status."""
    (outcome,) = (await measured("http://127.0.0.1:1", [0.0])).outcomes

    assert (outcome.error, outcome.status) == ("no connection", 0)


async def test_a_server_that_stalls_shows_in_the_requests_that_were_due_meanwhile() -> None:
    """No coordinated omission: 50 requests a second, a second without answers, so 50 slow requests.

    A generator that waits for its answers would have sent one of them, and reported one.
    """
    start = trio.current_time()

    async def stalling(stream: trio.SocketStream) -> None:
        while await stream.receive_some(65_536):
            if start + 0.5 < trio.current_time() < start + 1.5:
                await trio.sleep_until(start + 1.5)
            await stream.send_all(ANSWER)

    async with served(stalling) as url:
        run = await measured(url, [0.02 * n for n in range(100)], stream=False)

    slow = [seconds for seconds in latencies(run, "e2el") if seconds > 0.1]
    assert len(slow) == pytest.approx(45, abs=6)
    assert sum(slow) / len(slow) == pytest.approx(0.55, abs=0.1)
    spread = summarize(run, []).latencies["e2el"]
    assert spread.p50 < 0.1
    assert 0.5 < spread.p90 < spread.p99 <= 1.2


async def test_the_generators_own_lateness_is_told_and_is_in_the_latency() -> None:
    """A processor that was busy otherwise for 300 ms is no fault of the server; the figures say whose."""

    async def hog() -> None:
        await trio.sleep(0.2)
        time.sleep(0.3)

    async with served(prompt) as url, trio.open_nursery() as nursery:
        nursery.start_soon(hog)
        run = await measured(url, [0.02 * n for n in range(40)], stream=False)

    summary = summarize(run, [])
    assert 0.2 < summary.late.max <= 0.5
    assert all(outcome.e2el >= outcome.late for outcome in run.outcomes)
    assert any("the generator could not keep up" in said for said in warnings(summary))


async def test_connections_are_used_again() -> None:
    """One after the other needs one."""
    opened = 0

    async def counted(stream: trio.SocketStream) -> None:
        nonlocal opened
        opened += 1
        while await stream.receive_some(65_536):
            await stream.send_all(ANSWER)

    async with served(counted) as url:
        await measured(url, [0.05 * n for n in range(6)], stream=False)

    assert opened == 1


async def test_a_server_that_repeats_the_key_does_not_get_it_into_the_results() -> None:
    """In a message or in a header."""

    async def chatty(stream: trio.SocketStream) -> None:
        await stream.receive_some(65_536)
        body = b'{"error":{"message":"Unknown key %b"}}' % KEY.encode()
        head = b"HTTP/1.1 401 No\r\nx-request-id: %b\r\ncontent-length: %d\r\n\r\n"
        await stream.send_all(head % (KEY.encode(), len(body)) + body)

    async with served(chatty) as url:
        (outcome,) = (await measured(url, [0.0])).outcomes

    assert (outcome.message, outcome.request_id) == ("Unknown key ***", "***")


async def test_what_is_no_http_is_said_to_be_none() -> None:
    """A server of something else, and one that hangs up."""

    async def other(stream: trio.SocketStream) -> None:
        await stream.receive_some(65_536)
        await stream.send_all(b"220 mail.example ESMTP\r\n")

    async def rude(stream: trio.SocketStream) -> None:
        await stream.receive_some(65_536)
        await stream.aclose()

    for handler in (other, rude):
        async with served(handler) as url:
            (outcome,) = (await measured(url, [0.0])).outcomes
        assert outcome.error in ("no HTTP", "reset")
