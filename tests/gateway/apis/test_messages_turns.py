"""Anthropic's turns as OpenAI's messages; what is wrong is named where it stands."""

from typing import Any

import pytest

from gateway.apis.messages_turns import Turns, is_signed
from tests.gateway.asked import refusal

IMAGE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AA"}}
SHOWN = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA"}}
USE = {"type": "tool_use", "id": "toolu_1", "name": "add", "input": {"a": 1}}
CALL = {
    "id": "toolu_1",
    "type": "function",
    "function": {"name": "add", "arguments": '{"a":1}'},
}
THOUGHT = {"type": "thinking", "thinking": "hm", "signature": "s"}


def text(said: str) -> dict[str, str]:
    return {"type": "text", "text": said}


def read(*messages: Any, **body: Any) -> Turns:
    turns = Turns()
    turns.read({"messages": list(messages), **body})
    return turns


def user(*blocks: Any) -> dict[str, Any]:
    return {"role": "user", "content": list(blocks)}


def assistant(*blocks: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": list(blocks)}


@pytest.mark.parametrize("system", ["be brief", [text("be "), text("brief")]])
def test_instructions_come_first(system: Any) -> None:
    """Whether they are a string or blocks."""
    made = read({"role": "user", "content": "x"}, system=system).messages
    assert made[0] == {"role": "system", "content": "be brief"}
    assert made[1] == {"role": "user", "content": "x"}


def test_instructions_may_come_in_between() -> None:
    """Newer models take them there."""
    made = read(user(text("x")), {"role": "system", "content": "now brief"}).messages
    assert made[1] == {"role": "system", "content": "now brief"}


def test_text_is_a_string_and_media_are_parts() -> None:
    """Inline and by address."""
    pdf = {"type": "base64", "media_type": "application/pdf", "data": "BB"}
    made = read(
        user(
            text("a"),
            IMAGE,
            {"type": "image", "source": {"type": "url", "url": "https://x/y.png"}},
            {"type": "document", "title": "p.pdf", "source": pdf},
            {"type": "document", "source": {"type": "text", "data": "plain"}},
        )
    )
    assert made.messages == [
        {
            "role": "user",
            "content": [
                text("a"),
                SHOWN,
                {"type": "image_url", "image_url": {"url": "https://x/y.png"}},
                {
                    "type": "file",
                    "file": {
                        "filename": "p.pdf",
                        "file_data": "data:application/pdf;base64,BB",
                    },
                },
                text("plain"),
            ],
        }
    ]
    assert made.only is None


def test_calls_and_their_results_keep_their_ids() -> None:
    """What a result shows is the user's to show: OpenAI takes no images from tools."""
    shown = {"type": "tool_result", "tool_use_id": "toolu_1", "content": [text("42"), IMAGE]}
    failed = {"type": "tool_result", "tool_use_id": "toolu_2", "content": "no", "is_error": True}
    empty = {"type": "tool_result", "tool_use_id": "toolu_3"}
    made = read(assistant(text("adding"), USE), user(shown, failed, empty, text("go on"))).messages
    assert made == [
        {"role": "assistant", "content": "adding", "tool_calls": [CALL]},
        {"role": "tool", "tool_call_id": "toolu_1", "content": "42"},
        {"role": "tool", "tool_call_id": "toolu_2", "content": "Error: no"},
        {"role": "tool", "tool_call_id": "toolu_3", "content": ""},
        {"role": "user", "content": [SHOWN, text("go on")]},
    ]


def test_signed_thoughts_travel_with_the_first_call() -> None:
    """For dialects that must send them again; others read them as reasoning."""
    redacted = {"type": "redacted_thinking", "data": "xyz"}
    unsigned = {"type": "thinking", "thinking": " so", "signature": ""}
    (made,) = read(assistant(THOUGHT, redacted, unsigned, USE)).messages
    assert made["reasoning_content"] == "hm so"
    assert made["tool_calls"][0]["extra_content"] == {
        "anthropic": {"thinking": [THOUGHT, redacted]}
    }
    assert is_signed(THOUGHT)
    assert is_signed(redacted)
    assert not is_signed(unsigned)


@pytest.mark.parametrize(
    ("message", "place"),
    [
        (user(text("a"), {"type": "search_result"}), "messages[0].content[1]"),
        (
            user({"type": "image", "source": {"type": "file", "file_id": "f"}}),
            "messages[0].content[0]",
        ),
        (
            user({"type": "document", "source": {"type": "url", "url": "x"}}),
            "messages[0].content[0]",
        ),
        (user({"type": "image"}), "messages[0].content[0]"),
        (assistant({"type": "server_tool_use", "id": "1"}), "messages[0].content[0]"),
        (
            user({"type": "tool_result", "tool_use_id": "1", "content": [{"type": "odd"}]}),
            "messages[0].content[0].content[0]",
        ),
    ],
)
def test_what_openais_form_cannot_say_is_noted_by_its_place(message: Any, place: str) -> None:
    """It is no error: Anthropic itself understands it."""
    assert read(message).only == place


@pytest.mark.parametrize(
    ("messages", "place"),
    [
        (None, "messages"),
        ([], "messages"),
        ("x", "messages"),
        (["x"], "messages[0].role"),
        ([{"content": "x"}], "messages[0].role"),
        ([{"role": "tool", "content": "x"}], "messages[0].role"),
        ([{"role": "user"}], "messages[0].content"),
        ([{"role": "user", "content": 5}], "messages[0].content"),
        ([user("x")], "messages[0].content[0]"),
        ([user({"type": 5})], "messages[0].content[0]"),
        ([user({"type": "text"})], "messages[0].content[0].text"),
        ([user({"type": "tool_result"})], "messages[0].content[0].tool_use_id"),
        ([assistant({**USE, "input": "x"})], "messages[0].content[0].input"),
        ([assistant({**USE, "name": None})], "messages[0].content[0].name"),
        ([assistant({**USE, "id": 5})], "messages[0].content[0].id"),
        ([{"role": "system", "content": [IMAGE]}], "messages[0].content[0].text"),
    ],
)
def test_what_is_wrong_is_named_where_it_stands(messages: Any, place: str) -> None:
    """In the client's own words."""
    error = refusal(lambda: Turns().read({"messages": messages}))
    assert (error.status, error.param) == (400, place)
