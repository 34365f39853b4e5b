"""Gemini's answers: what the recordings lack, written by hand."""

import json
from typing import Any

import pytest

from providers.errors import BrokenAnswer, ProviderError, UpstreamFailed
from providers.gemini import Gemini
from providers.types import (
    ChatCall,
    Ended,
    Event,
    Extra,
    Failed,
    Finished,
    Started,
    TextDelta,
    Usage,
    UsageSeen,
)
from tests.providers.corpus import events_of
from tests.providers.outcome import Outcome, comparable, outcome_of

dialect = Gemini()


def candidate(*parts: Any, finish: Any = None, index: int | None = None, **more: Any) -> Any:
    found: dict[str, Any] = {"content": {"parts": [*parts], "role": "model"}, **more}
    if finish is not None:
        found["finishReason"] = finish
    return found if index is None else {**found, "index": index}


def response(*candidates: Any, **more: Any) -> Any:
    return {"candidates": [*candidates], **more}


def sse(*values: Any) -> bytes:
    return b"".join(b"data: " + json.dumps(value).encode() + b"\r\n\r\n" for value in values)


def streamed(*values: Any, tail: bytes = b"") -> list[Event]:
    decoder = dialect.decoder(ChatCall("m", (), {}, stream=True))
    return events_of(decoder, [sse(*values) + tail])


def whole(value: Any) -> list[Event]:
    return events_of(dialect.decoder(ChatCall("m", (), {})), [json.dumps(value).encode()])


def both(value: Any) -> Outcome:
    """The outcome of a value, which is the same as a body and as a stream's only event."""
    once, again = outcome_of(whole(value)), outcome_of(streamed(value))
    if once.ended:
        assert once == again
    assert once.ended == again.ended
    return once


def test_events_come_as_the_answer_tells_them() -> None:
    """Thoughts, text, finish, usage, and at the end of the bytes the end."""
    first = response(
        candidate({"text": "hm", "thought": True}, {"text": "A"}, {"text": "B"}),
        responseId="r",
        modelVersion="g",
        usageMetadata={"promptTokenCount": 3, "totalTokenCount": 3},
    )
    last = response(
        candidate({"text": "", "thoughtSignature": "s"}, finish="STOP"),
        usageMetadata={
            "promptTokenCount": 2,
            "toolUsePromptTokenCount": 1,
            "candidatesTokenCount": 5,
            "thoughtsTokenCount": 4,
            "totalTokenCount": 12,
            "cachedContentTokenCount": 2,
        },
    )
    assert streamed(first, last) == [
        Started("r", "g"),
        TextDelta("hm", kind="reasoning"),
        TextDelta("A"),
        TextDelta("B"),
        UsageSeen(Usage(prompt=3, completion=0, total=3)),
        Extra({"extra_content": {"google": {"thought_signature": "s"}}}),
        Finished("stop"),
        UsageSeen(Usage(prompt=3, completion=9, total=12, cached=2, reasoning=4)),
        Ended(),
    ]


def test_a_finish_reason_is_not_the_end() -> None:
    """Gemini has no end marker: only the end of the bytes is one."""
    decoder = dialect.decoder(ChatCall("m", (), {}, stream=True))
    events = decoder.feed(sse(response(candidate({"text": "x"}, finish="STOP"))))
    assert isinstance(events[-1], Finished)
    assert [*decoder.finish()] == [Ended()]
    assert not decoder.feed(b"data: {}\r\n\r\n")
    assert not decoder.finish()


@pytest.mark.parametrize(
    ("reason", "finish"),
    [
        ("STOP", "stop"),
        ("MAX_TOKENS", "length"),
        ("CONTINUATION", "length"),
        ("SAFETY", "content_filter"),
        ("MODEL_ARMOR", "content_filter"),
        ("IMAGE_RECITATION", "content_filter"),
        ("OTHER", "stop"),
        ("LANGUAGE", "stop"),
        ("FINISH_REASON_UNSPECIFIED", "stop"),
        ("SOMETHING_NEW", "stop"),
        *((0, "stop"), (1, "stop"), (2, "length"), (3, "content_filter")),
        *((4, "content_filter"), (5, "stop"), (8, "content_filter"), (99, "stop")),
    ],
)
def test_a_finish_after_text(reason: Any, finish: str) -> None:
    """With text said, an unknown reason is a plain stop, and a filter needs no refusal."""
    outcome = both(response(candidate({"text": "x"}, finish=reason)))
    assert outcome.finishes == {0: finish}
    assert not outcome.refusal


@pytest.mark.parametrize("reason", ["OTHER", "LANGUAGE", "NO_IMAGE", "SOMETHING_NEW", 99])
def test_a_finish_that_explains_nothing_after_nothing_is_an_error(reason: Any) -> None:
    """An empty answer with a reason that is no reason is not worth winning a race."""
    assert isinstance(both(response(candidate(finish=reason))).error, BrokenAnswer)
    thoughts = candidate({"text": "hm", "thought": True}, finish=reason)
    assert isinstance(both(response(thoughts)).error, BrokenAnswer)


@pytest.mark.parametrize("reason", ["STOP", "MAX_TOKENS"])
def test_an_empty_answer_may_be_complete(reason: str) -> None:
    """Thinking can eat all tokens: no parts at all, and yet a legitimate finish."""
    outcome = both({"candidates": [{"finishReason": reason, "index": 0}]})
    assert outcome.ended
    assert not outcome.content


@pytest.mark.parametrize(
    "fault", ["MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "MALFORMED_RESPONSE"]
)
def test_a_model_that_trips_has_failed(fault: str) -> None:
    """Such a finish is an upstream fault even after text; its message is kept."""
    error = both(response(candidate({"text": "x"}, finish=fault, finishMessage="bad call"))).error
    assert isinstance(error, BrokenAnswer)
    assert "bad call" in error.message


def test_a_withheld_answer_is_a_refusal() -> None:
    """No parts and SAFETY: the reason is told, the finish is content_filter."""
    outcome = both({"candidates": [{"content": {}, "finishReason": "SAFETY"}]})
    assert outcome.finishes == {0: "content_filter"}
    assert "SAFETY" in outcome.refusal[0]


@pytest.mark.parametrize(
    ("feedback", "told"),
    [
        ({"blockReason": "PROHIBITED_CONTENT"}, "PROHIBITED_CONTENT"),
        ({"blockReason": "JAILBREAK", "blockReasonMessage": "Nice try."}, "Nice try."),
    ],
)
def test_a_blocked_prompt_is_a_refusal(feedback: Any, told: str) -> None:
    """No candidates but a block reason: an answer that says why, with its usage."""
    outcome = both(
        {"promptFeedback": feedback, "usageMetadata": {"promptTokenCount": 7, "totalTokenCount": 7}}
    )
    assert outcome.ended
    assert told in outcome.refusal[0]
    assert outcome.finishes == {0: "content_filter"}
    assert outcome.usage == Usage(prompt=7, total=7)


def test_a_prompt_blocked_in_the_middle_finishes_what_is_open() -> None:
    """Candidates that had finished stay as they are."""
    first = response(
        candidate({"text": "a"}, finish="STOP", index=0), candidate({"text": "b"}, index=1)
    )
    outcome = outcome_of(streamed(first, {"promptFeedback": {"blockReason": "OTHER"}}))
    assert outcome.finishes == {0: "stop", 1: "content_filter"}
    assert outcome.ended


def test_feedback_without_a_block_changes_nothing() -> None:
    """Safety ratings come with good answers too."""
    rated = response(candidate({"text": "x"}, finish="STOP"), promptFeedback={"safetyRatings": []})
    assert both(rated).finishes == {0: "stop"}


def test_candidates_are_told_apart() -> None:
    """Each choice has its own text and finish; the first needs no index."""
    outcome = outcome_of(
        streamed(
            response(candidate({"text": "a"}), candidate({"text": "b"}, index=1)),
            response(candidate({"text": "B"}, finish="MAX_TOKENS", index=1)),
            response(candidate({"text": "A"}, finish="STOP")),
        )
    )
    assert outcome.content == {0: "aA", 1: "bB"}
    assert outcome.finishes == {0: "stop", 1: "length"}


def test_one_open_candidate_breaks_the_answer() -> None:
    """All candidates that were seen must finish."""
    events = streamed(
        response(candidate({"text": "a"}, finish="STOP"), candidate({"text": "b"}, index=1))
    )
    assert isinstance(events[-1], Failed)
    assert isinstance(events[-1].error, BrokenAnswer)


def test_a_repeated_finish_counts_once() -> None:
    """A choice finishes once, whatever the upstream repeats."""
    done = response(candidate({"text": "a"}, finish="STOP"))
    assert outcome_of(streamed(done, response(candidate(finish="SAFETY")))).finishes == {0: "stop"}


def test_function_calls_finish_as_tool_calls() -> None:
    """Gemini says STOP; but a call that was cut by the limit stays a cut."""
    call = {"functionCall": {"name": "f", "args": {}}}
    assert both(response(candidate(call, finish="STOP"))).finishes == {0: "tool_calls"}
    assert both(response(candidate(call, finish="OTHER"))).finishes == {0: "tool_calls"}
    assert both(response(candidate(call, finish="MAX_TOKENS"))).finishes == {0: "length"}


def test_usage_is_told_when_it_changes() -> None:
    """Chunks repeat it; an object without counts says nothing; a missing total is a sum."""
    counts = {"promptTokenCount": 1, "candidatesTokenCount": 2}
    events = streamed(
        response(candidate({"text": "a"}), usageMetadata=counts),
        response(candidate({"text": "b"}), usageMetadata=counts),
        response(candidate({"text": "c"}, finish="STOP"), usageMetadata={"trafficType": "X"}),
    )
    seen = [event for event in events if isinstance(event, UsageSeen)]
    assert seen == [UsageSeen(Usage(prompt=1, completion=2, total=3))]


def test_an_error_event_fails_with_its_own_class() -> None:
    """The status in the error is the status it would have had."""
    error = {"error": {"code": 503, "message": "overloaded", "status": "UNAVAILABLE"}}
    for events in (streamed(error), streamed([error]), whole(error), whole([error])):
        assert comparable(events) == [
            (UpstreamFailed, "overloaded", 503, None, "UNAVAILABLE", None)
        ]


def test_an_error_after_text_keeps_the_text() -> None:
    """In a stream, what was said was said."""
    error = {"error": {"code": 429, "message": "slow", "status": "RESOURCE_EXHAUSTED"}}
    events = streamed(response(candidate({"text": "Hel"})), error)
    assert events[1] == TextDelta("Hel")
    assert isinstance(events[-1], Failed)


@pytest.mark.parametrize("wrap", ["{}", "[{}]"])
def test_a_bare_error_behind_the_events_is_found(wrap: str) -> None:
    """Gemini appends JSON without `data:` when it sheds load, even behind a finish."""
    error = json.dumps({"error": {"code": 503, "message": "shed"}}, indent=2)
    events = streamed(
        response(candidate({"text": "x"}, finish="STOP")), tail=wrap.format(error).encode()
    )
    assert isinstance(events[-1], Failed)
    assert isinstance(events[-1].error, UpstreamFailed)
    assert events[-1].error.status == 503


@pytest.mark.parametrize("tail", [b"<html>", b'{"error', b'{"ok": true}', b"[]", b"dat"])
def test_other_bytes_behind_the_events_break_the_answer(tail: bytes) -> None:
    """They are part of something, and it did not arrive."""
    events = streamed(response(candidate({"text": "x"}, finish="STOP")), tail=tail)
    assert isinstance(events[-1], Failed)
    assert type(events[-1].error) is BrokenAnswer


@pytest.mark.parametrize(
    "body", [b"", b"{", b"<html>", b"{}", b"[]", b"null", b'{"candidates": 3}', b"[3]", b"\xff"]
)
def test_what_is_no_answer_is_broken(body: bytes) -> None:
    """Empty, cut, HTML, wrong types: an error, never an exception."""
    for stream, data in ((False, body), (True, body), (True, b"data: " + body + b"\n\n")):
        decoder = dialect.decoder(ChatCall("m", (), {}, stream=stream))
        events = events_of(decoder, [data])
        assert isinstance(events[-1], Failed)
        assert isinstance(events[-1].error, ProviderError)


def test_wrong_types_inside_an_answer_read_as_absent() -> None:
    """Text that is a number is no text; parts that are no objects are no parts."""
    odd = {
        "candidates": [
            {"content": {"parts": [{"text": 3}, "x", None, {"text": "ok"}]}, "index": "0"},
            {"content": None, "finishReason": ["STOP"]},
            {"content": [], "finishReason": "STOP"},
        ],
        "promptFeedback": 3,
        "usageMetadata": {"promptTokenCount": "4", "totalTokenCount": None},
    }
    outcome = both(odd)
    assert outcome.content == {0: "ok"}
    assert outcome.finishes == {0: "stop"}
    assert outcome.usage == Usage(prompt=4, total=4)
