"""The tools of OpenAI's Responses API as those of a chat. Pure.

Tools that the upstream runs itself have no place in a chat: they are noted by their place, and only an upstream
that speaks this form can take the request.
"""

from collections.abc import Mapping
from typing import Any

from gateway.errors import bad_request
from gateway.fields import string
from gateway.wire_tools import MAX_TOOLS
from providers.lenient import fields

MODES = ("none", "auto", "required")
NAMED = ("function", "custom")
"""Types of tools that the client runs, by their names."""


def read_tools(body: Mapping[str, Any]) -> tuple[list[dict[str, Any]], str | None]:
    """A chat's tools, and the place of the first that no chat has.

    Raises:
        ApiError: 400, with the tool that is mistyped.
    """
    given = body.get("tools")
    if given is None:
        return [], None
    if not isinstance(given, list) or len(given) > MAX_TOOLS:
        raise bad_request(f"'tools' must be an array of at most {MAX_TOOLS}", "tools")
    found, foreign = [], None
    for n, tool in enumerate(given):
        told = _tool(tool, f"tools[{n}]")
        if told is None:
            foreign = foreign or f"tools[{n}]"
        else:
            found.append(told)
    return found, foreign


def read_choice(body: Mapping[str, Any]) -> tuple[Any, str | None]:
    """A chat's choice of tools, and `tool_choice` where it is of a tool that no chat has.

    Raises:
        ApiError: 400, it is no choice.
    """
    choice = body.get("tool_choice")
    if choice is None or choice in MODES:
        return choice, None
    if not isinstance(choice, dict):
        words = f"'tool_choice' must be one of {', '.join(MODES)} or an object"
        raise bad_request(words, "tool_choice")
    kind = choice.get("type")
    if kind == "allowed_tools":
        return _allowed(choice)
    if kind not in NAMED:
        return None, "tool_choice"
    return _named(choice, "tool_choice"), None


def _allowed(choice: Mapping[str, Any]) -> tuple[Any, str | None]:
    mode, tools = choice.get("mode"), choice.get("tools")
    if mode not in ("auto", "required"):
        words = "'tool_choice.mode' must be auto or required"
        raise bad_request(words, "tool_choice.mode")
    if not isinstance(tools, list):
        raise bad_request("'tool_choice.tools' must be an array", "tool_choice.tools")
    if any(fields(tool).get("type") not in NAMED for tool in tools):
        return None, "tool_choice"
    named = [_named(tool, f"tool_choice.tools[{n}]") for n, tool in enumerate(tools)]
    return {"type": "allowed_tools", "allowed_tools": {"mode": mode, "tools": named}}, None


def _named(tool: Mapping[str, Any], where: str) -> dict[str, Any]:
    kind = tool["type"]
    return {"type": kind, kind: {"name": string(tool.get("name"), f"{where}.name")}}


def _tool(tool: Any, where: str) -> dict[str, Any] | None:
    if not isinstance(tool, dict) or not isinstance(tool.get("type"), str):
        raise bad_request(f"'{where}' must be an object with a type", where)
    kind = tool["type"]
    if kind not in NAMED:
        return None
    if not string(tool.get("name"), f"{where}.name"):
        raise bad_request(f"'{where}.name' must not be empty", f"{where}.name")
    if not isinstance(tool.get("parameters"), dict | None):
        raise bad_request(f"'{where}.parameters' must be an object", f"{where}.parameters")
    names = ("name", "description", "parameters", "strict", "format")
    told = {name: tool[name] for name in names if tool.get(name) is not None}
    if "description" in told:
        string(told["description"], f"{where}.description")
    if kind == "custom" and "format" in told:
        told["format"] = _grammar(told["format"])
    return {"type": kind, kind: told}


def _grammar(given: Any) -> Any:
    """A chat has a grammar in an object of its own."""
    rest = {name: value for name, value in fields(given).items() if name != "type"}
    return {"type": "grammar", "grammar": rest} if rest else given
