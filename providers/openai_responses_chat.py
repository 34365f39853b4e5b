"""A chat as a request of OpenAI's Responses API: items instead of messages, and flat tools. Pure.

Nothing is left there: `store` is false unless the client says otherwise, so thoughts are asked for sealed, to
be shown again with the calls behind them.
"""

import re
from collections.abc import Iterator
from typing import Any

from providers.conversation import (
    AudioPart,
    FilePart,
    ImagePart,
    Message,
    Part,
    TextPart,
    ToolUse,
)
from providers.lenient import fields, rows, text
from providers.parameters import ASKS_FOR_NOTHING
from providers.types import JSON, ChatCall

SHARED = (
    *("temperature", "top_p", "parallel_tool_calls", "metadata", "user", "safety_identifier"),
    *("prompt_cache_key", "prompt_cache_retention", "service_tier", "truncation"),
)
"""Members of a chat that are the same here."""

READ = frozenset(
    {
        *("model", "messages", "stream", "stream_options", "max_tokens", "max_completion_tokens"),
        *("tools", "tool_choice", "functions", "function_call", "response_format", "verbosity"),
        *("reasoning_effort", "reasoning", "logprobs", "top_logprobs", "store", "include"),
    }
)
"""Members that are told in other words."""

THOUGHTLESS = re.compile(r"(ft:)?(chat)?gpt-[34]")
"""Models that do not reason, and refuse to be asked for their thoughts."""

SEALED = "reasoning.encrypted_content"
LOGPROBS = "message.output_text.logprobs"


def refused(call: ChatCall) -> str | None:
    """The first parameter that has no place in this API, or None."""
    if call.stop:
        return "stop"
    for name, value in call.body.items():
        if name not in READ and name not in SHARED and _asks(name, value):
            return name
    sound = any(isinstance(part, AudioPart) for each in call.messages for part in each.parts)
    return "messages" if sound else None


def _asks(name: str, value: Any) -> bool:
    """Whether this asks for something."""
    if value is None or (name == "stop" and value == []):
        return False
    return not (name in ASKS_FOR_NOTHING and ASKS_FOR_NOTHING[name](value))


def response_body(call: ChatCall, model: str) -> JSON:
    """The request, for the provider's model `model`."""
    body, customs = call.body, _customs(call)
    told = {
        **{name: body.get(name) for name in SHARED},
        "model": model,
        "input": [item for message in call.messages for item in _items(message, customs)],
        "stream": True if call.stream else None,
        "store": body.get("store") is True,
        "include": _include(call, model) or None,
        "max_output_tokens": call.max_tokens,
        "tools": _tools(call) or None,
        "tool_choice": _choice(call),
        "text": _text(call) or None,
        "reasoning": _reasoning(call) or None,
        "top_logprobs": call.logprobs or None,
    }
    return {name: value for name, value in told.items() if value is not None}


def _customs(call: ChatCall) -> frozenset[str]:
    """The ids of calls whose tools take text."""
    uses = (use for message in call.messages for use in message.tool_calls)
    return frozenset(use.id for use in uses if use.kind == "custom")


def _items(message: Message, customs: frozenset[str]) -> Iterator[JSON]:
    if message.role == "tool":
        kind = "custom_tool_call" if message.tool_call_id in customs else "function_call"
        output = _content(message)
        yield {"type": f"{kind}_output", "call_id": message.tool_call_id, "output": output}
        return
    yield from _thoughts(message.extra)
    if message.role != "assistant":
        yield {"role": message.role, "content": _content(message)}
        return
    if message.text:
        yield {"role": "assistant", "content": message.text}
    for use in message.tool_calls:
        yield from _thoughts(use.extra)
        yield _call(use)


def _thoughts(extra: JSON) -> list[JSON]:
    """The sealed thoughts that were kept with a turn or a call."""
    return rows(fields(extra.get("openai")).get("reasoning"))


def _call(use: ToolUse) -> dict[str, Any]:
    if use.kind == "custom":
        told = {"type": "custom_tool_call", "input": use.arguments}
    else:
        told = {"type": "function_call", "arguments": use.arguments or "{}"}
    return {**told, "call_id": use.id, "name": use.name}


def _content(message: Message) -> Any:
    return [_part(part) for part in message.parts] if message.parts else message.text


def _part(part: Part) -> dict[str, Any]:
    match part:
        case TextPart():
            told: dict[str, Any] = {"type": "input_text", "text": part.text}
        case ImagePart():
            told = {"type": "input_image", "image_url": part.url, "detail": part.detail}
        case FilePart():
            told = {"type": "input_file", "file_id": part.file_id, "filename": part.filename}
            told["file_data"] = part.data
        case AudioPart():
            told = {}
    return {name: value for name, value in told.items() if value is not None}


def _tools(call: ChatCall) -> list[JSON]:
    """Flat. Tools that the upstream runs itself are told as the client told them."""
    old: list[JSON] = [{"type": "function", **tool} for tool in rows(call.body.get("functions"))]
    return old or [_flat(tool) for tool in rows(call.body.get("tools"))]


def _flat(tool: JSON) -> JSON:
    kind = text(tool.get("type"))
    if kind not in ("function", "custom"):
        return tool
    told = {"type": kind, **fields(tool.get(kind))}
    given = fields(told.get("format"))
    if "grammar" in given:
        told["format"] = {"type": "grammar", **fields(given["grammar"])}
    return told


def _choice(call: ChatCall) -> Any:
    choice = call.tool_choice
    if choice is None:
        return None
    if choice.allowed:
        allowed = fields(fields(call.body.get("tool_choice")).get("allowed_tools"))
        tools = [_flat(tool) for tool in rows(allowed.get("tools"))]
        return {"type": "allowed_tools", "mode": choice.mode, "tools": tools}
    if choice.name is None:
        return choice.mode
    kind = fields(call.body.get("tool_choice")).get("type", "function")
    return {"type": kind, "name": choice.name}


def _text(call: ChatCall) -> dict[str, Any]:
    told = {"format": _format(call), "verbosity": call.body.get("verbosity")}
    return {name: value for name, value in told.items() if value is not None}


def _format(call: ChatCall) -> JSON | None:
    if call.response_format is None:
        return None
    if call.response_format.schema is None:
        return {"type": "json_object"}
    given = fields(fields(call.body.get("response_format")).get("json_schema"))
    return {"type": "json_schema", "name": "answer", **given}


def _reasoning(call: ChatCall) -> dict[str, Any]:
    """How long to think, and what else the client said of it: `reasoning` is what many call this member."""
    effort = {} if call.effort is None else {"effort": call.effort}
    return {**fields(call.body.get("reasoning")), **effort}


def _include(call: ChatCall, model: str) -> list[str]:
    given = call.body.get("include")
    asked = [name for name in given if isinstance(name, str)] if isinstance(given, list) else []
    asked += [LOGPROBS] if call.logprobs is not None else []
    asked += [] if THOUGHTLESS.match(model) or call.body.get("store") is True else [SEALED]
    return list(dict.fromkeys(asked))
