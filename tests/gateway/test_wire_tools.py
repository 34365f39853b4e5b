"""Tools, choices, formats, effort: what is taken and what is named as wrong."""

from typing import Any

import pytest

from gateway.wire import read_chat
from providers.conversation import ResponseFormat, Tool, ToolChoice
from tests.gateway.asked import chat_body, refusal

F = {
    "type": "function",
    "function": {"name": "f", "description": "d", "parameters": {"type": "object"}},
}
TOOL = Tool("f", "d", {"type": "object"})


def test_tools_and_functions_of_old_are_the_same() -> None:
    """But the client is answered in its own words."""
    new = read_chat(chat_body(tools=[F]))
    old = read_chat(chat_body(functions=[F["function"]]))
    assert new.tools == old.tools == (TOOL,)
    assert (new.legacy, old.legacy) == (False, True)


def test_an_upstreams_own_tools_stay_in_the_body() -> None:
    """They are not functions, and travel to who knows them."""
    call = read_chat(chat_body(tools=[{"type": "web_search"}, F]))
    assert call.tools == (TOOL,)
    assert len(call.body["tools"]) == 2


@pytest.mark.parametrize(
    ("body", "choice"),
    [
        ({"tool_choice": None}, None),
        ({"tool_choice": "auto"}, ToolChoice("auto")),
        ({"tool_choice": "none"}, ToolChoice("none")),
        ({"tool_choice": "required"}, ToolChoice("required")),
        ({"tool_choice": "any"}, ToolChoice("required")),
        (
            {"tool_choice": {"type": "function", "function": {"name": "f"}}},
            ToolChoice("required", "f"),
        ),
        ({"tool_choice": {"type": "custom", "custom": {"name": "g"}}}, ToolChoice("required", "g")),
        ({"function_call": {"name": "f"}}, ToolChoice("required", "f")),
        (
            {
                "tool_choice": {
                    "type": "allowed_tools",
                    "allowed_tools": {"mode": "auto", "tools": [F]},
                }
            },
            ToolChoice("auto", allowed=("f",)),
        ),
    ],
)
def test_a_choice_of_tools_is_read(body: dict[str, Any], choice: ToolChoice | None) -> None:
    """A word, a name, or a list of names."""
    assert read_chat(chat_body(**body)).tool_choice == choice


@pytest.mark.parametrize(
    ("given", "read"),
    [
        (None, None),
        ({"type": "text"}, None),
        ({"type": "json_object"}, ResponseFormat()),
        (
            {
                "type": "json_schema",
                "json_schema": {"name": "n", "schema": {"a": 1}, "strict": True},
            },
            ResponseFormat({"a": 1}, "n", strict=True),
        ),
    ],
)
def test_a_format_is_read(given: Any, read: ResponseFormat | None) -> None:
    """Text is none."""
    assert read_chat(chat_body(response_format=given)).response_format == read


@pytest.mark.parametrize(
    ("body", "effort", "logprobs", "parallel"),
    [
        ({}, None, None, True),
        ({"reasoning_effort": "high"}, "high", None, True),
        ({"logprobs": True}, None, 0, True),
        ({"logprobs": True, "top_logprobs": 3}, None, 3, True),
        ({"parallel_tool_calls": False}, None, None, False),
        ({"parallel_tool_calls": None}, None, None, True),
    ],
)
def test_the_smaller_wishes_are_read(
    body: dict[str, Any], effort: str | None, logprobs: int | None, parallel: bool
) -> None:
    """Effort, probabilities, and whether several tools may be called at once."""
    call = read_chat(chat_body(**body))
    assert (call.effort, call.logprobs, call.parallel) == (effort, logprobs, parallel)


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"tools": 5}, "tools"),
        ({"tools": [5]}, "tools[0]"),
        ({"tools": [{}]}, "tools[0]"),
        ({"tools": [{"type": "function"}]}, "tools[0].function"),
        ({"tools": [{"type": "function", "function": {}}]}, "tools[0].function.name"),
        ({"tools": [{"type": "function", "function": {"name": ""}}]}, "tools[0].function.name"),
        (
            {"tools": [{"type": "function", "function": {"name": "f", "parameters": []}}]},
            "tools[0].function.parameters",
        ),
        ({"functions": {}}, "functions"),
        ({"functions": [{"name": 5}]}, "functions[0].name"),
        ({"tools": [F], "functions": [F["function"]]}, "functions"),
        ({"tool_choice": "never"}, "tool_choice"),
        ({"tool_choice": 5}, "tool_choice"),
        ({"tool_choice": {"type": "function"}}, "tool_choice"),
        ({"tool_choice": {"type": "allowed_tools"}}, "tool_choice.allowed_tools"),
        ({"function_call": {"x": 1}}, "function_call"),
        ({"response_format": "json"}, "response_format"),
        ({"response_format": {"type": "xml"}}, "response_format"),
        ({"response_format": {"type": "json_schema"}}, "response_format.json_schema"),
        (
            {"response_format": {"type": "json_schema", "json_schema": {"schema": 5}}},
            "response_format.json_schema",
        ),
        ({"reasoning_effort": "huge"}, "reasoning_effort"),
        ({"reasoning_effort": 5}, "reasoning_effort"),
        ({"top_logprobs": 3}, "top_logprobs"),
        ({"logprobs": True, "top_logprobs": 21}, "top_logprobs"),
        ({"logprobs": "yes"}, "logprobs"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(body: dict[str, Any], param: str) -> None:
    """And the message is short."""
    error = refusal(lambda: read_chat(chat_body(**body)))
    assert (error.status, error.param) == (400, param)
    assert len(error.message) < 300
