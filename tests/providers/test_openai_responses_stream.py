"""Streamed answers of the Responses API."""

import json
from typing import Any

import pytest

from providers.errors import BrokenAnswer, QuotaExhausted, UpstreamFailed
from providers.openai_responses_stream import ResponseStream
from providers.reading import Streamed
from providers.types import (
    Ended,
    Event,
    Extra,
    Failed,
    Finished,
    Started,
    TextDelta,
    ToolDelta,
    Usage,
    UsageSeen,
)
from tests.providers.outcome import assert_splits_do_not_matter, assert_truncation_shows

CREATED = {"type": "response.created", "response": {"id": "resp_1", "model": "m", "output": []}}
DONE = {
    "type": "response.completed",
    "response": {
        "id": "resp_1",
        "status": "completed",
        "usage": {"input_tokens": 1, "output_tokens": 2},
    },
}
CALL = {"type": "function_call", "id": "fc_1", "call_id": "c1", "name": "f", "arguments": ""}


def frames(*events: dict[str, Any]) -> list[bytes]:
    return [
        f"event: {event.get('type')}\ndata: {json.dumps(event)}\n\n".encode() for event in events
    ]


def decoder() -> Streamed:
    return Streamed(ResponseStream())


def read(*events: dict[str, Any]) -> list[Event]:
    reading = decoder()
    return [*reading.feed(b"".join(frames(*events))), *reading.finish()]


def piece(name: str, delta: str, place: int = 0, **more: Any) -> dict[str, Any]:
    return {"type": f"response.{name}.delta", "delta": delta, "output_index": place, **more}


def item(what: str, held: Any, place: int = 0) -> dict[str, Any]:
    return {"type": f"response.output_item.{what}", "item": held, "output_index": place}


SAID = (
    CREATED,
    item("added", {"type": "message"}),
    piece("output_text", "Mer", logprobs=[]),
    piece("output_text", "haba"),
    {"type": "response.output_text.done", "text": "Merhaba", "output_index": 0},
    DONE,
)


def test_a_stream_is_told_piece_by_piece() -> None:
    """What is told again at the end of a part is not new."""
    assert read(*SAID) == [
        Started("resp_1", "m"),
        TextDelta("Mer"),
        TextDelta("haba"),
        Finished("stop"),
        UsageSeen(Usage(prompt=1, completion=2, total=3)),
        Ended(),
    ]


def test_splits_do_not_matter_and_a_cut_shows() -> None:
    """Only the last event ends an answer."""
    assert_splits_do_not_matter(decoder, b"".join(frames(*SAID)))
    assert_truncation_shows(decoder, frames(*SAID))


def test_calls_keep_their_numbers_however_they_alternate() -> None:
    """By the place of the item, not by who spoke last."""
    events = read(
        CREATED,
        item("added", CALL, 1),
        item("added", {**CALL, "call_id": "c2", "type": "custom_tool_call"}, 3),
        piece("function_call_arguments", '{"a"', 1),
        piece("custom_tool_call_input", "x", 3),
        piece("function_call_arguments", ":1}", 1),
        {
            "type": "response.function_call_arguments.done",
            "arguments": '{"a":1}',
            "output_index": 1,
        },
        item("done", {**CALL, "arguments": '{"a":1}'}, 1),
        DONE,
    )
    assert events[1:7] == [
        ToolDelta(0, id="c1", name="f"),
        ToolDelta(1, id="c2", name="f", kind="custom"),
        ToolDelta(0, '{"a"'),
        ToolDelta(1, "x", kind="custom"),
        ToolDelta(0, ":1}"),
        Finished("tool_calls"),
    ]


def test_who_sends_no_pieces_is_heard_all_the_same() -> None:
    """Text at the end of its part, arguments with the finished item."""
    events = read(
        {"type": "response.output_text.done", "text": "x", "output_index": 0},
        item("done", {**CALL, "arguments": "{}"}, 1),
        DONE,
    )
    assert events[:4] == [
        Started(),
        TextDelta("x"),
        ToolDelta(0, id="c1", name="f"),
        ToolDelta(0, "{}"),
    ]


def test_items_that_were_never_told_in_pieces_are_heard_when_they_are_done() -> None:
    """Thoughts and messages; those that were told are not heard twice."""
    thought = {"type": "reasoning", "summary": [{"type": "summary_text", "text": "hm"}]}
    said = {"type": "message", "content": [{"type": "output_text", "text": "x"}]}
    events = read(CREATED, item("done", thought, 0), item("done", said, 1), DONE)
    assert events[1:3] == [TextDelta("hm", kind="reasoning"), TextDelta("x")]
    told = read(CREATED, piece("output_text", "x", 1), item("done", said, 1), DONE)
    assert told[1:2] == [TextDelta("x")]
    assert isinstance(told[2], Finished)


def test_thoughts_come_in_parts_and_sealed() -> None:
    """A blank line stands between the parts; the seal goes to the call behind."""
    sealed = {"type": "reasoning", "id": "rs_1", "encrypted_content": "xyz", "summary": []}
    events = read(
        CREATED,
        piece("reasoning_summary_text", "a", 0, summary_index=0),
        piece("reasoning_summary_text", "b", 0, summary_index=1),
        item("done", sealed, 0),
        item("added", CALL, 1),
        DONE,
    )
    assert events[1:4] == [
        TextDelta("a", kind="reasoning"),
        TextDelta("\n\nb", kind="reasoning"),
        ToolDelta(0, id="c1", name="f", extra={"openai": {"reasoning": [sealed]}}),
    ]


def test_refusals_and_citations_are_told() -> None:
    """As a chat tells them."""
    note = {"type": "url_citation", "url": "https://x"}
    events = read(
        CREATED,
        piece("refusal", "no"),
        {"type": "response.output_text.annotation.added", "annotation": note, "output_index": 0},
        DONE,
    )
    cited = {"annotations": [{"type": "url_citation", "url_citation": {"url": "https://x"}}]}
    assert events[1:3] == [TextDelta("no", kind="refusal"), Extra(cited)]


def test_an_incomplete_answer_is_an_end_too() -> None:
    """With its reason."""
    last = {"status": "incomplete", "incomplete_details": {"reason": "content_filter"}}
    events = read(CREATED, {"type": "response.incomplete", "response": last})
    assert events[-2:] == [Finished("content_filter"), Ended()]


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        (
            {"type": "error", "error": {"code": "insufficient_quota", "message": "x"}},
            QuotaExhausted,
        ),
        ({"type": "error", "code": "server_error", "message": "x"}, UpstreamFailed),
        ({"type": "response.failed", "response": {"error": {"message": "x"}}}, UpstreamFailed),
        ({"type": "response.failed", "response": {}}, UpstreamFailed),
        ({"error": {"message": "x", "code": 503}}, UpstreamFailed),
    ],
)
def test_an_error_ends_the_stream(event: Any, kind: Any) -> None:
    """In whichever shape it comes."""
    *_, failed = read(CREATED, event, DONE)
    assert isinstance(failed, Failed)
    assert isinstance(failed.error, kind)


def test_a_bare_error_behind_the_stream_is_understood() -> None:
    """Some append one that is no event; without any, the answer was cut."""
    reading = decoder()
    [*_, failed] = [*reading.feed(b'{"error": {"message": "x", "code": 503}}'), *reading.finish()]
    assert isinstance(failed, Failed)
    assert isinstance(failed.error, UpstreamFailed)
    [*_, cut] = read(CREATED)
    assert isinstance(cut, Failed)
    assert isinstance(cut.error, BrokenAnswer)


def test_events_that_are_not_known_say_nothing() -> None:
    """Nor do pieces of a call that never began."""
    events = read(
        CREATED,
        {"type": "response.web_search_call.searching", "output_index": 0},
        {"type": "keepalive"},
        piece("function_call_arguments", "{}", 7),
        piece("output_text", ""),
        DONE,
    )
    assert [type(event) for event in events] == [Started, Finished, UsageSeen, Ended]
