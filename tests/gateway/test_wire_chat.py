"""Chat requests: what is taken, what is refused, and who is named."""

from typing import Any

import pytest

from gateway.wire import MAX_MESSAGES, MAX_TOKENS, NOT_YET, read_chat, read_embeddings
from providers.types import ChatCall, Message
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


OPTIONAL = (
    *("stream", "stream_options", "max_tokens", "max_completion_tokens", "temperature", "top_p"),
    *("stop", "n", "seed", "presence_penalty", "frequency_penalty", "modalities", *NOT_YET),
)


def test_null_is_absent_for_every_optional_parameter() -> None:
    """SDKs send it for what was not set."""
    read = read_chat(chat_body(**dict.fromkeys(OPTIONAL)))
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
        *each("modalities", "text", ["audio"], ["text", "audio"], {}, []),
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


@pytest.mark.parametrize("name", NOT_YET)
@pytest.mark.parametrize("value", [[{"type": "function"}], {"a": 1}, {}, "auto", "", 0, False])
def test_what_no_upstream_can_be_given_yet_is_refused_by_name(name: str, value: Any) -> None:
    """Never dropped: an answer without the tool it needed would be a wrong answer."""
    error = refusal(lambda: read_chat(chat_body(**{name: value})))
    assert (error.status, error.param) == (400, name)
    assert "not supported" in error.message


@pytest.mark.parametrize("value", [None, [], "none"])
def test_asking_for_no_tools_is_asking_for_nothing(value: Any) -> None:
    """Frameworks spell out the absence of tools."""
    assert read_chat(chat_body(tools=value, tool_choice="none", modalities=["text"])).n == 1


@pytest.mark.parametrize("role", ["system", "developer", "user", "assistant"])
def test_the_roles_of_a_conversation(role: str) -> None:
    """The documented three and `developer`."""
    assert read_chat(turn(role=role)).messages[0].role == role


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("x", "x"),
        ("", ""),
        ("Python'da liste nasıl oluşturulur?", "Python'da liste nasıl oluşturulur?"),
        ([{"type": "text", "text": "a"}], "a"),
        ([{"type": "text", "text": "a"}, {"type": "text", "text": "\nb", "x": 1}], "a\nb"),
        ([{"type": "text", "text": ""}], ""),
        ([{"type": "refusal", "refusal": "no"}], "no"),
    ],
)
def test_content_is_a_string_or_parts_joined(content: Any, text: str) -> None:
    """Nothing is added between the parts."""
    assert read_chat(turn(content=content)).messages[0].text == text


def test_an_assistants_refusal_is_what_it_said() -> None:
    """A conversation goes on after one: its message has no content then."""
    message = {"role": "assistant", "content": None, "refusal": "I cannot"}
    assert read_chat(turn(**message)).messages == (Message("assistant", "I cannot"),)


@pytest.mark.parametrize(
    ("changes", "member"),
    [
        ({"role": None}, "role"),
        ({"role": "robot"}, "role"),
        ({"role": "User"}, "role"),
        ({"role": []}, "role"),
        ({"role": {}}, "role"),
        ({"role": 5}, "role"),
        ({"role": "tool"}, "role"),
        ({"role": "function"}, "role"),
        ({"role": "assistant", "tool_calls": [{"id": "1"}]}, "tool_calls"),
        ({"role": "assistant", "function_call": {"name": "f"}}, "function_call"),
        ({"role": "assistant", "audio": {"id": "1"}}, "audio"),
        ({"content": ...}, "content"),
        ({"content": None}, "content"),
        ({"content": None, "refusal": "no"}, "content"),
        ({"role": "assistant", "content": None}, "content"),
        ({"role": "assistant", "content": None, "refusal": 5}, "refusal"),
        ({"content": 5}, "content"),
        ({"content": []}, "content"),
        ({"content": {"type": "text", "text": "x"}}, "content"),
        ({"content": ["x"]}, "content[0]"),
        ({"content": [None]}, "content[0]"),
        ({"content": [{}]}, "content[0].type"),
        ({"content": [{"type": None}]}, "content[0].type"),
        ({"content": [{"type": []}]}, "content[0].type"),
        ({"content": [{"type": "text"}]}, "content[0].text"),
        ({"content": [{"type": "text", "text": None}]}, "content[0].text"),
        (
            {"content": [{"type": "text", "text": "a"}, {"type": "text", "text": 5}]},
            "content[1].text",
        ),
        ({"content": [{"type": "image_url", "image_url": {"url": "x"}}]}, "content[0].type"),
        ({"content": [{"type": "x" * 100_000}]}, "content[0].type"),
    ],
)
def test_what_is_wrong_with_a_message_is_named_with_its_place(
    changes: dict[str, Any], member: str
) -> None:
    """The path is as one would write it in code, and the message stays short."""
    error = refusal(lambda: read_chat(turn(**changes)))
    assert (error.status, error.param) == (400, f"messages[0].{member}")
    assert f"messages[0].{member}" in error.message
    assert len(error.message) < 300


@pytest.mark.parametrize(
    ("messages", "param"),
    [
        (None, "messages"),
        ("x", "messages"),
        ({}, "messages"),
        ([], "messages"),
        ([[]], "messages[0]"),
        ([None], "messages[0]"),
        ([{"role": "user", "content": "x"}, "x"], "messages[1]"),
    ],
)
def test_messages_are_a_list_of_objects(messages: Any, param: str) -> None:
    """At least one."""
    error = refusal(lambda: read_chat(chat_body(messages=messages)))
    assert (error.status, error.param) == (400, param)


def test_there_are_only_so_many_messages() -> None:
    """A conversation of ten thousand turns is taken, one more is not."""
    messages = [{"role": "user", "content": "x"}] * MAX_MESSAGES
    assert len(read_chat(chat_body(messages=messages)).messages) == MAX_MESSAGES
    error = refusal(lambda: read_chat(chat_body(messages=[*messages, messages[0]])))
    assert error.param == "messages"
