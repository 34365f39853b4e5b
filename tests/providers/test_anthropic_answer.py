"""Anthropic's answers: what the recordings lack, written by hand."""

import json
from typing import Any

import pytest

from providers.anthropic import Anthropic
from providers.errors import (
    BrokenAnswer,
    CredentialRejected,
    ModelMissing,
    ProviderError,
    QuotaExhausted,
    RateLimited,
    RequestRejected,
    UpstreamFailed,
)
from providers.types import (
    ChatCall,
    Ended,
    Event,
    Failed,
    Finished,
    Started,
    TextDelta,
    Usage,
    UsageSeen,
)
from tests.providers.corpus import events_of
from tests.providers.outcome import outcome_of

dialect = Anthropic()

START = {
    "type": "message_start",
    "message": {"id": "msg_1", "model": "claude", "usage": {"input_tokens": 3, "output_tokens": 1}},
}
STOP = {"type": "message_stop"}
PING = {"type": "ping"}


def delta(kind: str, **more: Any) -> Any:
    return {"type": "content_block_delta", "index": 0, "delta": {"type": kind, **more}}


def settled(reason: str | None, output: int = 2, **more: Any) -> Any:
    found = {"stop_reason": reason, "stop_sequence": None, **more}
    return {"type": "message_delta", "delta": found, "usage": {"output_tokens": output}}


def sse(*values: Any) -> bytes:
    lines = (f"event: {value['type']}\ndata: {json.dumps(value)}   \n\n" for value in values)
    return "".join(lines).encode()


def streamed(*values: Any) -> list[Event]:
    return events_of(dialect.decoder(ChatCall("m", (), {}, stream=True)), [sse(*values)])


def whole(value: Any) -> list[Event]:
    return events_of(dialect.decoder(ChatCall("m", (), {})), [json.dumps(value).encode()])


def failure(events: list[Event]) -> ProviderError:
    assert isinstance(events[-1], Failed)
    return events[-1].error


def test_events_come_as_the_answer_tells_them() -> None:
    """Pings, signatures, tools and news are passed over; counts are replaced, not added."""
    assert streamed(
        PING,
        START,
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        PING,
        delta("thinking_delta", thinking="hm"),
        delta("signature_delta", signature="s"),
        delta("text_delta", text="Sel"),
        delta("input_json_delta", partial_json="{}"),
        delta("news_delta", news="x"),
        {"type": "news"},
        delta("text_delta", text="am"),
        {"type": "content_block_stop", "index": 0},
        settled("end_turn", 9),
        STOP,
    ) == [
        Started("msg_1", "claude"),
        UsageSeen(Usage(prompt=3, completion=1, total=4)),
        TextDelta("hm", kind="reasoning"),
        TextDelta("Sel"),
        TextDelta("am"),
        Finished("stop"),
        UsageSeen(Usage(prompt=3, completion=9, total=12)),
        Ended(),
    ]


def test_nothing_is_heard_after_the_end() -> None:
    """Neither bytes nor the end of bytes say anything more."""
    decoder = dialect.decoder(ChatCall("m", (), {}, stream=True))
    assert decoder.feed(sse(START, delta("text_delta", text="x"), STOP, START))[-1] == Ended()
    assert not decoder.feed(sse(START))
    assert not decoder.finish()


def test_a_block_may_begin_with_text() -> None:
    """Servers that only speak like Anthropic do so."""
    block = {"type": "text", "text": "A"}
    outcome = outcome_of(
        streamed(START, {"type": "content_block_start", "content_block": block}, STOP)
    )
    assert outcome.content == {0: "A"}
    assert outcome.finishes == {0: "stop"}


@pytest.mark.parametrize(
    ("reason", "finish"),
    [
        *(("end_turn", "stop"), ("stop_sequence", "stop"), ("pause_turn", "stop")),
        *(("max_tokens", "length"), ("model_context_window_exceeded", "length")),
        *(("tool_use", "tool_calls"), ("refusal", "content_filter"), ("news", "stop")),
    ],
)
def test_stop_reasons_become_openais(reason: str, finish: str) -> None:
    """Streamed and whole, with text and without."""
    message = {"content": [], "stop_reason": reason, "usage": {}}
    assert outcome_of(whole(message)).finishes == {0: finish}
    assert outcome_of(streamed(START, settled(reason), STOP)).finishes == {0: finish}


def test_a_refusal_says_why() -> None:
    """The explanation is the refusal's text; it comes before the finish."""
    details = {"type": "refusal", "explanation": "No."}
    wanted = [TextDelta("No.", kind="refusal"), Finished("content_filter")]
    events = streamed(START, settled("refusal", stop_details=details), STOP)
    assert events[2:4] == wanted
    assert whole({"content": [], "stop_reason": "refusal", "stop_details": details})[1:3] == wanted


def test_what_the_cache_holds_is_part_of_the_prompt() -> None:
    """Anthropic leaves it out of input_tokens, OpenAI does not."""
    usage = {
        "input_tokens": 4,
        "cache_creation_input_tokens": 6,
        "cache_read_input_tokens": 8845,
        "output_tokens": 20,
        "output_tokens_details": {"thinking_tokens": 11},
    }
    wanted = Usage(prompt=8855, completion=20, total=8875, cached=8845, reasoning=11, written=6)
    message = {"content": [{"type": "text", "text": "x"}], "stop_reason": "end_turn"}
    assert outcome_of(whole({**message, "usage": usage})).usage == wanted


def test_counts_that_are_null_replace_nothing() -> None:
    """The last value wins, but null is no value."""
    end = {**settled("end_turn"), "usage": {"input_tokens": None, "output_tokens": 7}}
    assert outcome_of(streamed(START, end, STOP)).usage == Usage(prompt=3, completion=7, total=10)


def test_a_whole_answer_without_counts_has_no_usage() -> None:
    """Zeros would be billed as such."""
    assert outcome_of(whole({"content": [{"type": "text", "text": "x"}]})).usage is None


def test_a_finish_is_told_once() -> None:
    """Whatever the upstream repeats."""
    outcome = outcome_of(streamed(START, settled("max_tokens"), settled("end_turn", 5), STOP))
    assert outcome.finishes == {0: "length"}
    assert outcome.usage is not None
    assert outcome.usage.completion == 5


def test_an_end_without_a_reason_is_a_stop_if_anything_was_said() -> None:
    """And a broken answer if not: an empty stream must not win a race."""
    assert outcome_of(
        streamed(START, delta("text_delta", text="x"), settled(None), STOP)
    ).finishes == {0: "stop"}
    assert isinstance(failure(streamed(START, settled(None), STOP)), BrokenAnswer)
    assert isinstance(failure(whole({"content": [], "stop_reason": None})), BrokenAnswer)


def test_a_second_start_breaks_the_answer() -> None:
    """Two answers in one stream are none."""
    events = streamed(START, delta("text_delta", text="x"), START, settled("end_turn"), STOP)
    assert isinstance(failure(events), BrokenAnswer)


def test_a_stream_without_its_stop_is_broken() -> None:
    """Even if the stop reason was given."""
    assert isinstance(failure(streamed(START, settled("end_turn"))), BrokenAnswer)
    assert isinstance(failure(streamed()), BrokenAnswer)


def test_what_comes_before_the_start_belongs_to_nobody() -> None:
    """The tail of another answer is not taken for this one."""
    assert isinstance(failure(streamed(delta("text_delta", text="x"), STOP)), BrokenAnswer)


@pytest.mark.parametrize(
    ("kind", "error", "status"),
    [
        ("overloaded_error", UpstreamFailed, 529),
        ("api_error", UpstreamFailed, 500),
        ("timeout_error", UpstreamFailed, 504),
        ("rate_limit_error", RateLimited, 429),
        ("authentication_error", CredentialRejected, 401),
        ("permission_error", CredentialRejected, 403),
        ("billing_error", QuotaExhausted, 402),
        ("not_found_error", ModelMissing, 404),
        ("invalid_request_error", RequestRejected, 400),
        ("request_too_large", RequestRejected, 413),
        ("news_error", UpstreamFailed, 500),
    ],
)
def test_an_error_event_has_the_class_of_its_type(
    kind: str, error: type[ProviderError], status: int
) -> None:
    """First in a stream, after text, or in place of a whole answer."""
    told = {"type": "error", "error": {"type": kind, "message": "no"}, "request_id": "r"}
    for events in (
        streamed(told),
        streamed(START, delta("text_delta", text="x"), told),
        whole(told),
    ):
        found = failure(events)
        assert type(found) is error
        assert (found.message, found.status, found.code) == ("no", status, kind)


@pytest.mark.parametrize("body", [b"", b"{", b"<html>", b"{}", b"null", b'{"content": "x"}', b"[]"])
def test_what_is_no_answer_is_broken(body: bytes) -> None:
    """Empty, cut, HTML, wrong types: an error, never an exception."""
    for stream, data in ((False, body), (True, body), (True, b"data: " + body + b"\n\n")):
        decoder = dialect.decoder(ChatCall("m", (), {}, stream=stream))
        events = events_of(decoder, [data])
        assert type(failure(events)) is BrokenAnswer


def test_wrong_types_inside_an_answer_read_as_absent() -> None:
    """Text that is a number is no text."""
    blocks = [
        3,
        None,
        {"type": "text", "text": 3},
        {"type": ["text"]},
        {"type": "text", "text": "ok"},
    ]
    message = {"id": 3, "content": blocks, "stop_reason": 3, "usage": {"input_tokens": "x"}}
    outcome = outcome_of(whole(message))
    assert outcome.content == {0: "ok"}
    assert outcome.finishes == {0: "stop"}
    assert outcome.usage == Usage()
    assert outcome_of(
        streamed(
            {"type": "message_start", "message": 3},
            {"type": "content_block_delta", "delta": [1]},
            {"type": "message_delta", "delta": None, "usage": 3},
            settled("end_turn"),
            STOP,
        )
    ).ended
