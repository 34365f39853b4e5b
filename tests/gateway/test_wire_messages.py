"""Messages of a chat: turns, parts, calls and results; and the place of what is wrong with them."""

from typing import Any

import pytest

from gateway.wire import read_chat
from gateway.wire_messages import MAX_MESSAGES
from providers.anthropic import Anthropic
from providers.conversation import (
    AudioPart,
    FilePart,
    ForeignPart,
    ImagePart,
    Message,
    TextPart,
    ToolUse,
)
from providers.gemini import Gemini
from providers.openai import OpenAI
from tests.gateway.asked import chat_body, refusal
from tests.gateway.test_wire_chat import turn


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
        ({"role": "function", "name": None}, "name"),
        ({"role": "tool", "tool_call_id": 5}, "tool_call_id"),
        ({"role": "assistant", "tool_calls": {}}, "tool_calls"),
        ({"role": "assistant", "tool_calls": ["x"]}, "tool_calls[0]"),
        ({"role": "assistant", "tool_calls": [{"type": "function"}]}, "tool_calls[0].id"),
        ({"role": "assistant", "tool_calls": [{"id": "1", "type": "x"}]}, "tool_calls[0].type"),
        ({"role": "assistant", "tool_calls": [{"id": "1"}]}, "tool_calls[0].function.name"),
        (
            {
                "role": "assistant",
                "tool_calls": [{"id": "1", "function": {"name": "f", "arguments": {}}}],
            },
            "tool_calls[0].function.arguments",
        ),
        (
            {
                "role": "assistant",
                "tool_calls": [{"id": "1", "type": "custom", "custom": {"name": "f"}}],
            },
            "tool_calls[0].custom.input",
        ),
        ({"role": "assistant", "function_call": {"name": ""}}, "function_call.name"),
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
        (
            {"content": [{"type": "image_url", "image_url": {"url": "x"}}]},
            "content[0].image_url.url",
        ),
        (
            {"content": [{"type": "image_url", "image_url": {"url": "file:///etc"}}]},
            "content[0].image_url.url",
        ),
        ({"content": [{"type": "input_audio"}]}, "content[0].input_audio"),
        (
            {"content": [{"type": "input_audio", "input_audio": {"data": "x"}}]},
            "content[0].input_audio.format",
        ),
        ({"content": [{"type": "file", "file": {"filename": "x"}}]}, "content[0].file"),
        ({"content": [{"type": "file", "file": 5}]}, "content[0].file"),
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


def test_a_conversation_with_tools_is_read() -> None:
    """A call and its result; arguments stay the text that the model wrote."""
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{not json"}}
    custom = {"id": "c2", "type": "custom", "custom": {"name": "g", "input": "raw"}}
    asked = [
        {"role": "user", "content": "x"},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [call, custom],
            "reasoning_content": "hm",
        },
        {"role": "tool", "tool_call_id": "c1", "content": [{"type": "text", "text": "42"}]},
        {"role": "tool", "tool_call_id": "c2", "content": ""},
    ]
    assert read_chat(chat_body(messages=asked)).messages == (
        Message("user", "x"),
        Message(
            "assistant",
            "",
            tool_calls=(ToolUse("c1", "f", "{not json"), ToolUse("c2", "g", "raw", "custom")),
            reasoning="hm",
        ),
        Message("tool", "42", tool_call_id="c1"),
        Message("tool", "", tool_call_id="c2"),
    )


def test_functions_of_old_are_calls_by_name() -> None:
    """The name stands for the id: there was one call at a time."""
    asked = [
        {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": "{}"}},
        {"role": "function", "name": "f", "content": "42"},
    ]
    calling, result = read_chat(chat_body(messages=asked)).messages
    assert calling.tool_calls == (ToolUse("f", "f", "{}"),)
    assert result == Message("tool", "42", tool_call_id="f")


def test_a_turn_of_several_kinds_of_parts_keeps_them_all() -> None:
    """In their order, with the text joined beside them."""
    parts = [
        {"type": "text", "text": "a"},
        {"type": "image_url", "image_url": {"url": "https://x/y.png", "detail": "low"}},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}},
        {"type": "input_audio", "input_audio": {"data": "AA==", "format": "wav"}},
        {
            "type": "file",
            "file": {"file_data": "data:application/pdf;base64,AA==", "filename": "x.pdf"},
        },
        {"type": "text", "text": "b"},
    ]
    (message,) = read_chat(turn(content=parts)).messages
    assert message.text == "ab"
    assert message.parts == (
        TextPart("a"),
        ImagePart("https://x/y.png", "low"),
        ImagePart("data:image/png;base64,AA=="),
        AudioPart("AA==", "wav"),
        FilePart("data:application/pdf;base64,AA==", "x.pdf"),
        TextPart("b"),
    )


def test_what_a_provider_wants_to_see_again_is_read_with_the_call() -> None:
    """Clients that keep unknown members bring it back."""
    extra = {"google": {"thought_signature": "s"}}
    call = {"id": "c", "function": {"name": "f", "arguments": ""}, "extra_content": extra}
    (message,) = read_chat(turn(role="assistant", tool_calls=[call])).messages
    assert message.tool_calls[0].extra == extra


def test_what_a_provider_wants_to_see_again_is_read_with_the_turn() -> None:
    """Google's place for it in OpenAI's format."""
    kept = {"google": {"thought_signature": "s"}}
    (message,) = read_chat(turn(role="assistant", extra_content=kept)).messages
    assert message.extra == kept


@pytest.mark.parametrize("kind", ["hologram", "x" * 100_000])
def test_a_part_that_only_some_know_goes_on_to_who_speaks_the_format(kind: str) -> None:
    """A video, a provider's own thoughts: others refuse the message by name."""
    call = read_chat(turn(content=[{"type": "text", "text": "a"}, {"type": kind, kind: 1}]))
    (message,) = call.messages
    assert message.text == "a"
    assert message.parts == (TextPart("a"), ForeignPart(kind[:64]))
    assert OpenAI().refuses(call) is None
    assert Gemini().refuses(call) == Anthropic().refuses(call) == "messages"
