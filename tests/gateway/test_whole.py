"""Whole answers in OpenAI's form, vectors too, and that its SDK reads them."""

import base64
import struct
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types import CreateEmbeddingResponse
from openai.types.chat import ChatCompletion

from gateway.whole import Heading, chat_body, embeddings_body, usage_body
from providers.types import (
    Ended,
    Event,
    Extra,
    Finished,
    Started,
    TextDelta,
    ToolDelta,
    Usage,
    Vectors,
)
from tests.gateway.asked import ANYTHING
from tests.gateway.test_frames import events, said

HEADING = Heading("chatcmpl-1", 1_704_056_400, "gemini-2.0-flash")
USAGE = Usage(prompt=25, completion=42, total=67)


def test_a_whole_answer_is_its_events_joined() -> None:
    """The documented body."""
    events: list[Event] = [
        Started(),
        TextDelta("Mer"),
        TextDelta("haba!"),
        Finished("stop"),
        Ended(),
    ]
    assert chat_body(HEADING, events, USAGE) == {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_704_056_400,
        "model": "gemini-2.0-flash",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "Merhaba!", "refusal": None},
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 25, "completion_tokens": 42, "total_tokens": 67},
    }


SAID = {"role": "assistant", "refusal": None}


def messages(*events: Event) -> list[dict[str, Any]]:
    """The messages of a whole answer."""
    made: list[dict[str, Any]] = chat_body(HEADING, events, USAGE)["choices"]
    return [choice["message"] for choice in made]


def test_an_answer_without_a_word_has_empty_content() -> None:
    """A blocked or very short answer; clients add it to strings."""
    (message,) = messages(Finished("content_filter"))
    assert message == {"role": "assistant", "content": "", "refusal": None}


def test_a_refusal_has_no_content() -> None:
    """As at OpenAI: null there, the refusal beside it."""
    refused = messages(TextDelta("I ", kind="refusal"), TextDelta("cannot", kind="refusal"))
    assert refused == [{"role": "assistant", "content": None, "refusal": "I cannot"}]


def test_reasoning_stands_beside_the_content() -> None:
    """Whichever came first, and whether content came at all."""
    both = messages(TextDelta("hm", kind="reasoning"), TextDelta("a"))
    assert both == [SAID | {"content": "a", "reasoning_content": "hm"}]
    alone = messages(TextDelta("hm", kind="reasoning"))
    assert alone == [SAID | {"content": "", "reasoning_content": "hm"}]


def test_choices_are_in_their_order() -> None:
    """Whatever order they came in; one without its reason says null."""
    made = chat_body(HEADING, [TextDelta("b", 1), Finished("length", 0)], USAGE)["choices"]
    assert [(choice["index"], choice["finish_reason"]) for choice in made] == [
        (0, "length"),
        (1, None),
    ]


def logprobs_of(*pieces: Any) -> Any:
    """The logprobs of a whole answer whose pieces came with these."""
    events = [TextDelta("x", logprobs=piece) for piece in pieces]
    return chat_body(HEADING, events, USAGE)["choices"][0]["logprobs"]


@pytest.mark.parametrize(
    ("pieces", "joined"),
    [
        ((None,), None),
        (({"content": [1]}, {"content": [2, 3]}), {"content": [1, 2, 3]}),
        (({"content": [1], "refusal": None}, None), {"content": [1], "refusal": None}),
        (({"content": None}, {"content": [2]}), {"content": [2]}),
        (({"content": [1]}, {"content": None}, {"content": []}), {"content": [1]}),
        (({"content": {"a": 1}}, {"content": [1]}, {"content": "x"}), {"content": [1]}),
        (("nonsense", [1]), {}),
    ],
)
def test_logprobs_of_the_pieces_are_joined(pieces: Sequence[Any], joined: Any) -> None:
    """By kind of text; what is no list of tokens is left out, for an upstream may send anything."""
    assert logprobs_of(*pieces) == joined


def test_usage_has_details_only_where_the_upstream_gave_them() -> None:
    """Cached and reasoning tokens are parts of the sums."""
    assert usage_body(Usage(10, 20, 30, cached=4, reasoning=5)) == {
        "prompt_tokens": 10,
        "completion_tokens": 20,
        "total_tokens": 30,
        "prompt_tokens_details": {"cached_tokens": 4},
        "completion_tokens_details": {"reasoning_tokens": 5},
    }


def test_embeddings_are_the_documented_list() -> None:
    """In the order of the inputs, under the model's public name."""
    vectors = Vectors(((0.5, -1.0), (0.25,)), "models/x")
    assert embeddings_body("text-embedding-004", vectors, "float", Usage(prompt=8, total=8)) == {
        "object": "list",
        "data": [
            {"object": "embedding", "index": 0, "embedding": [0.5, -1.0]},
            {"object": "embedding", "index": 1, "embedding": [0.25]},
        ],
        "model": "text-embedding-004",
        "usage": {"prompt_tokens": 8, "total_tokens": 8},
    }


floats = st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), max_size=8)


@ANYTHING
@given(floats)
def test_base64_is_little_endian_float32(vector: list[float]) -> None:
    """What numpy's `frombuffer` reads, and with it the official SDK."""
    body = embeddings_body("m", Vectors((tuple(vector),)), "base64", USAGE)
    raw = base64.b64decode(body["data"][0]["embedding"], validate=True)
    assert list(struct.unpack(f"<{len(vector)}f", raw)) == vector


@ANYTHING
@given(events)
def test_any_events_make_a_whole_answer_whose_text_is_theirs(given_events: list[Event]) -> None:
    """Streamed or not, a client gets the same words."""
    body = msgspec.json.decode(msgspec.json.encode(chat_body(HEADING, given_events, USAGE)))
    for choice in body["choices"]:
        assert (choice["message"]["content"] or "") == said(
            [given_events], choice["index"], "content"
        )
        choice["finish_reason"] = choice["finish_reason"] or "stop"
    ChatCompletion.model_validate(body, strict=True)


def test_calls_of_tools_are_joined_from_their_pieces() -> None:
    """In their order, whatever order the pieces came in; one without an id gets one of ours."""
    pieces = [
        ToolDelta(0, "{", id="call_a", name="f"),
        ToolDelta(1, "", name="g", extra={"google": {"thought_signature": "s"}}),
        ToolDelta(0, '"x":1}'),
        ToolDelta(1, "{}"),
        ToolDelta(2, "raw", id="call_c", name="h", kind="custom"),
        Finished("tool_calls"),
    ]
    (message,) = messages(*pieces)
    assert message["content"] is None
    assert message["tool_calls"] == [
        {"id": "call_a", "type": "function", "function": {"name": "f", "arguments": '{"x":1}'}},
        {
            "id": "call_1001",
            "type": "function",
            "function": {"name": "g", "arguments": "{}"},
            "extra_content": {"google": {"thought_signature": "s"}},
        },
        {"id": "call_c", "type": "custom", "custom": {"name": "h", "input": "raw"}},
    ]


def test_functions_of_old_are_told_in_old_words() -> None:
    """To a client that asked in them."""
    old = Heading("chatcmpl-1", 5, "m", legacy=True)
    events = [ToolDelta(0, "{}", id="x", name="f"), Finished("tool_calls")]
    (choice,) = chat_body(old, events, USAGE)["choices"]
    assert choice["message"]["function_call"] == {"name": "f", "arguments": "{}"}
    assert choice["finish_reason"] == "function_call"
    ChatCompletion.model_validate(chat_body(old, events, USAGE), strict=True)


def test_members_we_need_not_know_are_passed_on() -> None:
    """Texts and lists of the pieces are joined; what is beside the choices stays there."""
    events = [
        Started(members={"service_tier": "flex"}),
        Extra({"annotations": [{"n": 1}], "audio": {"id": "a", "data": "xx"}}),
        Extra({"annotations": [{"n": 2}], "audio": {"data": "yy", "expires_at": 5}}),
        Finished("stop"),
    ]
    body = chat_body(HEADING, events, USAGE)
    assert body["service_tier"] == "flex"
    message = body["choices"][0]["message"]
    assert message["annotations"] == [{"n": 1}, {"n": 2}]
    assert message["audio"] == {"id": "a", "data": "xxyy", "expires_at": 5}


def test_a_second_signature_replaces_the_first() -> None:
    """They are no text that could be joined."""
    signed = [Extra({"extra_content": {"google": {"thought_signature": s}}}) for s in "ab"]
    message = chat_body(HEADING, [TextDelta("x"), *signed], USAGE)["choices"][0]["message"]
    assert message["extra_content"] == {"google": {"thought_signature": "b"}}


def test_the_official_sdk_reads_embeddings() -> None:
    """Numbers as its own type demands them."""
    body = embeddings_body("m", Vectors(((0.5, 1.0),)), "float", Usage(prompt=8, total=8))
    CreateEmbeddingResponse.model_validate(body, strict=True)


def test_members_beside_a_message_come_back_where_they_stood() -> None:
    """In the choice, and beside the choices."""
    events = [
        Started(members={"service_tier": "default"}),
        Extra({"prompt_filter_results": [1]}, place="answer"),
        Extra({"native_finish_reason": "end"}, place="choice"),
        TextDelta("a"),
        Finished("stop"),
    ]
    body = chat_body(HEADING, events, Usage())

    assert (body["service_tier"], body["prompt_filter_results"]) == ("default", [1])
    assert body["choices"][0]["native_finish_reason"] == "end"
    assert "native_finish_reason" not in body["choices"][0]["message"]
