"""The tools of the Responses API as those of a chat."""

from typing import Any

import pytest

from gateway.apis.responses_tools import read_choice, read_tools
from tests.gateway.asked import refusal

ADD = {
    "type": "function",
    "name": "add",
    "description": "adds",
    "parameters": {"type": "object"},
    "strict": True,
}
RUN = {
    "type": "custom",
    "name": "run",
    "format": {"type": "grammar", "syntax": "lark", "definition": "start: x"},
}


def test_functions_and_custom_tools_have_objects_of_their_own() -> None:
    """With all that is said of them; a grammar too."""
    tools, foreign = read_tools({"tools": [ADD, RUN]})
    assert foreign is None
    assert tools[0] == {
        "type": "function",
        "function": {k: v for k, v in ADD.items() if k != "type"},
    }
    grammar = {"syntax": "lark", "definition": "start: x"}
    assert tools[1]["custom"]["format"] == {"type": "grammar", "grammar": grammar}
    plain, _ = read_tools({"tools": [{**RUN, "format": {"type": "text"}}]})
    assert plain[0]["custom"]["format"] == {"type": "text"}


def test_a_tool_that_the_upstream_runs_is_named() -> None:
    """By its place; the others are read none the less."""
    tools, foreign = read_tools({"tools": [ADD, {"type": "web_search"}, {"type": "mcp"}]})
    assert (len(tools), foreign) == (1, "tools[1]")


@pytest.mark.parametrize("choice", [None, "none", "auto", "required"])
def test_words_stay_words(choice: Any) -> None:
    """They are the same in both."""
    assert read_choice({"tool_choice": choice}) == (choice, None)


def test_a_choice_names_a_tool_or_some() -> None:
    """In objects of their own again."""
    named = {"type": "function", "name": "add"}
    told = {"type": "function", "function": {"name": "add"}}
    assert read_choice({"tool_choice": named}) == (told, None)
    some = {"type": "allowed_tools", "mode": "required", "tools": [named]}
    allowed = {"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": [told]}}
    assert read_choice({"tool_choice": some}) == (allowed, None)


@pytest.mark.parametrize(
    "choice",
    [
        {"type": "web_search_preview"},
        {"type": "allowed_tools", "mode": "auto", "tools": [{"type": "mcp", "server_label": "x"}]},
    ],
)
def test_a_choice_of_what_no_chat_has_is_named(choice: Any) -> None:
    """Only who has the tool can honour it."""
    assert read_choice({"tool_choice": choice}) == (None, "tool_choice")


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"tools": {}}, "tools"),
        ({"tools": ["x"]}, "tools[0]"),
        ({"tools": [{"type": "function"}]}, "tools[0].name"),
        ({"tools": [{"type": "function", "name": ""}]}, "tools[0].name"),
        ({"tools": [{**ADD, "parameters": []}]}, "tools[0].parameters"),
        ({"tools": [{**ADD, "description": 5}]}, "tools[0].description"),
    ],
)
def test_what_is_wrong_with_a_tool_is_named(body: Any, where: str) -> None:
    """By its place."""
    assert refusal(lambda: read_tools(body)).param == where


@pytest.mark.parametrize(
    ("choice", "where"),
    [
        ("perhaps", "tool_choice"),
        (5, "tool_choice"),
        ({"type": "function"}, "tool_choice.name"),
        ({"type": "allowed_tools", "mode": "none", "tools": []}, "tool_choice.mode"),
        ({"type": "allowed_tools", "mode": "auto"}, "tool_choice.tools"),
    ],
)
def test_what_is_wrong_with_a_choice_is_named(choice: Any, where: str) -> None:
    """By its member."""
    assert refusal(lambda: read_choice({"tool_choice": choice})).param == where
