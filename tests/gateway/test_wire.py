"""The body of a request: JSON, an object, not too deep; and any body at all."""

import json
import random
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import ApiError
from gateway.wire import MAX_DEPTH, read_chat, read_embeddings, read_json
from policies import mock
from providers.anthropic import Anthropic
from providers.base import Dialect
from providers.gemini import Gemini
from providers.openai import OpenAI
from tests.gateway.asked import ANYTHING, chat_body, refusal

DIALECTS: tuple[Dialect, ...] = (OpenAI(), Gemini(), Anthropic())


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"{",
        b"{}x",
        b"{'model': 'm'}",
        b'{"a":NaN}',
        b'{"a":Infinity}',
        b'{"a":-Infinity}',
        b'{"a":1e999}',
        b'{"a":' + b"9" * 5000 + b"}",
        b'{"a":01}',
        b'{"a":"\\ud800"}',
        b'{"a":"\\udc00\\ud800"}',
        b'{"a":"\xed\xa0\x80"}',
        b'{"a":"\xff"}',
        b'{"a":"\x01"}',
        b"\xef\xbb\xbf{}",
        '{"a":1}'.encode("utf-16"),
        b"model=m&input=x",
    ],
)
def test_what_is_not_json_is_refused(body: bytes) -> None:
    """Numbers that are none, halves of characters, foreign encodings: nothing half-read gets in."""
    error = refusal(lambda: read_json(body))
    assert (error.status, error.param) == (400, None)
    assert "not valid JSON" in error.message


@pytest.mark.parametrize("body", [b"null", b"[]", b'"x"', b"5", b"true", b"[{}]"])
def test_what_is_no_object_is_refused(body: bytes) -> None:
    """The contract's requests are objects."""
    assert refusal(lambda: read_json(body)).message == "The body must be a JSON object"


def test_of_members_with_one_name_the_last_counts_for_us_and_for_the_upstream() -> None:
    """What was checked is what is sent: the body is written again, never passed on as bytes."""
    body = read_json(b'{"model":"a","model":"b","messages":[{"role":"user","content":"x"}]}')
    call = read_chat(body)
    assert call.model == "b"
    assert OpenAI().encode(call, call.model).body.count(b'"model"') == 1


def test_utf8_arrives_intact() -> None:
    """As letters or as escapes, outside the basic plane too."""
    letters = read_json('{"a":"Merhaba, nasılsın? 😀"}'.encode())
    assert letters == {"a": "Merhaba, nasılsın? 😀"}
    assert letters == read_json(b'{"a":"Merhaba, nas\\u0131ls\\u0131n? \\ud83d\\ude00"}')


def nested(depth: int) -> bytes:
    """A chat whose metadata makes it this deep, arrays and objects by turns."""
    pairs, odd = divmod(depth - 1, 2)
    inner = b"[" * odd + b'{"a":[' * pairs + b"1" + b"]}" * pairs + b"]" * odd
    return b'{"model":"m","messages":[{"role":"user","content":"x"}],"metadata":' + inner + b"}"


@pytest.mark.parametrize("depth", [MAX_DEPTH + 1, 500, 990, 996, 997, 998, 1000, 5000, 100_000])
def test_a_body_nested_too_deeply_is_refused(depth: int) -> None:
    """Around the interpreter's own limit as well as far beyond it."""
    error = refusal(lambda: read_json(nested(depth)))
    assert (error.status, error.message) == (400, "The body is nested too deeply")


def test_the_deepest_body_that_is_read_can_be_written_again() -> None:
    """Also much further down the stack: what a client sends must not end as our fault."""
    call = read_chat(read_json(nested(MAX_DEPTH)))

    def deeper(frames: int) -> tuple[bytes, mock.MockAnswer]:
        if frames:
            return deeper(frames - 1)
        return OpenAI().encode(call, "m").body, mock.answer(call)

    assert msgspec.json.decode(deeper(300)[0])["metadata"] == call.body["metadata"]


@pytest.mark.parametrize(
    "body",
    [
        b'{"a":"' + b"[{" * 1000 + b'"}',
        b'{"a":[' + b"[],{}," * 1000 + b"[]]}",
        b'{"a":[[' + b"1," * 1000 + b"1]]}",
    ],
)
def test_many_brackets_are_not_deep(body: bytes) -> None:
    """Source code in a prompt, or many messages side by side."""
    assert "a" in read_json(body)


leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
values = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=4,
)
parts = st.fixed_dictionaries(
    {}, optional={"type": st.sampled_from(["text", "refusal"]) | values, "text": st.text() | values}
)
messages = st.fixed_dictionaries(
    {},
    optional={
        "role": st.sampled_from(["system", "user", "assistant"]) | values,
        "content": st.text(max_size=5) | st.lists(parts, max_size=2) | values,
        "refusal": values,
        "tool_calls": values,
    },
)


sound_chats = {
    "stream": st.booleans(),
    "max_tokens": st.integers(1, 10),
    "temperature": st.floats(0, 2),
    "top_p": st.floats(0, 1),
    "stop": st.text(max_size=2) | st.lists(st.text(max_size=2), max_size=2),
    "n": st.integers(1, 3),
    "seed": st.integers(-10, 10),
    "user": st.text(max_size=2),
    "top_k": values,
    "novelty": values,
}
sound_requests = {
    "input": st.text(max_size=5)
    | st.lists(st.text(max_size=5) | st.lists(st.integers(), max_size=2)),
    "encoding_format": st.sampled_from(["float", "base64"]),
    "dimensions": st.integers(1, 10),
}
requests = st.fixed_dictionaries(
    {},
    optional={
        name: sound | values
        for name, sound in {
            **sound_chats,
            **sound_requests,
            "model": st.just("m"),
            "messages": st.lists(messages, max_size=2),
            "stream_options": st.just({"include_usage": True}),
        }.items()
    },
)


def outcome(read: Callable[[Any], Any], given: Any) -> Any:
    """What was read, or the error that it was refused with."""
    try:
        return read(given)
    except ApiError as error:
        return error


@ANYTHING
@given(requests, st.sampled_from([read_chat, read_embeddings]))
def test_any_object_is_a_call_or_a_400_that_names_something(
    body: dict[str, Any], read: Callable[[Any], Any]
) -> None:
    """No body whatever ends in another exception."""
    call = outcome(read, body)
    if isinstance(call, ApiError):
        assert call.status == 400
        assert call.param
        assert msgspec.json.decode(call.encode()) == call.body()
    else:
        assert call.model == body["model"]


@ANYTHING
@given(st.fixed_dictionaries({}, optional=sound_chats))
def test_what_is_accepted_can_be_sent_to_every_upstream_that_does_not_refuse_it(
    body: dict[str, Any],
) -> None:
    """Reading and writing agree on what a call can hold."""
    call = read_chat(chat_body(**body))
    for dialect in DIALECTS:
        if dialect.refuses(call) is None:
            assert isinstance(msgspec.json.decode(dialect.encode(call, "m").body), dict)


@ANYTHING
@given(st.binary(max_size=60) | values.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_are_an_object_or_a_400(body: bytes) -> None:
    """And what is read can be written again."""
    value = outcome(read_json, body)
    if isinstance(value, ApiError):
        assert (value.status, value.param) == (400, None)
    else:
        assert isinstance(value, dict)
        assert read_json(msgspec.json.encode(value)) == value


def test_a_body_cut_anywhere_is_refused() -> None:
    """A connection that broke must not look like a shorter request."""
    whole = json.dumps(chat_body(stop=["a"], temperature=1.5, seed=12)).encode()
    for end in random.Random(1).sample(range(len(whole)), 40):
        assert isinstance(outcome(read_json, whole[:end]), ApiError)
