"""`kill -9` under load, again and again: what was promised is still there."""

import json
import random
import signal
import sys
import time
from pathlib import Path

import attrs
import pytest
import trio

from gateway.errors import TYPES
from providers.simulator import INSTANT, KeyPlan, Simulator
from state import look
from tests.gateway_process import RunningGateway, create_project, gateway, hedgerow
from tests.system.scene import write_config
from tests.system.wire import Answer, ask, chat, connected, get

pytestmark = pytest.mark.alone

KILLS = 20
CLIENTS = 4
SHORT = KeyPlan(profile=INSTANT, words=4, words_sigma=0.0)
START = "[server]\ngrace = '1s'"


@attrs.define(eq=False)
class Witness:
    """What clients and administrators were told, over all lives of the gateway."""

    answered: list[str] = attrs.field(factory=list)
    unfinished: int = 0
    keys: dict[str, str] = attrs.field(factory=dict)
    revoked: list[str] = attrs.field(factory=list)
    starts: list[float] = attrs.field(factory=list)

    def saw(self, answer: Answer) -> None:
        """A client has read what it got. Its last byte is a promise."""
        if answer.status == 200 and answer.complete and not answer.broken:
            if answer.headers["content-type"].startswith("text/event-stream"):
                assert answer.data[-1] == "[DONE]" or "error" in json.loads(answer.data[-1])
            self.answered.append(answer.headers["x-request-id"])
        elif answer.complete:
            assert answer.json["error"]["type"] == TYPES[answer.status]
        else:
            self.unfinished += 1


async def _load(url: str, key: str, witness: Witness, *, stream: bool) -> None:
    """One client that asks again and again until its gateway is dead."""
    while True:
        try:
            async with connected(url) as line:
                await line.ask(chat(key, stream=stream, max_tokens=4))
                answer = await line.answer()
        except OSError:
            return
        witness.saw(answer)
        if answer.broken:
            return


def _administer(home: Path, witness: Witness, turn: int) -> None:
    """Changes beside the running gateway: what the command printed is acknowledged."""
    name = f"project-{turn}"
    witness.keys[name] = create_project(name, home=home)["live_key"]
    if turn % 2:
        done = hedgerow("project", "rotate", name, "--json", home=home)
        assert done.returncode == 0, done.stderr
        witness.revoked.append(witness.keys[name])
        witness.keys[name] = json.loads(done.stdout)["live_key"]


async def _live_and_die(
    running: RunningGateway, key: str, home: Path, witness: Witness, turn: int
) -> None:
    """One life under load, with an administrator at work, ended at a random moment."""
    rng = random.Random(turn)
    async with trio.open_nursery() as nursery:
        for client in range(CLIENTS):
            nursery.start_soon(
                lambda stream: _load(running.base_url, key, witness, stream=stream), client % 2 == 0
            )
        if turn % 4 == 0:
            await trio.to_thread.run_sync(_administer, home, witness, turn // 4)
        await trio.sleep(rng.uniform(0.05, 0.5))
        running.process.send_signal(signal.SIGKILL)
        await trio.to_thread.run_sync(running.process.wait)


async def _start(home: Path, witness: Witness) -> tuple[object, RunningGateway]:
    """Starts the gateway; how long it took until it was ready is noted."""
    began = time.monotonic()
    starting = gateway(home=home)
    running = await trio.to_thread.run_sync(starting.__enter__)
    while (await ask(running.base_url, get("/readyz"))).status != 200:
        await trio.sleep(0.01)
    witness.starts.append(time.monotonic() - began)
    return starting, running


@pytest.mark.slow
async def test_nothing_that_was_promised_is_lost(tmp_path: Path) -> None:
    """Twenty kills: every finished request is in the journal, every printed key works, no revoked one."""
    witness, key = Witness(), ""
    simulator = Simulator(default=SHORT, rng=random.Random(1))
    async with trio.open_nursery() as nursery:
        write_config(tmp_path, await nursery.start(simulator.serve), ["openai", "gemini"], START)
        for turn in range(KILLS):
            starting, running = await _start(tmp_path, witness)
            key = key or str(running.live_key)
            await _live_and_die(running, key, tmp_path, witness, turn)
            starting.__exit__(None, None, None)  # type: ignore[attr-defined]
        starting, running = await _start(tmp_path, witness)
        works = {name: await _status(running, key) for name, key in witness.keys.items()}
        refused = [await _status(running, key) for key in witness.revoked]
        await trio.to_thread.run_sync(starting.__exit__, None, None, None)
        nursery.cancel_scope.cancel()

    journal = _journal(tmp_path)
    lost = [request for request in witness.answered if request not in journal]
    sys.stdout.write(f"{len(witness.answered)} answered; starts {sorted(witness.starts)}\n")
    assert lost == []
    assert set(works.values()) == {200}
    assert set(refused) == {401}
    assert len(witness.answered) > KILLS
    assert witness.unfinished > 0, "no kill hit a request: there was no load"
    assert sorted(witness.starts)[KILLS // 2] < 2.0


async def _status(running: RunningGateway, key: str) -> int:
    return (await ask(running.base_url, get("/v1/models", key))).status


def _journal(home: Path) -> set[str]:
    """The ids of all requests in all logs, read as the program itself reads them."""
    assert look(home / "state").indexes.total("default").requests > 0
    lines = [
        json.loads(line)
        for path in (home / "state" / "logs").glob("*/*.jsonl")
        for line in path.read_bytes().split(b"\n")
        if line.endswith(b"}")
    ]
    return {line["request"] for line in lines if line["t"] == "request_ended"}
