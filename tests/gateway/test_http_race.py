"""Races as a client of the running gateway sees them, and as the journal keeps them."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import attrs
import pytest

from gateway.cli import main
from providers.simulator import KeyPlan
from providers.simulator.latency import TIGHT
from tests.gateway.running import QUICK, Running, running
from tests.gateway.test_http import ended

SILENT = attrs.evolve(QUICK, faults=("silence",), repeat=True)
STEADY = KeyPlan(profile=TIGHT, median=0.05, words=3, words_sigma=0.0)
CUT = attrs.evolve(QUICK, faults=("cut",), repeat=True)
FIRST_ONE = (
    '[models."gpt-4o-mini"]\ntargets = [["one"], ["two"]]\nprice = { input = 1, output = 2 }\n'
)
HEDGING = '[policies.default]\nhedge = { policy = "fixed", delay = "50ms" }\n'


def lines(gateway: Running, kind: str) -> list[Any]:
    """The journal's lines of one kind."""
    return [
        line
        for path in sorted((gateway.state / "logs" / "serve").glob("*.jsonl"))
        for line in map(json.loads, path.read_text().splitlines())
        if line["t"] == kind
    ]


async def test_a_hedged_request_can_be_explained(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Why it was hedged, where it went and what that may have cost: in the journal and on the terminal."""
    keys = {"one": SILENT, "two": QUICK}
    async with running(tmp_path, keys=keys, settings=FIRST_ONE + HEDGING) as gateway:
        response = await gateway.chat()
        (record,) = ended(gateway)
        with pytest.raises(SystemExit) as done:
            main(["race", "show", "last", "--state", f"file:{gateway.state}"])

    (policy,) = lines(gateway, "policy_in_force")
    assert (response.status_code, response.headers["x-hedgerow-hedged"]) == (200, "won")
    lost, won = record["attempts"]
    assert [lost["outcome"], won["outcome"]] == ["lost", "won"]
    assert (lost["delay_ms"], lost["delay_src"]) == (50.0, "fixed")
    assert won["candidates"] == [{"key": "two-1", "score": won["candidates"][0]["score"]}]
    assert 0 <= record["tax_low"] <= record["tax_high"]
    assert record["tax_high"] > 0
    assert record["policy_id"] == policy["policy_id"]
    assert json.loads(policy["config"])["hedge"]["delay"] == 0.05
    shown = capsys.readouterr().out
    assert done.value.code == 0
    assert record["request"] in shown
    assert "two-1" in shown


async def test_what_must_not_run_twice_is_not_hedged_and_says_so(tmp_path: Path) -> None:
    """Although its key keeps silent."""
    keys = {"one": SILENT, "two": QUICK}
    async with running(tmp_path, keys=keys, settings=FIRST_ONE + HEDGING) as gateway:
        response = await gateway.chat({"store": True}, x_hedgerow_timeout="300ms")
        (record,) = ended(gateway)

    assert response.status_code == 503
    assert response.headers["x-hedgerow-hedged"] == "no"
    assert response.headers["x-hedgerow-hedge-reason"] == record["unhedgeable"] == "store"
    assert len(record["attempts"]) == 1


async def test_a_whole_answer_that_breaks_is_fetched_again(tmp_path: Path) -> None:
    """It was streamed upstream, so it could be raced on its first token; the client asked for it whole."""
    keys = {"one": CUT, "two": QUICK}
    async with running(tmp_path, keys=keys, settings=FIRST_ONE + HEDGING) as gateway:
        response = await gateway.chat()
        (record,) = ended(gateway)

    assert response.status_code == 200
    assert response.json()["choices"][0]["finish_reason"] == "stop"
    assert [(a["role"], a["outcome"]) for a in record["attempts"]] == [
        ("primary", "failed"),
        ("failover", "won"),
    ]
    assert record["attempts"][0]["first_ms"] is not None


@pytest.mark.parametrize(("rule", "spoke"), [("never", False), ("always", True)])
async def test_whether_whole_answers_are_streamed_upstream_can_be_chosen(
    tmp_path: Path, rule: str, spoke: bool
) -> None:
    """A whole answer that is cut has no first token; a streamed one had."""
    settings = f'[policies.default]\nhedge = {{ policy = "off" }}\nupstream_stream = "{rule}"\n'
    keys = {"one": CUT, "two": QUICK}
    async with running(tmp_path, keys=keys, settings=FIRST_ONE + settings) as gateway:
        response = await gateway.chat()
        (record,) = ended(gateway)

    assert response.status_code == 200
    assert (record["attempts"][0]["first_ms"] is not None) == spoke


async def test_a_session_stays_on_its_key(tmp_path: Path) -> None:
    """So that its prompt's beginning is cached there. The journal does not know its name."""
    long = {"messages": [{"role": "user", "content": "Bir varmış " * 500}]}
    async with running(tmp_path, keys=dict.fromkeys("abcd", STEADY)) as gateway:
        winners = Counter(
            [
                (await gateway.chat(long, x_session_id="secret-session")).headers[
                    "x-hedgerow-winner"
                ]
                for _ in range(12)
            ]
        )
        records = ended(gateway)
        files = [path.read_bytes() for path in gateway.state.rglob("*") if path.is_file()]

    assert winners.most_common(1)[0][1] >= 10
    assert len({record["affinity"] for record in records}) == 1
    assert not any(b"secret-session" in file for file in files)


async def test_each_key_of_a_project_has_its_own_limit(tmp_path: Path) -> None:
    """One of them is used up, the other is not."""
    limits = "[projects.default]\nkey_limits = { rpm = 1 }\n"
    async with running(tmp_path, settings=limits) as gateway:
        statuses = [(await gateway.chat()).status_code for _ in range(2)]
        other = await gateway.http.post(
            "/v1/chat/completions",
            json={"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "x"}]},
            headers=gateway.auth(gateway.test_key),
        )

    assert [*statuses, other.status_code] == [200, 429, 200]


async def test_a_control_request_says_that_it_would_have_been_hedged(tmp_path: Path) -> None:
    """Exploring is a policy's choice: here all are controls."""
    explore = 'hedge = { policy = "fixed", delay = "50ms", explore = { control = 1.0 } }\n'
    keys = {"one": attrs.evolve(QUICK, faults=("silence",)), "two": QUICK}
    settings = FIRST_ONE + f"[policies.default]\n{explore}"
    async with running(tmp_path, keys=keys, settings=settings) as gateway:
        response = await gateway.chat(x_hedgerow_timeout="300ms")
        (record,) = ended(gateway)

    assert response.headers["x-hedgerow-hedge-reason"] == "control"
    assert (record["arm"], [skip["why"] for skip in record["skips"]]) == ("control", ["control"])
