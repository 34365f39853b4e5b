"""Chats in Anthropic's form: what each thing that a client can say becomes."""

from typing import Any

import pytest

from providers.anthropic_chat import JSON_ONLY, NO_RESULT, chat_body
from providers.conversation import (
    AudioPart,
    FilePart,
    ImagePart,
    Message,
    ResponseFormat,
    TextPart,
    Tool,
    ToolChoice,
    ToolUse,
)
from providers.errors import RequestRejected
from providers.types import ChatCall

TOOL = Tool("f", "does", {"type": "object", "properties": {"a": {"type": "string"}}})
THOUGHT = {"type": "thinking", "thinking": "hm", "signature": "s"}


def body(*messages: Message, model: str = "claude-opus-4-6", **changes: Any) -> dict[str, Any]:
    said = messages or (Message("user", "hi"),)
    return chat_body(ChatCall("m", said, changes.pop("body", {}), **changes), model)


def test_tools_have_a_schema_of_an_object_always() -> None:
    """The API demands one, of functions without arguments too."""
    assert body(tools=(TOOL, Tool("g")))["tools"] == [
        {"name": "f", "description": "does", "input_schema": TOOL.parameters},
        {"name": "g", "input_schema": {"type": "object", "properties": {}}},
    ]


@pytest.mark.parametrize(
    ("choice", "parallel", "told"),
    [
        (None, True, None),
        (None, False, {"type": "auto", "disable_parallel_tool_use": True}),
        (ToolChoice("auto"), True, {"type": "auto"}),
        (ToolChoice("none"), False, {"type": "none"}),
        (ToolChoice("required"), False, {"type": "any", "disable_parallel_tool_use": True}),
        (ToolChoice("required", "f"), True, {"type": "tool", "name": "f"}),
    ],
)
def test_every_choice_of_tools_has_its_type(
    choice: ToolChoice | None, parallel: bool, told: Any
) -> None:
    """And one call at a time is part of the choice."""
    made = body(tools=(TOOL,), tool_choice=choice, parallel=parallel)
    assert made.get("tool_choice") == told


def test_only_allowed_tools_are_offered() -> None:
    """There is no other way to say it."""
    choice = ToolChoice("auto", allowed=("g",))
    tools = body(tools=(TOOL, Tool("g")), tool_choice=choice)["tools"]
    assert [tool["name"] for tool in tools] == ["g"]


def test_results_stand_together_first_in_the_users_turn() -> None:
    """With what the user says behind them."""
    calls = (ToolUse("1", "f", '{"a":1}'), ToolUse("2", "g", ""))
    first, calling, results = body(
        Message("user", "x"),
        Message("assistant", "hm", tool_calls=calls),
        Message("tool", "one", tool_call_id="1"),
        Message("tool", "", tool_call_id="2"),
        Message("user", "y"),
    )["messages"]
    assert first == {"role": "user", "content": "x"}
    assert calling["content"] == [
        {"type": "text", "text": "hm"},
        {"type": "tool_use", "id": "1", "name": "f", "input": {"a": 1}},
        {"type": "tool_use", "id": "2", "name": "g", "input": {}},
    ]
    assert results["content"] == [
        {"type": "tool_result", "tool_use_id": "1", "content": "one"},
        {"type": "tool_result", "tool_use_id": "2"},
        {"type": "text", "text": "y"},
    ]


@pytest.mark.parametrize(
    "after", [(), (Message("user", "y"),), (Message("tool", "r", tool_call_id="2"),)]
)
def test_a_call_without_a_result_gets_one_that_says_so(after: tuple[Message, ...]) -> None:
    """The API refuses a conversation that lacks it."""
    calls = (ToolUse("1", "f", "{}"), ToolUse("2", "g", "{}"))
    turns = body(Message("assistant", "", tool_calls=calls), *after)["messages"]
    results = [block for block in turns[1]["content"] if block["type"] == "tool_result"]
    assert {block["tool_use_id"] for block in results} == {"1", "2"}
    missing = next(block for block in results if block["tool_use_id"] == "1")
    assert (missing["content"], missing["is_error"]) == (NO_RESULT, True)


def test_ids_of_other_providers_are_made_to_fit_on_both_sides() -> None:
    """Letters, digits, dashes."""
    turns = body(
        Message("assistant", "", tool_calls=(ToolUse("call:1/ü", "f", "{}"),)),
        Message("tool", "r", tool_call_id="call:1/ü"),
    )["messages"]
    ids = (turns[0]["content"][0]["id"], turns[1]["content"][0]["tool_use_id"])
    assert ids == ("call_1__", "call_1__")


def test_every_kind_of_part_has_its_block() -> None:
    """Sound has none."""
    parts = (
        TextPart("a"),
        ImagePart("data:image/png;base64,AA"),
        ImagePart("https://x/y.png"),
        FilePart("data:application/pdf;base64,CC", "c.pdf"),
    )
    pdf = {"type": "base64", "media_type": "application/pdf", "data": "CC"}
    assert body(Message("user", "a", parts))["messages"][0]["content"] == [
        {"type": "text", "text": "a"},
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AA"}},
        {"type": "image", "source": {"type": "url", "url": "https://x/y.png"}},
        {"type": "document", "source": pdf},
    ]
    with pytest.raises(RequestRejected):
        body(Message("user", "", (AudioPart("AA", "wav"),)))


def test_a_schema_is_demanded_and_json_asked_for() -> None:
    """There is no way to demand JSON of any kind."""
    schema = {"type": "object"}
    made = body(response_format=ResponseFormat(schema, "n"))
    assert made["output_config"] == {"format": {"type": "json_schema", "schema": schema}}
    assert body(response_format=ResponseFormat())["system"] == JSON_ONLY


def test_newer_models_are_told_how_hard_to_think_and_older_ones_how_long() -> None:
    """Beside it, sampling is not to be touched; the limit is for the answer."""
    newer = body(effort="high", temperature=0.5, top_p=0.5, max_tokens=100)
    assert newer["thinking"] == {"type": "adaptive"}
    assert newer["output_config"] == {"effort": "high"}
    assert not {"temperature", "top_p"} & newer.keys()
    older = body(effort="medium", max_tokens=100, model="claude-sonnet-4-20250514")
    assert older["thinking"] == {"type": "enabled", "budget_tokens": 8192}
    assert older["max_tokens"] == 8292
    assert "thinking" not in body(effort="high", model="claude-3-5-haiku-latest")
    assert "thinking" not in body(effort="none")


def test_thoughts_go_back_before_their_calls() -> None:
    """Unchanged, and only where it is thought at all."""
    use = ToolUse("1", "f", "{}", extra={"anthropic": {"thinking": [THOUGHT]}})
    said = (Message("assistant", "", tool_calls=(use,)), Message("tool", "r", tool_call_id="1"))
    assert body(*said, effort="high")["messages"][0]["content"][0] == THOUGHT
    assert body(*said)["messages"][0]["content"][0]["type"] == "tool_use"


def test_without_the_thoughts_behind_its_calls_there_is_no_thinking() -> None:
    """The API would refuse it, as it does beside a tool that is forced."""
    lost = Message("assistant", "", tool_calls=(ToolUse("1", "f", "{}"),))
    assert "thinking" not in body(lost, effort="high")
    forced = body(tools=(TOOL,), tool_choice=ToolChoice("required"), effort="high")
    assert "thinking" not in forced
