"""Functions that Google's clients offer, as OpenAI's tools: which there are, and which may be called. Pure."""

from collections.abc import Mapping
from typing import Any

from gateway.apis.generate_schema import schema_of
from gateway.apis.names import an_object, member, members, objects
from gateway.errors import bad_request
from gateway.fields import string

MODES: Mapping[str, str] = {
    "MODE_UNSPECIFIED": "auto",
    "AUTO": "auto",
    "ANY": "required",
    "NONE": "none",
    "VALIDATED": "auto",
}
CALLING = "toolConfig.functionCallingConfig"


def tools_of(body: Mapping[str, Any]) -> tuple[list[dict[str, Any]], str | None]:
    """The functions, and the place of the first tool that only Google runs.

    Raises:
        ApiError: 400, with the place of what is missing or mistyped.
    """
    found, foreign = [], None
    for where, tool in objects(body.get("tools"), "tools"):
        for name, value in members(tool).items():
            if name != "functionDeclarations":
                foreign = foreign or f"{where}.{name}"
                continue
            found += [_function(declared, at) for at, declared in objects(value, f"{where}.{name}")]
    return found, foreign


def choice_of(body: Mapping[str, Any]) -> Any:
    """Whether functions may or must be called, and which; None where nothing is said of it.

    Raises:
        ApiError: 400, there is no such mode, or the names are none.
    """
    config = an_object(an_object(body, "toolConfig"), "functionCallingConfig", "toolConfig")
    mode = config.get("mode")
    if mode is None:
        return None
    if not isinstance(mode, str) or mode not in MODES:
        raise bad_request(f"'{CALLING}.mode' must be one of {', '.join(MODES)}", f"{CALLING}.mode")
    tools = [{"type": "function", "function": {"name": name}} for name in _allowed(config)]
    if not tools:
        return MODES[mode]
    if mode == "ANY" and len(tools) == 1:
        return tools[0]
    allowed = {"mode": MODES[mode], "tools": tools}
    return {"type": "allowed_tools", "allowed_tools": allowed} if mode != "NONE" else "none"


def _allowed(config: Mapping[str, Any]) -> list[str]:
    place = f"{CALLING}.allowedFunctionNames"
    names = member(config, "allowedFunctionNames")
    if not isinstance(names, list | None):
        raise bad_request(f"'{place}' must be an array of strings", place)
    return [string(name, f"{place}[{n}]") for n, name in enumerate(names or [])]


def _function(declared: Mapping[str, Any], where: str) -> dict[str, Any]:
    name = string(declared.get("name"), f"{where}.name")
    if not name:
        raise bad_request(f"'{where}.name' must not be empty", f"{where}.name")
    function = {
        "name": name,
        "description": string(declared.get("description") or "", f"{where}.description") or None,
        "parameters": _parameters(declared, where),
    }
    told = {name: value for name, value in function.items() if value is not None}
    return {"type": "function", "function": told}


def _parameters(declared: Mapping[str, Any], where: str) -> Any:
    name, schema = "parametersJsonSchema", member(declared, "parametersJsonSchema")
    if schema is None:
        name, schema = "parameters", schema_of(declared.get("parameters"))
    if not isinstance(schema, dict | None):
        raise bad_request(f"'{where}.{name}' must be an object", f"{where}.{name}")
    return schema
