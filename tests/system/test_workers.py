"""`hedgerow serve --workers 2`: two processes that clients and operators take for one."""

import json
import os
import re
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
import trio

from providers.simulator import Fault, KeyPlan, Profile
from state.records import ProjectCreated
from state.store import Store
from tests.gateway_process import RunningGateway, create_project, gateway, hedgerow
from tests.system.crew import PATIENCE, greeted, line_to_each, lines_to_each, owners, said, workers
from tests.system.scene import Scene, scene
from tests.system.wire import Answer, Line, ask, chat, connected, get

NEWS = 0.1
"""Seconds within which a worker knows what another one has seen."""

STEADY = KeyPlan(
    profile=Profile("steady", gap=0.03, gap_sigma=0.0), median=0.02, words=2000.0, words_sigma=0.0
)

CONFIG = """
[server]
workers = 2
[providers.sim]
kind = "simulator"
[models."gpt-4o-mini"]
targets = ["sim"]
price = { input = 0, output = 100 }
[projects.rated]
limits = { rpm = 4 }
[projects.narrow]
limits = { concurrent = 2 }
[projects.poor]
limits = { usd_per_day = 0.005 }
"""

CREW = """
[server]
workers = 2
[projects.default]
limits = { concurrent = 2 }
"""

pytestmark = [pytest.mark.slow, pytest.mark.alone]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningGateway, Path]]:
    """Two workers over simulated keys, and their home."""
    home = tmp_path_factory.mktemp("workers")
    (home / "hedgerow.toml").write_text(CONFIG)
    with gateway(home=home) as running:
        yield running, home


def mocked(key: str, wish: str = "slow=1ms") -> bytes:
    """A call in test mode."""
    return chat(key, model="gpt-4o-mini", stream=False, fields={"x-hedgerow-mock": wish})


async def until_known() -> None:
    """Lets the news of what was answered get around."""
    await trio.sleep(NEWS)


async def project(name: str, home: Path) -> dict[str, str]:
    """Makes a project beside the running gateway; gives its keys when both workers know them."""
    keys = await trio.to_thread.run_sync(lambda: create_project(name, home=home))
    await until_known()
    return keys


async def test_connections_are_dealt_out_evenly(served: tuple[RunningGateway, Path]) -> None:
    """Of 64 connections each of the two workers has its share: a quarter at least, by chance one in 10,000."""
    running, _ = served
    async with trio.open_nursery() as nursery:
        lines: list[Line] = []
        for _ in range(64):
            nursery.start_soon(_hold, running, lines)
        while len(lines) < 64:
            await trio.sleep(0.01)
        shares = owners(running, lines)
        nursery.cancel_scope.cancel()

    assert sorted(shares) == workers(running)
    assert sum(shares.values()) == 64
    assert min(shares.values()) >= 16


async def _hold(running: RunningGateway, lines: list[Line]) -> None:
    async with greeted(running) as line:
        lines.append(line)
        await trio.sleep_forever()


async def test_they_are_announced_once_when_all_are_ready(
    served: tuple[RunningGateway, Path],
) -> None:
    """One banner, and whoever is asked is ready by then."""
    running, _ = served
    assert running.banner.count("Base URL") == 1
    async with line_to_each(running) as lines:
        assert [(await said(line, get("/readyz"))).status for line in lines] == [200, 200]


async def test_a_new_key_works_everywhere_at_once(served: tuple[RunningGateway, Path]) -> None:
    """What the command has printed is accepted by each worker within 100 ms, what it revoked by none."""
    running, home = served
    async with line_to_each(running) as lines:
        key = (await project("newcomer", home))["live_key"]
        assert [(await said(line, get("/v1/models", key))).status for line in lines] == [200, 200]

        revoke = ("project", "revoke", "newcomer")
        await trio.to_thread.run_sync(lambda: hedgerow(*revoke, home=home))
        await until_known()
        assert [(await said(line, get("/v1/models", key))).status for line in lines] == [401, 401]


async def test_requests_a_minute_are_counted_together(served: tuple[RunningGateway, Path]) -> None:
    """Two at one worker and two at the other are four; the fifth is refused by either."""
    running, home = served
    key = (await project("rated", home))["test_key"]
    async with line_to_each(running) as lines:
        admitted = []
        for line in (*lines, *lines):
            admitted.append((await said(line, mocked(key))).status)
            await until_known()
        refused = [await said(line, mocked(key)) for line in lines]

    assert admitted == [200] * 4
    assert [answer.status for answer in refused] == [429, 429]
    assert {answer.headers["x-ratelimit-remaining-requests"] for answer in refused} == {"0"}


async def test_calls_in_flight_are_counted_together(served: tuple[RunningGateway, Path]) -> None:
    """Two at once may be two at one worker: then the other refuses until one of them is over."""
    running, home = served
    key = (await project("narrow", home))["test_key"]
    async with lines_to_each(running, 2) as (busy, (other, _)):
        for line in busy:
            await line.ask(mocked(key, "slow=500ms"))
        await until_known()
        full = await said(other, mocked(key))
        assert [(await line.answer()).status for line in busy] == [200, 200]
        await until_known()
        free = await said(other, mocked(key))

    assert (full.status, free.status) == (429, 200)
    assert "concurrent" in full.json["error"]["message"]


async def test_money_is_counted_together(served: tuple[RunningGateway, Path]) -> None:
    """Two answers at one worker leave less than the price of a third: the other one refuses it."""
    running, home = served
    key = (await project("poor", home))["live_key"]
    call = chat(key, model="gpt-4o-mini", stream=False, max_tokens=20)  # 0.002 dollars
    async with line_to_each(running) as (first, second):
        paid = [(await said(first, call)).status for _ in range(2)]
        await until_known()
        refused = await said(second, call)

    assert paid == [200, 200]
    assert refused.status == 429
    assert "dollars a day" in refused.json["error"]["message"]


async def test_a_scrape_of_one_tells_of_all(served: tuple[RunningGateway, Path]) -> None:
    """Each counter stands there once for each worker, under its label; the families are whole."""
    running, home = served
    key = (await project("scraped", home))["test_key"]
    async with line_to_each(running) as lines:
        for line, calls in zip(lines, (1, 2), strict=True):
            for _ in range(calls):
                assert (await said(line, mocked(key))).status == 200
        texts = [bytes((await said(line, get("/metrics"))).body).decode() for line in lines]

    for text in texts:
        counted = re.findall(r'requests_total\{.*project="scraped",worker="(\d)"\} (\S+)', text)
        assert sorted(worker for worker, _ in counted) == ["1", "2"]
        assert sorted(float(value) for _, value in counted) == [1.0, 2.0]
        assert text.count("# TYPE hedgerow_requests_total counter") == 1


def journal(home: Path) -> list[dict[str, Any]]:
    """All records of all logs."""
    paths = (home / "state" / "logs").glob("*/*.jsonl")
    return [json.loads(line) for path in paths for line in path.read_text().splitlines()]


async def test_a_429_at_one_keeps_the_other_from_the_key(tmp_path: Path) -> None:
    """100 ms after one worker met it, the other one does not call that key any more, nor tell of it again."""
    async with scene(tmp_path, kinds=("openai", "openai"), extra=CREW) as running:
        limited, good = running.keys
        advised = Fault("rate_limited_retry_after", retry_after=30.0)
        running.simulator.script(limited, [advised], repeat=True)
        async with line_to_each(running.gateway) as (first, second):
            while not running.simulator.ledger.key(limited).started:
                assert (await said(first, chat(running.live_key))).status == 200
            await until_known()
            for _ in range(20):
                assert (await said(second, chat(running.live_key))).status == 200

        assert running.simulator.ledger.key(limited).started == 1
        assert running.simulator.ledger.key(good).started > 20
        await trio.sleep(0.6)  # until it is in the journal, as telemetry may be late
        rests = [line for line in journal(tmp_path) if line.get("t") == "key_state_changed"]
        assert [(line["key"], line["state"]) for line in rests] == [(f"{limited}-1", "cooling")]


@asynccontextmanager
async def speaking(running: Scene) -> AsyncIterator[tuple[Answer, Answer]]:
    """A stream at each worker that has begun, and will go on for most of a second."""
    answers = Answer(), Answer()
    async with line_to_each(running.gateway) as lines, trio.open_nursery() as nursery:
        for line, answer in zip(lines, answers, strict=True):
            await line.ask(chat(running.live_key, max_tokens=25))
            nursery.start_soon(line.answer, answer)
        with trio.fail_after(PATIENCE):
            while any(answer.body.count(b"\n\n") < 3 for answer in answers):
                await trio.sleep(0.005)
        yield answers
        nursery.cancel_scope.deadline = trio.current_time() + PATIENCE


async def test_a_killed_worker_takes_only_its_own_calls_along(tmp_path: Path) -> None:
    """The stream at the other one goes on, what the dead one held is free, and it is there again."""
    async with scene(tmp_path, kinds=("openai",), plan=STEADY, extra=CREW) as running:
        pid, _ = workers(running.gateway)
        async with speaking(running) as (broken, whole):
            await until_known()
            full = await ask(running.url, chat(running.live_key, max_tokens=3))
            os.kill(pid, signal.SIGKILL)
            await until_known()
            freed = await ask(running.url, chat(running.live_key, max_tokens=3))
            with trio.fail_after(PATIENCE):
                while len(workers(running.gateway)) < 2:
                    await trio.sleep(0.01)
            async with line_to_each(running.gateway) as lines:
                ready = [(await said(line, get("/readyz"))).status for line in lines]

        assert (full.status, freed.status) == (429, 200)
        assert ready == [200, 200]
        assert broken.broken
        assert whole.data[-1] == "[DONE]"
        assert '"worker_died"' in (tmp_path / "stderr.log").read_text()


async def test_a_signal_lets_the_streams_of_all_finish(tmp_path: Path) -> None:
    """The supervisor gets it, newcomers are refused at once, and it ends last, with 0."""
    async with scene(tmp_path, kinds=("openai",), plan=STEADY, extra=CREW) as running:
        async with speaking(running) as answers:
            running.gateway.process.send_signal(signal.SIGTERM)
            await until_refused(running.url)
            unfinished = [answer.complete for answer in answers]
        code = await trio.to_thread.run_sync(running.gateway.process.wait, PATIENCE)

        assert unfinished == [False, False]
        assert [answer.data[-1] for answer in answers] == ["[DONE]", "[DONE]"]
        assert code == 0
        assert running.complaints() == []


async def test_without_their_supervisor_workers_finish_and_go(tmp_path: Path) -> None:
    """`kill -9` of the parent: nobody is left behind on the address, and no stream is cut."""
    async with scene(tmp_path, kinds=("openai",), plan=STEADY, extra=CREW) as running:
        crew = [psutil.Process(pid) for pid in workers(running.gateway)]
        async with speaking(running) as answers:
            running.gateway.process.kill()
            await until_refused(running.url)
        _, left = await trio.to_thread.run_sync(lambda: psutil.wait_procs(crew, PATIENCE))

        assert [answer.data[-1] for answer in answers] == ["[DONE]", "[DONE]"]
        assert left == []


async def until_refused(url: str) -> None:
    """Waits until no connection is accepted any more."""
    with trio.fail_after(PATIENCE):
        while True:
            try:
                async with connected(url):
                    await trio.sleep(0.01)
            except OSError:
                return


def test_what_keeps_a_worker_from_starting_is_told_once(tmp_path: Path) -> None:
    """A damaged journal: one line and exit code 1, and nobody tries again."""
    with Store.open(tmp_path / "state", writer="cli") as store:
        for name in ("one", "two", "three"):
            store.commit_now(ProjectCreated(name, ("*",)))
    (segment,) = (tmp_path / "state" / "logs" / "cli").glob("*.jsonl")
    segment.write_bytes(segment.read_bytes().replace(b'"two"', b'"tvo"'))
    done = hedgerow("serve", "--workers", "2", "--bind", "127.0.0.1:0", home=tmp_path)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("hedgerow: ")
    assert done.stderr.count("\n") == 1, done.stderr
    assert segment.name in done.stderr
