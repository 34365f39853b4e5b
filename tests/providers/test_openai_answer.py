"""What OpenAI and its kin say in their answers, streamed and whole."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from providers.errors import (
    BrokenAnswer,
    CredentialRejected,
    ProviderError,
    QuotaExhausted,
    RequestRejected,
    UpstreamFailed,
)
from providers.types import Ended, Failed, Finished, Started, TextDelta, ToolDelta, Usage, UsageSeen
from tests.providers.openai_wire import (
    DONE,
    HI,
    HI_CHUNK,
    STARTED,
    STOP,
    STOP_CHUNK,
    body,
    chunk,
    failure,
    message,
    says,
    sse,
    stream,
)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("stop", "stop"),
        ("eos", "stop"),
        ("new_word", "stop"),
        ("length", "length"),
        ("model_length", "length"),
        ("content_filter", "content_filter"),
        ("tool_calls", "tool_calls"),
        ("function_call", "tool_calls"),
    ],
)
def test_finish_reasons_become_openais_four(said: str, meant: Any):
    """In streams and in bodies."""
    assert stream(HI_CHUNK, chunk(says(said)), DONE)[-2] == Finished(meant)
    assert message(said, content="Hi")[-2] == Finished(meant)


def test_an_empty_finish_reason_is_none():
    """Snowflake's streams never give one: the end marker finishes what is open."""
    assert stream(chunk(says("", content="Hi")), DONE) == [STARTED, HI, STOP, Ended()]
    assert failure(stream(chunk(says("", content="Hi"))))
    assert message("", content="Hi") == [STARTED, HI, STOP, Ended()]


@pytest.mark.parametrize("reason", ["error", "network_error", "insufficient_system_resource"])
def test_a_finish_that_says_the_upstream_gave_up_is_a_failure(reason: str):
    """OpenRouter's, Z.ai's and DeepSeek's: never a clean end."""
    for events in (stream(HI_CHUNK, chunk(says(reason)), DONE), message(reason, content="Hi")):
        assert type(failure(events)) is UpstreamFailed
        assert failure(events).code == reason


@pytest.mark.parametrize("name", ["reasoning_content", "reasoning"])
def test_reasoning_comes_under_several_names(name: str):
    """It is a kind of its own, never content, and comes before the content."""
    thought = TextDelta("Hm", kind="reasoning")
    both = chunk(says(**{name: "Hm", "content": "Hi"}))
    assert stream(both, STOP_CHUNK, DONE) == [STARTED, thought, HI, STOP, Ended()]
    assert message(**{name: "Hm", "content": "Hi"}) == [STARTED, thought, HI, STOP, Ended()]


def test_reasoning_under_two_names_at_once_is_given_once():
    """OpenRouter and vLLM repeat the same words."""
    details = [
        {"type": "reasoning.text", "text": "Hm"},
        {"type": "reasoning.encrypted", "data": "x"},
    ]
    twice = {"reasoning": "Hm", "reasoning_content": "Hm", "reasoning_details": details}
    assert message(**twice, content="Hi")[1:3] == [TextDelta("Hm", kind="reasoning"), HI]
    assert message(reasoning_details=details, content="Hi")[1] == TextDelta("Hm", kind="reasoning")


def test_content_may_be_a_list_of_parts():
    """Mistral's thoughts are lists in lists; parts that are no text are passed over."""
    parts = [
        {"type": "thinking", "thinking": [{"type": "text", "text": "H"}, {"text": "m"}]},
        {"type": "text", "text": "Hi"},
        {"type": "image_url"},
    ]
    assert message(content=parts)[1:3] == [TextDelta("Hm", kind="reasoning"), HI]
    assert stream(chunk(says(content=parts)), STOP_CHUNK, DONE)[1:3] == message(content=parts)[1:3]


def test_a_refusal_is_text_of_its_own_kind():
    """An empty one is none."""
    assert message(content=None, refusal="No") == [
        *(STARTED, TextDelta("No", kind="refusal"), STOP, Ended())
    ]
    assert message(content="Hi", refusal="") == [STARTED, HI, STOP, Ended()]


def test_logprobs_ride_on_the_text_they_belong_to():
    """Unread; an object without anything in it is left out."""
    given = {"content": [{"token": "Hi", "logprob": -0.1}], "refusal": None}
    full = {**says(content="Hi", reasoning="Hm"), "logprobs": given}
    empty = {**says(content="Hi"), "logprobs": {"content": None, "refusal": None}}
    events = stream(chunk(full), chunk(empty), STOP_CHUNK, DONE)
    assert events[1:4] == [TextDelta("Hm", kind="reasoning"), TextDelta("Hi", logprobs=given), HI]


def test_an_answer_without_choices_counted_is_counted_by_place():
    """Indexes left out are positions."""
    choices = [
        {"message": {"content": "a"}, "finish_reason": "stop"},
        {"message": {"content": "b"}},
    ]
    assert body({"choices": choices})[1:-1] == [
        *(TextDelta("a"), STOP, TextDelta("b", choice=1), Finished("stop", 1))
    ]


@pytest.mark.parametrize(
    ("usage", "seen"),
    [
        ({"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}, Usage(5, 2, 7)),
        ({"prompt_tokens": 5, "completion_tokens": None, "total_tokens": None}, Usage(5, 0, 5)),
        (
            {
                "prompt_tokens": 5,
                "completion_tokens": 4,
                "total_tokens": 9,
                "prompt_tokens_details": {"cached_tokens": 3},
                "completion_tokens_details": {"reasoning_tokens": 2},
            },
            Usage(5, 4, 9, 3, 2),
        ),
        (
            {"prompt_tokens": 5, "completion_tokens": 1, "prompt_cache_hit_tokens": 4},
            Usage(5, 1, 6, 4),
        ),
        ({"prompt_tokens": 35, "completion_tokens": 12, "total_tokens": 109}, Usage(35, 74, 109)),
        ({"prompt_tokens": "x", "prompt_tokens_details": [], "completion_tokens": -1}, Usage()),
    ],
)
def test_usage_in_every_form(usage: Any, seen: Usage):
    """DeepSeek's cache, Gemini's total that alone holds the thoughts, nulls and nonsense."""
    assert UsageSeen(seen) in stream(HI_CHUNK, STOP_CHUNK, chunk(usage=usage), DONE)
    assert UsageSeen(seen) in stream(HI_CHUNK, chunk(says("stop"), x_groq={"usage": usage}), DONE)
    choice = {"message": {"content": "Hi"}, "finish_reason": "stop"}
    assert body({"choices": [choice], "usage": usage})[-2] == UsageSeen(seen)


@pytest.mark.parametrize("usage", [None, {}, []])
def test_no_usage_is_no_event(usage: Any):
    """OpenAI's chunks all have a null one."""
    assert stream(chunk(says(content="Hi"), usage=usage), STOP_CHUNK, DONE) == [
        *(STARTED, HI, STOP, Ended())
    ]


def test_calls_of_tools_are_told_in_pieces_and_whole():
    """Streamed or not; the first piece of each has its id and name."""
    begun = [{"index": 0, "id": "x", "function": {"name": "f", "arguments": '{"a"'}}]
    more = [{"index": 0, "function": {"arguments": ":1}"}}]
    second = [{"index": 1, "id": "y", "function": {"name": "g", "arguments": None}}]
    assert stream(
        chunk(says(content="Hi")),
        chunk(says(tool_calls=begun)),
        chunk(says(tool_calls=[*more, *second])),
        chunk(says("tool_calls")),
        DONE,
    )[1:] == [
        HI,
        ToolDelta(0, '{"a"', id="x", name="f"),
        ToolDelta(0, ":1}"),
        ToolDelta(1, "", id="y", name="g"),
        Finished("tool_calls"),
        Ended(),
    ]
    assert message("tool_calls", content=None, tool_calls=[*begun, *second])[1:] == [
        ToolDelta(0, '{"a"', id="x", name="f"),
        ToolDelta(1, "", id="y", name="g"),
        Finished("tool_calls"),
        Ended(),
    ]


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ("Upstream overloaded", UpstreamFailed),
        ({"message": "m", "type": "server_error"}, UpstreamFailed),
        ({"message": "m", "code": "insufficient_quota"}, QuotaExhausted),
        ({"message": "m", "type": "invalid_request_error"}, RequestRejected),
        ({"message": "m", "code": "invalid_api_key"}, CredentialRejected),
    ],
)
def test_an_error_with_status_200_fails_with_its_own_class(error: Any, kind: type[ProviderError]):
    """In streams and in bodies."""
    assert type(failure(stream(sse({"error": error}), DONE))) is kind
    assert type(failure(body({"error": error}))) is kind


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"<html>",
        b'{"choices": [',
        {},
        [],
        5,
        {"choices": []},
        {"choices": None},
        {"choices": [{"message": {"content": None}, "finish_reason": None}]},
        {"choices": [{"message": {"content": ""}}]},
    ],
)
def test_a_body_without_an_answer_is_a_broken_answer(value: Any):
    """And gives no event but the failure."""
    (event,) = body(value)
    assert isinstance(event, Failed)
    assert type(event.error) is BrokenAnswer


def test_a_filtered_choice_has_no_message_and_is_an_answer():
    """Azure's content filter."""
    choice = {"index": 0, "finish_reason": "content_filter", "content_filter_results": {}}
    assert body({"choices": [choice]}) == [Started(), Finished("content_filter"), Ended()]


def test_white_space_before_a_body_is_nothing():
    """OpenRouter sends it to keep the connection alive."""
    choice = {"message": {"content": "Hi"}, "finish_reason": "stop"}
    padded = b"\n         \n" + json.dumps({"choices": [choice]}).encode()
    assert body(padded) == [Started(), HI, STOP, Ended()]


values = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 600) | st.sampled_from(["", "stop", "a", "error"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    *("id", "model", "choices", "index", "delta", "message", "content", "text"),
                    *("reasoning", "reasoning_details", "thinking", "refusal", "finish_reason"),
                    *("logprobs", "usage", "x_groq", "prompt_tokens", "error", "code", "object"),
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=15,
)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(values, max_size=3))
def test_no_json_breaks_the_grammar_of_events(chunks: list[Any]):
    """Whatever is sent, one `Started` comes first, one end comes last, and no text is empty."""
    for events in (stream(*map(sse, chunks), DONE), stream(*map(sse, chunks)), body(chunks)):
        assert isinstance(events[-1], Ended | Failed)
        assert not any(isinstance(event, Ended | Failed | Started) for event in events[1:-1])
        assert isinstance(events[0], Started | Failed)
        assert all(event.text for event in events if isinstance(event, TextDelta))
