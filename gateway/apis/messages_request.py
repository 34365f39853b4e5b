"""A request of Anthropic's Messages API to the call that every upstream can be sent. Pure.

The request becomes a chat in OpenAI's form, which the dialects translate; and it is kept as it came, for
upstreams that speak this form themselves.
"""

from collections.abc import Mapping
from typing import Any

from gateway.apis.api import Asked
from gateway.apis.messages_turns import THOUGHTS, Turns, is_signed
from gateway.errors import bad_request
from gateway.fields import integer, number, optional_bool, string, strings
from gateway.wire import MAX_TOKENS, model_of, read_chat
from providers.types import ChatCall, Native

HEADERS = ("anthropic-version", "anthropic-beta")
"""The client's headers that are Anthropic's business."""

HINTS = frozenset({"cache_control", "metadata", "context_management", "inference_geo", "speed"})
"""No answer reads differently without them."""

TRANSLATED = frozenset(
    {
        *("model", "messages", "system", "max_tokens", "stop_sequences", "temperature", "top_p"),
        *("stream", "tools", "tool_choice", "thinking", "output_config", "output_format"),
        *("service_tier",),
    }
)
TIERS = {"auto": "auto", "standard_only": "default"}
MODES = {"auto": "auto", "any": "required", "none": "none"}
EFFORTS = {"max": "xhigh"}
OWN_IDS = "tool"
"""How the ids begin that Anthropic's models give, wherever they run."""

LITTLE, SOME = 2048, 8192
"""Tokens for thoughts, up to which a budget counts as a low and as a medium effort."""


def read_messages(asked: Asked) -> ChatCall:
    """The call.

    Raises:
        ApiError: 400, with the parameter that is missing, mistyped or out of range.
    """
    body = asked.body
    model = model_of(body)
    if body.get("max_tokens") is None:
        raise bad_request("Missing required parameter: 'max_tokens'", "max_tokens")
    integer(body, "max_tokens", 1, MAX_TOKENS)
    return _call(model, asked)


def read_count(asked: Asked) -> ChatCall:
    """The call whose tokens are to be counted: all of it but how it shall be answered."""
    return _call(model_of(asked.body), asked)


def _call(model: str, asked: Asked) -> ChatCall:
    body = asked.body
    turns = Turns()
    turns.read(body)
    tools, foreign = _tools(body)
    chat: dict[str, Any] = {
        "model": model,
        "messages": turns.messages or [{"role": "user", "content": ""}],
        "max_tokens": body.get("max_tokens"),
        "temperature": number(body, "temperature", 0.0, 1.0),
        "top_p": number(body, "top_p", 0.0, 1.0),
        "stop": list(strings(body, "stop_sequences")) or None,
        "stream": True if optional_bool(body, "stream") else None,
        "tools": tools or None,
        **(_choice(body) if tools else {}),
        "reasoning_effort": _effort(body),
        "response_format": _format(body),
        "service_tier": TIERS.get(str(body.get("service_tier"))),
        "user": _user(body),
        **{n: v for n, v in body.items() if n not in TRANSLATED and n not in HINTS},
    }
    call = read_chat({name: value for name, value in chat.items() if value is not None})
    headers = tuple((name, asked.headers[name]) for name in HEADERS if name in asked.headers)
    native = Native("anthropic", _own(body), headers, turns.only or foreign)
    return ChatCall(**{**vars(call), "native": native})


def _tools(body: Mapping[str, Any]) -> tuple[list[dict[str, Any]], str | None]:
    """The functions, and the place of the first tool that only Anthropic runs."""
    given = body.get("tools")
    if given is None:
        return [], None
    if not isinstance(given, list):
        raise bad_request("'tools' must be an array", "tools")
    found, foreign = [], None
    for n, tool in enumerate(given):
        if not isinstance(tool, dict):
            raise bad_request(f"'tools[{n}]' must be an object", f"tools[{n}]")
        if tool.get("type") not in (None, "custom"):
            foreign = foreign or f"tools[{n}]"
            continue
        function = {
            "name": string(tool.get("name"), f"tools[{n}].name"),
            "description": tool.get("description"),
            "parameters": tool.get("input_schema"),
            "strict": tool.get("strict"),
        }
        said = {name: value for name, value in function.items() if value is not None}
        found.append({"type": "function", "function": said})
    return found, foreign


def _choice(body: Mapping[str, Any]) -> dict[str, Any]:
    choice = body.get("tool_choice")
    if choice is None:
        return {}
    kind = choice.get("type") if isinstance(choice, dict) else None
    if kind == "tool":
        name = string(choice.get("name"), "tool_choice.name")
        wanted: Any = {"type": "function", "function": {"name": name}}
    elif kind in MODES:
        wanted = MODES[kind]
    else:
        words = "'tool_choice.type' must be one of auto, any, tool, none"
        raise bad_request(words, "tool_choice.type")
    alone = choice.get("disable_parallel_tool_use") is True
    return {"tool_choice": wanted, **({"parallel_tool_calls": False} if alone else {})}


def _effort(body: Mapping[str, Any]) -> str | None:
    """How long to think: as a word, or as a budget of tokens; None where nothing is asked for."""
    thinking, output = _object(body, "thinking"), _object(body, "output_config")
    if thinking.get("type") == "disabled":
        return None
    effort = output.get("effort")
    if isinstance(effort, str):
        return EFFORTS.get(effort, effort)
    budget = thinking.get("budget_tokens")
    if not isinstance(budget, int):
        return None
    return "low" if budget <= LITTLE else "medium" if budget <= SOME else "high"


def _format(body: Mapping[str, Any]) -> dict[str, Any] | None:
    """The JSON that the answer shall be; the older member of its own says it too."""
    wanted = _object(body, "output_config").get("format", body.get("output_format"))
    if wanted is None:
        return None
    schema = wanted.get("schema") if isinstance(wanted, dict) else None
    if not isinstance(schema, dict):
        raise bad_request("'output_config.format' must hold a schema", "output_config.format")
    return {
        "type": "json_schema",
        "json_schema": {"name": "answer", "schema": schema, "strict": True},
    }


def _user(body: Mapping[str, Any]) -> str | None:
    user = _object(body, "metadata").get("user_id")
    return user if isinstance(user, str) and user else None


def _object(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = body.get(name)
    if value is not None and not isinstance(value, dict):
        raise bad_request(f"'{name}' must be an object", name)
    return value or {}


def _own(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """The request for Anthropic itself: as it came, but for thoughts that another model had, which it would
    refuse. After another model's call of a tool it cannot go on thinking, and is not asked to."""
    given = body["messages"]
    kept = [_signed(message) for message in given]
    own = body
    if any(one is not other for one, other in zip(given, kept, strict=True)):
        own = {**own, "messages": [message for message in kept if message.get("content") != []]}
    if "thinking" in own and _is_called_by_another(given):
        own = {name: value for name, value in own.items() if name != "thinking"}
    return own


def _signed(message: Any) -> Any:
    content = message.get("content")
    if message.get("role") != "assistant" or not isinstance(content, list):
        return message
    kept = [block for block in content if block["type"] not in THOUGHTS or is_signed(block)]
    return message if len(kept) == len(content) else {**message, "content": kept}


def _is_called_by_another(messages: Any) -> bool:
    """Whether the last turn that called a tool was not Anthropic's: by its thoughts, or by the call's id."""
    for message in reversed(messages):
        content = message.get("content")
        if message["role"] != "assistant" or not isinstance(content, list):
            continue
        calls = [block for block in content if block["type"] == "tool_use"]
        if calls:
            foreign = not str(calls[0]["id"]).startswith(OWN_IDS)
            return foreign or _signed(message) is not message
    return False
