"""A chat in the form of Bedrock's Converse: turns of blocks, tools, and how the answer shall be.

Its conversation is Anthropic's in other words: it is put together there (`anthropic_chat`) and told anew here.
What only some models take goes beside it, in `additionalModelRequestFields`.
"""

import re
from collections.abc import Iterator, Sequence
from hashlib import sha256
from itertools import count
from typing import Any

import msgspec

from providers.anthropic_chat import conversation, is_allowed, thinking_of
from providers.conversation import AudioPart, FilePart, ImagePart, Message, Tool
from providers.errors import RequestRejected
from providers.lenient import fields, text
from providers.media import media_of
from providers.parameters import top_k
from providers.types import JSON, ChatCall

IMAGES = {"image/png": "png", "image/jpeg": "jpeg", "image/gif": "gif", "image/webp": "webp"}
_OFFICE = "application/vnd.openxmlformats-officedocument"
DOCUMENTS = {
    "application/pdf": "pdf",
    "text/csv": "csv",
    "text/html": "html",
    "text/plain": "txt",
    "text/markdown": "md",
    "application/msword": "doc",
    f"{_OFFICE}.wordprocessingml.document": "docx",
    "application/vnd.ms-excel": "xls",
    f"{_OFFICE}.spreadsheetml.sheet": "xlsx",
}
TIERS = frozenset({"default", "flex", "priority"})
OWN = ("guardrailConfig", "additionalModelRequestFields")
"""Members of Converse's own that clients may say as they are."""

LONGEST_ID = 64
ANY_OBJECT: JSON = {"type": "object", "properties": {}}
_VERSION = re.compile(r"-v\d+(?::\w+)*$")


def chat_body(call: ChatCall, model: str) -> dict[str, Any]:
    """The request for a chat.

    Raises:
        RequestRejected: a part of a message cannot be expressed.
    """
    _check(call.messages)
    thinking = thinking_of(call, _VERSION.sub("", model)) if "claude" in model else {}
    system, turns = conversation(call, thinking=bool(thinking))
    more = {**_particular(call, model, thinking), **fields(call.body.get(OWN[1]))}
    tier = text(call.body.get("service_tier"))
    wanted = {
        "messages": _merged(turns),
        "system": [{"text": system}] if system else None,
        "inferenceConfig": _config(call, thinking) or None,
        "toolConfig": _tools(call) or None,
        "outputConfig": _output(call, thinking) or None,
        "additionalModelRequestFields": more or None,
        "guardrailConfig": call.body.get(OWN[0]),
        "serviceTier": {"type": tier} if tier in TIERS else None,
    }
    return {name: value for name, value in wanted.items() if value is not None}


def needs_tools(messages: Sequence[Message]) -> bool:
    """Whether the conversation holds calls: then Bedrock demands that tools are offered too."""
    return any(message.tool_calls or message.role == "tool" for message in messages)


def _check(messages: Sequence[Message]) -> None:
    """Content that Bedrock would have to fetch, or knows no word for, is refused here."""
    for part in (part for message in messages for part in message.parts):
        if isinstance(part, AudioPart):
            raise RequestRejected("Bedrock cannot be given sound", param="messages")
        if isinstance(part, ImagePart | FilePart):
            media = media_of(part)
            if media is None or media.url:
                raise RequestRejected("Bedrock fetches no images or files", param="messages")
            if media.type not in (IMAGES.keys() | DOCUMENTS.keys()):
                raise RequestRejected(f"Bedrock takes no {media.type}", param="messages")


def _merged(turns: Sequence[JSON]) -> list[JSON]:
    """The turns in Converse's words; user and assistant have to take turns."""
    told: list[dict[str, Any]] = []
    numbers = count(1)
    for turn in turns:
        blocks = [_block(block, numbers) for block in _listed(turn["content"])]
        if told and told[-1]["role"] == turn["role"]:
            told[-1]["content"] += blocks
        else:
            told.append({"role": turn["role"], "content": blocks})
    return [*told]


def _listed(content: Any) -> list[JSON]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def _block(block: JSON, numbers: Iterator[int]) -> JSON:
    """A block of Anthropic's. Documents are numbered: they need a name, and a neutral one is advised."""
    match block["type"]:
        case "text":
            return {"text": block["text"]}
        case "tool_use":
            used = {"toolUseId": _id(block["id"]), "name": block["name"], "input": block["input"]}
            return {"toolUse": used}
        case "tool_result":
            return {"toolResult": _result(block, numbers)}
        case "thinking":
            thought = {"text": block["thinking"], "signature": block.get("signature")}
            return {"reasoningContent": {"reasoningText": thought}}
        case "redacted_thinking":
            return {"reasoningContent": {"redactedContent": block["data"]}}
        case kind:
            return {kind: _media(block["source"], numbers)}


def _result(block: JSON, numbers: Iterator[int]) -> JSON:
    content = [_block(held, numbers) for held in _listed(block.get("content", []))]
    result = {"toolUseId": _id(block["tool_use_id"]), "content": content}
    return {**result, "status": "error"} if block.get("is_error") else result


def _media(source: JSON, numbers: Iterator[int]) -> JSON:
    media, data = source["media_type"], {"bytes": source["data"]}
    if media in IMAGES:
        return {"format": IMAGES[media], "source": data}
    return {"format": DOCUMENTS[media], "name": f"document {next(numbers)}", "source": data}


def _id(given: str) -> str:
    """Ids of others may be longer than these may be."""
    return given if len(given) <= LONGEST_ID else sha256(given.encode()).hexdigest()


def _config(call: ChatCall, thinking: JSON) -> dict[str, Any]:
    budget = fields(thinking.get("thinking")).get("budget_tokens", 0)
    warm = None if thinking or call.temperature is None else min(call.temperature, 1.0)
    wanted = {
        "maxTokens": None if call.max_tokens is None else call.max_tokens + budget,
        "temperature": warm,
        "topP": None if thinking else call.top_p,
        "stopSequences": [stop for stop in call.stop if stop] or None,
    }
    return {name: value for name, value in wanted.items() if value is not None}


def _tools(call: ChatCall) -> dict[str, Any]:
    """The tools; where the client offers none but the conversation holds calls, those that were called."""
    choice = call.tool_choice
    offered = [tool for tool in call.tools if is_allowed(tool, call)]
    if choice is not None and choice.mode == "none":
        return {}
    if not offered:
        used = {use.name: None for message in call.messages for use in message.tool_calls}
        return {"tools": [_tool(Tool(name)) for name in used]} if used else {}
    tools: dict[str, Any] = {"tools": [_tool(tool) for tool in offered]}
    if choice is not None and choice.name:
        tools["toolChoice"] = {"tool": {"name": choice.name}}
    elif choice is not None:
        tools["toolChoice"] = {"any" if choice.mode == "required" else "auto": {}}
    return tools


def _tool(tool: Tool) -> JSON:
    schema = {**ANY_OBJECT, **(tool.parameters or {}), "type": "object"}
    spec = {
        "name": tool.name,
        "description": tool.description or None,
        "inputSchema": {"json": schema},
        "strict": tool.strict or None,
    }
    return {"toolSpec": {name: value for name, value in spec.items() if value is not None}}


def _output(call: ChatCall, thinking: JSON) -> dict[str, Any]:
    output: dict[str, Any] = {**fields(thinking.get("output_config"))}
    wanted = call.response_format
    if wanted is not None and wanted.schema is not None:
        schema = {"schema": msgspec.json.encode(wanted.schema).decode()}
        named = {**schema, "name": wanted.name} if wanted.name else schema
        output["textFormat"] = {"type": "json_schema", "structure": {"jsonSchema": named}}
    return output


def _particular(call: ChatCall, model: str, thinking: JSON) -> dict[str, Any]:
    """What this family of models takes, each by its own names."""
    more: dict[str, Any] = {"thinking": thinking["thinking"]} if thinking else {}
    if call.effort is not None and "openai.gpt" in model:
        more["reasoning_effort"] = call.effort
    most = top_k(call.body)
    if most is None or thinking:
        return more
    return more | ({"inferenceConfig": {"topK": most}} if "nova" in model else {"top_k": most})
