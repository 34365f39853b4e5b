"""Chat requests: what is taken, what is refused, and who is named."""

from typing import Any

import pytest

from gateway.wire import MAX_TOKENS, PARAMETERS, read_chat, read_embeddings
from providers.conversation import Message
from providers.types import ChatCall
from tests.gateway.asked import chat_body, each, refusal


def turn(**changes: Any) -> dict[str, Any]:
    """A chat of one message, changed where a test says so; a member that is `...` is left out."""
    message = {"role": "user", "content": "x"} | changes
    return chat_body(messages=[{k: v for k, v in message.items() if v is not ...}])


def test_the_smallest_chat_has_the_documented_defaults() -> None:
    """A model and one message are enough."""
    body = chat_body()
    assert read_chat(body) == ChatCall("m", (Message("user", "Merhaba"),), body)


def test_a_whole_chat_is_read() -> None:
    """Every parameter the gateway must understand, in its place."""
    body = chat_body(
        stream=True,
        stream_options={"include_usage": True},
        max_tokens=100,
        temperature=0.5,
        top_p=1,
        stop=["a", "b"],
        n=2.0,
        seed=-1,
        presence_penalty=-2,
        frequency_penalty=2.0,
        user="u",
    )
    assert read_chat(body) == ChatCall(
        model="m",
        messages=(Message("user", "Merhaba"),),
        body=body,
        stream=True,
        include_usage=True,
        max_tokens=100,
        temperature=0.5,
        top_p=1.0,
        stop=("a", "b"),
        n=2,
        seed=-1,
        presence_penalty=-2.0,
        frequency_penalty=2.0,
    )


def test_null_is_absent_for_every_optional_parameter() -> None:
    """SDKs send it for what was not set."""
    read = read_chat(chat_body(**dict.fromkeys(PARAMETERS)))
    plain = read_chat(chat_body())
    assert read.body != plain.body
    assert [getattr(read, name) for name in ("stream", "n", "stop", "max_tokens", "seed")] == [
        getattr(plain, name) for name in ("stream", "n", "stop", "max_tokens", "seed")
    ]


@pytest.mark.parametrize(
    ("given", "most"),
    [
        ({"max_tokens": 5}, 5),
        ({"max_completion_tokens": 7}, 7),
        ({"max_tokens": 5, "max_completion_tokens": 7}, 7),
        ({"max_tokens": 5, "max_completion_tokens": None}, 5),
        ({"max_tokens": MAX_TOKENS}, MAX_TOKENS),
    ],
)
def test_the_most_tokens_have_two_names(given: dict[str, Any], most: int) -> None:
    """The newer name counts where both are given."""
    assert read_chat(chat_body(**given)).max_tokens == most


def test_unknown_members_travel_on() -> None:
    """A parameter invented tomorrow reaches the upstream that knows it."""
    assert read_chat(chat_body(novelty={"a": [1]})).body["novelty"] == {"a": [1]}


@pytest.mark.parametrize(
    "model", ["gpt-4o-mini", "models/gemini-2.0-flash", "yapay-zekâ", "m" * 256]
)
def test_model_names_are_taken_as_they_are(model: str) -> None:
    """Slashes and letters of any language included."""
    assert read_chat(chat_body(model=model)).model == model


@pytest.mark.parametrize("model", [None, 5, True, [], {}, "", " ", "\t\n", "\u3000", "m" * 257])
@pytest.mark.parametrize("read", [read_chat, read_embeddings])
def test_what_cannot_be_a_model_is_refused(read: Any, model: Any) -> None:
    """Blank and absurdly long names too."""
    error = refusal(lambda: read(chat_body(input="x", model=model)))
    assert (error.status, error.param) == (400, "model")


@pytest.mark.parametrize(
    ("read", "body", "missing"),
    [
        (read_chat, {}, "model"),
        (read_chat, {"model": "m"}, "messages"),
        (read_chat, {"messages": [{"role": "user", "content": "x"}]}, "model"),
        (read_chat, {"Model": "m", "messages": []}, "model"),
        (read_chat, {"model": "m", "messages": [{"content": "x"}]}, "messages[0].role"),
        (read_embeddings, {}, "model"),
        (read_embeddings, {"model": "m"}, "input"),
    ],
)
def test_a_missing_parameter_is_named(read: Any, body: dict[str, Any], missing: str) -> None:
    """Names are exact: `Model` is none."""
    error = refusal(lambda: read(body))
    assert (error.status, error.param) == (400, missing)
    assert error.message == f"Missing required parameter: '{missing}'"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *each("stream", "true", 1, 0, [], {}),
        *each("max_tokens", 0, -1, "5", True, 5.5, 1e308, 10**400, []),
        *each("max_tokens", MAX_TOKENS + 1, float(MAX_TOKENS + 1)),
        *each("max_completion_tokens", 0, -1, "5", False, MAX_TOKENS + 1),
        *each("temperature", -0.1, 2.1, "1", True, [], 10**400),
        *each("top_p", -0.1, 1.1, "1", True, {}),
        *each("stop", 5, True, {}, [5], [None], ["x"] * 17),
        *each("n", 0, 129, 1.5, "1", True),
        *each("seed", 2**63, -(2**63) - 1, 0.5, "1", True),
        *each("presence_penalty", -2.1, 2.1, "0", False),
        *each("frequency_penalty", -2.1, 2.1, "0", False),
        *each("stream_options", "x", [], True, {}, {"include_usage": True}),
    ],
)
def test_a_parameter_of_the_wrong_type_or_range_is_named(name: str, value: Any) -> None:
    """In the message for people and in `param` for programs."""
    error = refusal(lambda: read_chat(chat_body(**{name: value})))
    assert (error.status, error.param) == (400, name)
    assert f"'{name}" in error.message


@pytest.mark.parametrize(
    ("options", "included"),
    [
        (None, False),
        ({}, False),
        ({"include_usage": None}, False),
        ({"include_usage": False}, False),
        ({"include_usage": True, "include_obfuscation": False}, True),
    ],
)
def test_a_stream_may_ask_for_its_usage(options: Any, included: bool) -> None:
    """Options that are unknown here are the upstream's business."""
    call = read_chat(chat_body(stream=True, stream_options=options))
    assert call.include_usage is included


@pytest.mark.parametrize("options", [[], "x", True, {"include_usage": 1}, {"include_usage": "yes"}])
def test_a_streams_options_are_an_object_of_booleans(options: Any) -> None:
    """Guessing would send a chunk that nobody expects."""
    body = chat_body(stream=True, stream_options=options)
    assert refusal(lambda: read_chat(body)).param == "stream_options"
