"""What Converse's answers mean, whole and streamed; every recorded one is in test_corpus_bedrock."""

import json
from typing import Any

import pytest

from gateway.wire import read_chat
from providers.bedrock import Bedrock
from providers.errors import BrokenAnswer, RateLimited, RequestRejected
from providers.types import Usage
from tests.providers.corpus import events_of
from tests.providers.frames import event, exception
from tests.providers.outcome import Outcome, assert_splits_do_not_matter, outcome_of

BODY = {"model": "m", "messages": [{"role": "user", "content": "x"}]}
USAGE = {
    "inputTokens": 433,
    "outputTokens": 16,
    "totalTokens": 3201,
    "cacheReadInputTokens": 2752,
    "cacheWriteInputTokens": 0,
}
CALL = [
    event("messageStart", {"role": "assistant"}),
    event(
        "contentBlockStart",
        {"contentBlockIndex": 0, "start": {"toolUse": {"toolUseId": "t", "name": "f"}}},
    ),
    event("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"toolUse": {"input": '{"a"'}}}),
    event("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"toolUse": {"input": ":1}"}}}),
    event("contentBlockStop", {"contentBlockIndex": 0}),
    event("messageStop", {"stopReason": "tool_use"}),
    event("metadata", {"usage": USAGE, "metrics": {"latencyMs": 1}}),
]


def whole(*blocks: Any, reason: str = "end_turn", usage: Any = USAGE) -> Outcome:
    message = {"role": "assistant", "content": [*blocks]}
    answer = {"output": {"message": message}, "stopReason": reason, "usage": usage}
    decoder = Bedrock().decoder(read_chat(BODY))
    return outcome_of(events_of(decoder, [json.dumps(answer).encode()]))


def streamed(*frames: bytes) -> Outcome:
    decoder = Bedrock().decoder(read_chat({**BODY, "stream": True}))
    return outcome_of(events_of(decoder, [b"".join(frames)]))


@pytest.mark.parametrize(
    ("reason", "finish"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("tool_use", "tool_calls"),
        ("guardrail_intervened", "content_filter"),
        ("content_filtered", "content_filter"),
        ("something_new", "stop"),
    ],
)
def test_a_stop_reason_is_a_finish(reason: str, finish: str) -> None:
    """Every one of AWS's list."""
    assert whole({"text": "x"}, reason=reason).finishes == {0: finish}


@pytest.mark.parametrize("reason", ["malformed_model_output", "malformed_tool_use"])
def test_a_model_that_tripped_over_its_own_output_has_failed(reason: str) -> None:
    """Another try may do better."""
    assert isinstance(whole({"text": "x"}, reason=reason).error, BrokenAnswer)
    broken = streamed(*CALL[:-2], event("messageStop", {"stopReason": reason}))
    assert isinstance(broken.error, BrokenAnswer)


def test_tokens_are_counted_as_openai_counts_them() -> None:
    """The prompt with what the cache held of it: 433 + 2,752 (WIRE's example)."""
    expected = Usage(prompt=3185, completion=16, total=3201, cached=2752)
    assert whole({"text": "x"}).usage == streamed(*CALL).usage == expected


def test_a_streamed_call_is_put_together() -> None:
    """At every split of its bytes."""
    assert streamed(*CALL).calls == {(0, 0): ["t", "f", '{"a":1}']}
    assert streamed(*CALL).finishes == {0: "tool_calls"}
    decoder = Bedrock().decoder
    call = read_chat({**BODY, "stream": True})
    assert_splits_do_not_matter(lambda: decoder(call), b"".join(CALL))


def test_an_exception_ends_the_answer_as_what_it_is() -> None:
    """Whatever came before it."""
    throttled = streamed(*CALL[:3], exception("throttlingException", "x"))
    assert isinstance(throttled.error, RateLimited)
    long = streamed(CALL[0], exception("validationException", "Input is too long for the model"))
    assert isinstance(long.error, RequestRejected)
    assert long.error.code == "context_length_exceeded"


@pytest.mark.parametrize("answer", [{}, [], {"output": {}}, {"output": {"message": []}}])
def test_an_answer_without_a_message_is_broken(answer: Any) -> None:
    """Never an empty success."""
    decoder = Bedrock().decoder(read_chat(BODY))
    outcome = outcome_of(events_of(decoder, [json.dumps(answer).encode()]))
    assert isinstance(outcome.error, BrokenAnswer)


def test_events_of_tomorrow_are_passed_over() -> None:
    """And those after the end."""
    new = event("novelty", {"x": 1})
    assert streamed(new, *CALL, new).ended


def test_tokens_that_come_before_the_end_are_not_the_end() -> None:
    """An answer ends with what ends it."""
    assert isinstance(streamed(CALL[0], CALL[-1]).error, BrokenAnswer)
