"""Every fault as a client sees it, in every language, streamed and not."""

import json
import math
from typing import Any

import h11
import pytest
import trio

from providers.simulator import Fault, is_passage

every_language = pytest.mark.parametrize("dialect", ["openai", "gemini", "anthropic"])
streamed_or_not = pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])

END = {"openai": b"[DONE]", "gemini": b"finishReason", "anthropic": b"message_stop"}


def unparsable(tools: Any, body: bytes) -> list[bool]:
    """For each event but `[DONE]`, whether it is no JSON."""
    found = []
    for event in tools.events(body):
        try:
            json.loads(event.data) if event.data != "[DONE]" else None
            found.append(False)
        except ValueError:
            found.append(True)
    return found


@every_language
@streamed_or_not
@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("rate_limited", 429),
        ("rate_limited_retry_after", 429),
        ("rate_limited_retry_info", 429),
        ("quota_exhausted", 429),
        ("bad_request", 400),
        ("model_missing", 404),
        ("unauthorized", 401),
        ("server_error", 500),
        ("unavailable", 503),
        ("overloaded", 529),
    ],
)
async def test_error_statuses(connect, tools, dialect, stream, kind, status):
    """A status, JSON in the provider's shape, and the connection lives on."""
    simulator = tools.instant(faults=(kind,))
    client = connect(simulator)
    answer = await client.ask(tools.question(dialect, stream=stream))
    assert answer.status == status
    assert answer.json()["error"]["message"]
    assert ("retry-after" in answer.headers) == (kind == "rate_limited_retry_after")
    assert ("RetryInfo" in answer.body.decode()) == (
        dialect == "gemini" and kind == "rate_limited_retry_info"
    )
    assert (await client.ask(tools.question(dialect, stream=stream))).status == 200
    assert simulator.ledger.total.by_status == {status: 1, 200: 1}
    assert (simulator.ledger.total.failed, simulator.ledger.total.finished) == (1, 1)


@pytest.mark.parametrize(
    ("dialect", "status"), [("openai", 401), ("anthropic", 401), ("gemini", 400)]
)
async def test_invalid_key_as_the_provider_says_it(connect, tools, dialect, status):
    """Google calls it a bad request."""
    client = connect(tools.instant(faults=("invalid_key",)))
    assert (await client.ask(tools.question(dialect))).status == status


@every_language
@streamed_or_not
async def test_refuse_resets_before_any_byte(dial, tools, dialect, stream):
    """On a real socket, with a reset."""
    simulator = tools.instant(faults=("refuse",))
    client = await dial(simulator)
    with pytest.raises(trio.BrokenResourceError):
        await client.ask(tools.question(dialect, stream=stream))
    assert simulator.ledger.total.failed == 1
    assert simulator.ledger.total.by_status == {}


@every_language
@streamed_or_not
async def test_silence_lasts_until_the_client_leaves(
    connect, tools, autojump_clock, dialect, stream
):
    """An hour without a byte, then one cancelled call."""
    simulator = tools.instant(faults=("silence",))
    client = connect(simulator)
    await client.send(tools.question(dialect, stream=stream))
    with trio.move_on_after(3600) as hour:
        await client.event()
    assert hour.cancelled_caught
    assert simulator.ledger.in_flight == 1
    await client.stream.aclose()
    await trio.testing.wait_all_tasks_blocked()
    assert (simulator.ledger.in_flight, simulator.ledger.total.cancelled) == (0, 1)


@every_language
@streamed_or_not
async def test_reset_mid_body_resets_after_some_bytes(dial, tools, dialect, stream):
    """The status and a part of the body arrive, then a reset."""
    simulator = tools.instant(faults=("reset_mid_body",))
    client = await dial(simulator)
    await client.send(tools.question(dialect, stream=stream))
    assert (await client.head()).status_code == 200
    assert isinstance(await client.event(), h11.Data)
    with pytest.raises(trio.BrokenResourceError):
        await client.rest()
    assert simulator.ledger.total.failed == 1


@every_language
@streamed_or_not
async def test_error_frame_comes_with_status_200(connect, tools, dialect, stream):
    """It is the first and only event, or the body."""
    client = connect(tools.instant(faults=("error_frame",)))
    answer = await client.ask(tools.question(dialect, stream=stream))
    assert answer.status == 200
    if not stream:
        assert "error" in answer.json()
        return
    (event,) = tools.events(answer.body)
    assert "error" in json.loads(event.data)
    assert event.event == ("error" if dialect == "anthropic" else "message")


@every_language
async def test_error_frame_may_come_midway(connect, tools, dialect):
    """After some words, and nothing follows it."""
    client = connect(tools.instant(faults=(Fault("error_frame", words=4),)))
    answer = await client.ask(tools.question(dialect, stream=True))
    assert "error" in json.loads(tools.events(answer.body)[-1].data)
    assert len(tools.said(dialect, answer.body).split()) == 4
    assert END[dialect] not in answer.body


@every_language
async def test_role_then_stall_says_nothing(connect, tools, autojump_clock, dialect):
    """A status and what precedes the first word; then silence."""
    simulator = tools.instant(faults=("role_then_stall",))
    client = connect(simulator)
    await client.send(tools.question(dialect, stream=True))
    assert (await client.head()).status_code == 200
    body = b""
    with trio.move_on_after(3600) as hour:
        while isinstance(event := await client.event(), h11.Data):
            body += event.data
    assert hour.cancelled_caught
    assert tools.said(dialect, body) == ""
    assert bool(body) == (dialect != "gemini")
    assert simulator.ledger.in_flight == 1


@every_language
@streamed_or_not
async def test_stall_says_a_part(connect, tools, autojump_clock, dialect, stream):
    """Some words, or half of the body; then silence."""
    simulator = tools.instant(faults=(Fault("stall", words=4),))
    client = connect(simulator)
    await client.send(tools.question(dialect, stream=stream))
    await client.head()
    body = b""
    with trio.move_on_after(3600) as hour:
        while isinstance(event := await client.event(), h11.Data):
            body += event.data
    assert hour.cancelled_caught
    if stream:
        assert len(tools.said(dialect, body).split()) == 4
    else:
        assert unparsable(tools, b"data: " + body + b"\n\n") == [True]
    assert simulator.ledger.in_flight == 1


@every_language
async def test_cut_streams_end_cleanly_without_their_end(connect, tools, dialect):
    """HTTP is satisfied; the protocol is not."""
    client = connect(tools.instant(faults=("cut",)))
    answer = await client.ask(tools.question(dialect, stream=True))
    text = tools.said(dialect, answer.body)
    assert is_passage(text)
    assert len(text.split()) == 3
    assert END[dialect] not in answer.body
    assert (await client.ask(tools.question(dialect, stream=True))).status == 200


@every_language
async def test_cut_bodies_are_shorter_than_announced(connect, tools, dialect):
    """And the connection is closed."""
    client = connect(tools.instant(faults=("cut",)))
    with pytest.raises(h11.RemoteProtocolError):
        await client.ask(tools.question(dialect))


@every_language
async def test_malformed_events_stand_amid_good_ones(connect, tools, dialect):
    """One is no JSON; the end is there all the same."""
    client = connect(tools.instant(faults=(Fault("malformed_sse", words=2),)))
    answer = await client.ask(tools.question(dialect, stream=True))
    broken = unparsable(tools, answer.body)
    assert sum(broken) == 1
    assert not broken[0]
    assert not broken[-1]
    assert END[dialect] in answer.body


@every_language
@pytest.mark.parametrize("kind", ["malformed_sse", "truncated_json"])
async def test_broken_bodies_are_complete_as_http_goes(connect, tools, dialect, kind):
    """Their JSON cannot be read, and the connection lives on."""
    client = connect(tools.instant(faults=(kind,)))
    answer = await client.ask(tools.question(dialect))
    assert answer.status == 200
    with pytest.raises(ValueError, match=r"line \d"):
        answer.json()
    assert is_json((await client.ask(tools.question(dialect))).body)


def is_json(body: bytes) -> bool:
    return isinstance(json.loads(body), dict)


@every_language
async def test_truncated_streams_end_in_the_middle_of_an_event(connect, tools, dialect):
    """No blank line, half an object."""
    client = connect(tools.instant(faults=("truncated_json",)))
    answer = await client.ask(tools.question(dialect, stream=True))
    *good, last = answer.body.strip().rsplit(b"data: ", 1)
    assert END[dialect] not in answer.body
    with pytest.raises(ValueError, match="char"):
        json.loads(last)
    assert not answer.body.endswith(b"\n")
    assert not any(unparsable(tools, good[0]))


@every_language
@streamed_or_not
async def test_slow_drip_is_a_good_answer_byte_by_byte(
    connect, tools, autojump_clock, dialect, stream
):
    """It takes a byte's time for each byte, and is complete."""
    simulator = tools.instant(faults=(Fault("slow_drip", pace=0.5),))
    client = connect(simulator)
    await client.send(tools.question(dialect, stream=stream))
    pieces = [bytes(await client.stream.receive_some(65536)) for _ in range(200)]
    assert {len(piece) for piece in pieces} == {1}
    assert trio.current_time() == pytest.approx(0.5 * 199)
    with trio.move_on_after(math.inf):
        while simulator.ledger.in_flight:
            await client.stream.receive_some(65536)
    assert simulator.ledger.total.finished == 1


@every_language
async def test_empty_done_is_an_end_without_an_answer(connect, tools, dialect):
    """The end marker alone, or for Gemini an event without candidates."""
    client = connect(tools.instant(faults=("empty_done",)))
    answer = await client.ask(tools.question(dialect, stream=True))
    assert len(tools.events(answer.body)) == 1
    assert tools.said(dialect, answer.body) == ""
    assert (END[dialect] in answer.body) == (dialect != "gemini")


@pytest.mark.parametrize(("dialect", "empty"), [("openai", "choices"), ("anthropic", "content")])
async def test_empty_bodies_have_empty_lists(connect, tools, dialect, empty):
    """No choice, no content."""
    client = connect(tools.instant(faults=("empty_done",)))
    assert (await client.ask(tools.question(dialect))).json()[empty] == []


async def test_empty_gemini_bodies_have_no_candidates(connect, tools):
    """Google leaves out what is empty."""
    client = connect(tools.instant(faults=("empty_done",)))
    assert "candidates" not in (await client.ask(tools.question("gemini"))).json()


@streamed_or_not
async def test_one_word_answers_can_be_spoiled_too(connect, tools, stream):
    """There is nothing before the word, and the word stays unsent."""
    simulator = tools.instant(
        words=1, faults=("cut", "error_frame", "malformed_sse", "truncated_json")
    )
    for _ in range(4):
        client = connect(simulator)
        try:
            answer = await client.ask(tools.question("openai", stream=stream))
        except h11.RemoteProtocolError:
            continue
        assert b'"finish_reason":"stop"' not in answer.body or not stream or b'"de\n' in answer.body
    assert simulator.ledger.total.failed == 4


@pytest.mark.parametrize("kind", ["error_frame", "truncated_json", "cut", "empty_done"])
async def test_embeddings_can_be_spoiled_too(connect, tools, kind):
    """As any other body."""
    simulator = tools.instant(faults=(kind,))
    client = connect(simulator)
    body = {"model": "text-embedding-3-small", "input": "a", "dimensions": 8}
    asked = tools.Question("/v1/embeddings", body, ("authorization", "Bearer sk-1"))
    try:
        answer = await client.ask(asked)
    except h11.RemoteProtocolError:
        assert kind == "cut"
    else:
        assert b'"embedding":[' not in answer.body or kind == "truncated_json"
    assert simulator.ledger.total.failed == 1
