"""OpenAI's tools, and what else shapes an answer: which may be called, its format, how long to think. Pure."""

from collections.abc import Mapping
from typing import Any, cast

from gateway.errors import bad_request
from gateway.fields import integer, optional_bool, string
from providers.conversation import ResponseFormat, Tool, ToolChoice, ToolMode

MAX_TOOLS = 4096
MOST_LOGPROBS = 20
ANY = "any"
"""Mistral's word for `required`."""
MODES = ("none", "auto", "required", ANY)
EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")

LEGACY = frozenset({"functions", "function_call"})


def read_tools(body: Mapping[str, Any]) -> tuple[Tool, ...]:
    """The functions that may be called. Tools of other types are the upstream's own: they stay in the body.

    Raises:
        ApiError: 400, with the tool that is mistyped.
    """
    old = body.get("functions")
    if old is not None:
        return tuple(
            _tool(each, f"functions[{n}]") for n, each in enumerate(_list(old, "functions"))
        )
    tools = body.get("tools")
    if tools is None:
        return ()
    found = []
    for n, tool in enumerate(_list(tools, "tools")):
        where = f"tools[{n}]"
        kind = _kind(tool)
        if kind is None:
            raise bad_request(f"'{where}' must be an object with a type", where)
        if kind == "function":
            found.append(_tool(tool.get("function"), f"{where}.function"))
    return tuple(found)


def _kind(tool: Any) -> str | None:
    """A tool's type; Mistral's clients leave it out for functions."""
    if not isinstance(tool, dict):
        return None
    kind = tool.get("type", "function" if isinstance(tool.get("function"), dict) else None)
    return kind if isinstance(kind, str) else None


def read_choice(body: Mapping[str, Any]) -> ToolChoice | None:
    """Whether tools may be called, and which; None where the client says nothing of it.

    Raises:
        ApiError: 400, it is none.
    """
    member = "function_call" if body.get("function_call") is not None else "tool_choice"
    choice = body.get(member)
    if choice is None:
        return None
    if isinstance(choice, str):
        if choice not in MODES:
            raise bad_request(f"'{member}' must be one of {', '.join(MODES)} or an object", member)
        return ToolChoice("required" if choice == ANY else cast("ToolMode", choice))
    if not isinstance(choice, dict):
        raise bad_request(f"'{member}' must be a string or an object", member)
    if choice.get("type") == "allowed_tools":
        return _allowed(choice)
    named = choice if member == "function_call" else choice.get(str(choice.get("type")))
    name = named.get("name") if isinstance(named, dict) else None
    if not isinstance(name, str):
        raise bad_request(f"'{member}' must name a function", member)
    return ToolChoice("required", name)


def read_format(body: Mapping[str, Any]) -> ResponseFormat | None:
    """The JSON that the answer shall be; None for text.

    Raises:
        ApiError: 400, it is no format.
    """
    given = body.get("response_format")
    if given is None:
        return None
    kind = given.get("type") if isinstance(given, dict) else None
    if kind == "text":
        return None
    if kind == "json_object":
        return ResponseFormat()
    if kind != "json_schema":
        words = "'response_format.type' must be text, json_object or json_schema"
        raise bad_request(words, "response_format")
    place = "response_format.json_schema"
    spec = given.get("json_schema")
    schema = spec.get("schema", {}) if isinstance(spec, dict) else None
    if not isinstance(schema, dict):
        raise bad_request(f"'{place}' must be an object with a schema", place)
    strict = spec.get("strict")
    name = string(spec.get("name", ""), f"{place}.name")
    return ResponseFormat(schema, name, strict if isinstance(strict, bool) else None)


def read_effort(body: Mapping[str, Any]) -> str | None:
    """How long the model shall think.

    Raises:
        ApiError: 400, it is no such word.
    """
    effort = body.get("reasoning_effort")
    if effort is not None and effort not in EFFORTS:
        raise bad_request(
            f"'reasoning_effort' must be one of {', '.join(EFFORTS)}", "reasoning_effort"
        )
    return cast("str | None", effort)


def read_logprobs(body: Mapping[str, Any]) -> int | None:
    """How many alternatives of each token are asked for; None where its probability is not.

    Raises:
        ApiError: 400, out of range, or asked for without `logprobs`.
    """
    top = integer(body, "top_logprobs", 0, MOST_LOGPROBS)
    wanted = optional_bool(body, "logprobs")
    if top and not wanted:
        raise bad_request("'top_logprobs' needs 'logprobs'", "top_logprobs")
    return (top or 0) if wanted else None


def _allowed(choice: Mapping[str, Any]) -> ToolChoice:
    place = "tool_choice.allowed_tools"
    given = choice.get("allowed_tools")
    mode = given.get("mode") if isinstance(given, dict) else None
    if not isinstance(given, dict) or mode not in ("auto", "required"):
        raise bad_request(f"'{place}' must be an object with a mode of auto or required", place)
    names = [
        string((tool.get("function") or {}).get("name"), f"{place}.tools")
        for tool in _list(given.get("tools"), f"{place}.tools")
        if isinstance(tool, dict) and isinstance(tool.get("function"), dict)
    ]
    return ToolChoice(mode, allowed=tuple(names))


def _tool(function: Any, where: str) -> Tool:
    if not isinstance(function, dict):
        raise bad_request(f"'{where}' must be an object", where)
    name = string(function.get("name"), f"{where}.name")
    if not name:
        raise bad_request(f"'{where}.name' must not be empty", f"{where}.name")
    parameters = function.get("parameters")
    if not isinstance(parameters, dict | None):
        raise bad_request(f"'{where}.parameters' must be an object", f"{where}.parameters")
    strict = function.get("strict")
    return Tool(
        name,
        string(function.get("description") or "", f"{where}.description"),
        parameters,
        strict if isinstance(strict, bool) else None,
    )


def _list(value: Any, where: str) -> list[Any]:
    if not isinstance(value, list) or len(value) > MAX_TOOLS:
        raise bad_request(f"'{where}' must be an array of at most {MAX_TOOLS}", where)
    return value
