"""Functions of Google's clients, and which of them may be called."""

from typing import Any

import pytest

from gateway.apis.generate_tools import choice_of, tools_of
from gateway.wire_tools import read_choice
from providers.conversation import ToolChoice
from tests.gateway.asked import refusal

PLACE = "tools[0].functionDeclarations[0]"
CALLING = "toolConfig.functionCallingConfig"


def declared(*functions: Any) -> dict[str, Any]:
    return {"tools": [{"functionDeclarations": list(functions)}]}


def test_functions_are_tools() -> None:
    """With Google's kind of schema, or with JSON's own; in either way of writing."""
    own = {"type": "OBJECT", "properties": {"type": {"type": "STRING"}}}
    schema = {"type": "object", "properties": {"type": {"type": "string"}}}
    found, foreign = tools_of(
        declared(
            {"name": "a", "description": "adds", "parameters": own},
            {"name": "b", "parametersJsonSchema": schema},
            {"name": "c", "parameters_json_schema": schema},
            {"name": "d", "description": ""},
        )
    )
    assert foreign is None
    assert [tool["function"] for tool in found] == [
        {"name": "a", "description": "adds", "parameters": schema},
        {"name": "b", "parameters": schema},
        {"name": "c", "parameters": schema},
        {"name": "d"},
    ]


def test_the_first_tool_that_google_runs_is_named() -> None:
    """Functions beside it are tools all the same."""
    tools = [{"functionDeclarations": [{"name": "a"}], "google_search": {}}, {"urlContext": {}}]
    found, foreign = tools_of({"tools": tools})
    assert (len(found), foreign) == (1, "tools[0].googleSearch")
    assert tools_of({}) == ([], None)


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"mode": "AUTO"}, ToolChoice("auto")),
        ({"mode": "MODE_UNSPECIFIED"}, ToolChoice("auto")),
        ({"mode": "VALIDATED"}, ToolChoice("auto")),
        ({"mode": "NONE"}, ToolChoice("none")),
        ({"mode": "NONE", "allowedFunctionNames": ["add"]}, ToolChoice("none")),
        ({"mode": "ANY"}, ToolChoice("required")),
        ({"mode": "ANY", "allowedFunctionNames": ["add"]}, ToolChoice("required", "add")),
        (
            {"mode": "ANY", "allowed_function_names": ["add", "sub"]},
            ToolChoice("required", allowed=("add", "sub")),
        ),
        (
            {"mode": "VALIDATED", "allowedFunctionNames": ["add"]},
            ToolChoice("auto", allowed=("add",)),
        ),
        ({}, None),
    ],
)
def test_whether_functions_must_be_called(config: Any, expected: ToolChoice | None) -> None:
    """And which of them."""
    choice = choice_of({"toolConfig": {"functionCallingConfig": config}})
    assert read_choice({"tool_choice": choice}) == expected


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"tools": 5}, "tools"),
        ({"tools": [{"functionDeclarations": 5}]}, "tools[0].functionDeclarations"),
        (declared({}), f"{PLACE}.name"),
        (declared({"name": ""}), f"{PLACE}.name"),
        (declared({"name": "a", "description": 3}), f"{PLACE}.description"),
        (declared({"name": "a", "parameters": 3}), f"{PLACE}.parameters"),
        (declared({"name": "a", "parametersJsonSchema": []}), f"{PLACE}.parametersJsonSchema"),
        ({"toolConfig": 5}, "toolConfig"),
        ({"toolConfig": {"functionCallingConfig": 5}}, CALLING),
        ({"toolConfig": {"functionCallingConfig": {"mode": "SOME"}}}, f"{CALLING}.mode"),
        ({"toolConfig": {"functionCallingConfig": {"mode": ["ANY"]}}}, f"{CALLING}.mode"),
        (
            {"toolConfig": {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": "f"}}},
            f"{CALLING}.allowedFunctionNames",
        ),
        (
            {"toolConfig": {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": [1]}}},
            f"{CALLING}.allowedFunctionNames[0]",
        ),
    ],
)
def test_what_is_wrong_is_named_where_it_stands(body: Any, place: str) -> None:
    """In Google's words."""
    error = refusal(lambda: (tools_of(body), choice_of(body)))
    assert (error.status, error.param) == (400, place)
    assert place in error.message
