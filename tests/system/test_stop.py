"""Stopping: what is running is finished, what cannot be finished does not hold the process, nothing is lost."""

import json
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trio

from providers.simulator import KeyPlan, Profile
from tests.system.scene import AT_ONCE, Scene, scene
from tests.system.verdict import judge
from tests.system.wire import Answer, Line, ask, chat, connected, get, post

STEADY = KeyPlan(
    profile=Profile("steady", gap=0.03, gap_sigma=0.0), median=0.02, words=2000.0, words_sigma=0.0
)
LARGE = {"model": "text-embedding-3-large", "input": ["söz"] * 400}
"""Asks for megabytes."""

SLACK = 2.0
"""Seconds past the grace time in which the process must be gone, whatever clients do."""

PATIENCE = 20.0

pytestmark = pytest.mark.slow


@asynccontextmanager
async def stoppable(home: Path, settings: str = 'grace = "60s"') -> AsyncIterator[Scene]:
    """A gateway whose streams say a word every 30 ms."""
    extra = f"[server]\n{settings}"
    async with scene(home, kinds=("openai",), plan=STEADY, extra=extra) as running:
        yield running


async def exit_of(running: Scene) -> tuple[int, float]:
    """Waits for the process to end; gives its exit code and the seconds it took."""
    began = trio.current_time()
    code = await trio.to_thread.run_sync(running.gateway.process.wait, PATIENCE)
    return code, trio.current_time() - began


async def until_spoken(answer: Answer) -> None:
    """Waits until some content has arrived."""
    with trio.fail_after(PATIENCE):
        while answer.body.count(b"\n\n") < 3:
            await trio.sleep(0.005)


async def until_refused(url: str) -> None:
    """Waits until no connection is accepted any more."""
    with trio.fail_after(PATIENCE):
        while True:
            try:
                async with connected(url):
                    await trio.sleep(0.01)
            except OSError:
                return


def journal(home: Path) -> dict[str, Any]:
    """The records of all requests by id."""
    lines = [
        json.loads(line)
        for path in (home / "state" / "logs").glob("*/*.jsonl")
        for line in path.read_text().splitlines()
    ]
    return {line["request"]: line for line in lines if line["t"] == "request_ended"}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_lets_running_requests_finish(tmp_path: Path, number: int) -> None:
    """Not ready and closed to newcomers at once; two streams go on to their ends, and all is written down."""
    async with stoppable(tmp_path) as running, connected(running.url) as idle:
        await idle.ask(get("/livez"))
        assert (await idle.answer()).status == 200
        answers = [Answer(), Answer()]
        async with connected(running.url) as hesitant, trio.open_nursery() as reading:
            for answer in answers:
                reading.start_soon(stream, running, answer)
            for answer in answers:
                await until_spoken(answer)
            await hesitant.ask(get("/readyz")[:-2])
            await trio.sleep(AT_ONCE)
            running.gateway.process.send_signal(number)
            await until_refused(running.url)
            assert await rest_of(hesitant) == 503
            assert not any(answer.complete for answer in answers), "the streams were too short"
        code, waited = await exit_of(running)

    assert [judge(answer) for answer in answers] == ["complete", "complete"]
    assert (code, running.complaints()) == (0, [])
    assert waited < SLACK, "an idle connection held the process"
    records = journal(tmp_path)
    assert [records[answer.headers["x-request-id"]]["status"] for answer in answers] == [200, 200]


async def stream(running: Scene, answer: Answer) -> None:
    """Reads a stream of some two seconds."""
    async with connected(running.url) as line:
        await line.ask(chat(running.live_key, max_tokens=70))
        await line.answer(answer)


async def rest_of(hesitant: Line) -> int:
    """Completes a request that was begun before; gives the status of the answer."""
    await hesitant.ask(b"\r\n")
    return (await hesitant.answer()).status


async def test_a_second_signal_stops_at_once(tmp_path: Path) -> None:
    """The stream is cut and its upstream call gone; its record, like those before it, is in the journal."""
    async with stoppable(tmp_path) as running:
        before = await ask(running.url, chat(running.live_key, stream=False, max_tokens=3))
        cut = Answer()
        async with trio.open_nursery() as reading:
            reading.start_soon(endless, running, cut)
            await until_spoken(cut)
            running.gateway.process.send_signal(signal.SIGTERM)
            await until_refused(running.url)
            running.gateway.process.send_signal(signal.SIGTERM)
            code, waited = await exit_of(running)
        assert await running.seconds_until_quiet() <= AT_ONCE

    assert (code, running.complaints()) == (0, [])
    assert waited < SLACK
    assert not cut.complete
    records = journal(tmp_path)
    assert records[before.headers["x-request-id"]]["status"] == 200
    assert records[cut.headers["x-request-id"]]["client_gone"]


async def endless(running: Scene, answer: Answer) -> None:
    """Reads a stream of more than half a minute, or what comes of it."""
    async with connected(running.url) as line:
        await line.ask(chat(running.live_key, max_tokens=2000))
        await line.answer(answer)


async def test_the_grace_time_ends(tmp_path: Path) -> None:
    """What goes on is cut when it is over: a stream that is longer, and megabytes that nobody reads."""
    extra = 'grace = "1s"'
    async with stoppable(tmp_path, extra) as running, connected(running.url) as deaf:
        await deaf.ask(post("/v1/embeddings", running.live_key, LARGE))
        await until_stuck(running, deaf)
        cut = Answer()
        async with trio.open_nursery() as reading:
            reading.start_soon(endless, running, cut)
            await until_spoken(cut)
            running.gateway.process.send_signal(signal.SIGTERM)
            code, waited = await exit_of(running)

    assert (code, running.complaints()) == (0, [])
    assert 0.9 <= waited <= 1.0 + SLACK
    assert not cut.complete


async def until_stuck(running: Scene, deaf: Line) -> None:
    """Waits until the answer is on its way and fills every buffer."""
    with trio.fail_after(PATIENCE):
        await deaf.stream.receive_some(1000)
        assert await running.seconds_until_quiet() <= PATIENCE
        await trio.sleep(0.3)


async def test_a_client_that_does_not_read_is_left_before_the_grace_time_ends(
    tmp_path: Path,
) -> None:
    """Once it has taken nothing for the write timeout, nobody is left to wait for."""
    extra = 'grace = "60s"\nwrite_timeout = "1s"'
    async with stoppable(tmp_path, extra) as running, connected(running.url) as deaf:
        await deaf.ask(post("/v1/embeddings", running.live_key, LARGE))
        await deaf.stream.receive_some(1000)
        running.gateway.process.send_signal(signal.SIGTERM)
        code, waited = await exit_of(running)

    assert (code, running.complaints()) == (0, [])
    assert 0.5 <= waited <= 1.0 + SLACK, "less: the answer fitted into the buffers"
