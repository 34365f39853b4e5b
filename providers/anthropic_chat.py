"""A chat in the form of Anthropic's Messages API: turns of blocks, tools, and how the answer shall be."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from providers.conversation import FilePart, ImagePart, Message, Part, TextPart, Tool, ToolUse
from providers.errors import RequestRejected
from providers.lenient import fields, rows, text
from providers.media import media_of
from providers.parameters import top_k
from providers.types import JSON, ChatCall

MAX_TOKENS = 8192
"""Asked for when the client sets no limit, since the API demands one. Most current models allow
more."""

ANY_OBJECT: JSON = {"type": "object", "properties": {}}
CHOICES = {"none": "none", "auto": "auto", "required": "any"}
TIERS = {"auto": "auto", "default": "standard_only"}

EFFORTS = {"minimal": "low"}
"""Efforts by other words than OpenAI's."""

BUDGETS = {"minimal": 1024, "low": 1024, "medium": 8192, "high": 16384}
MOST = 24576
BUDGETED = re.compile(r"claude-(?:3-7|(?:opus|sonnet|haiku)-4(?:-[015])?(?:-\d{8})?$|haiku-4)")
"""Models that are given a number of tokens to think; later ones are told how hard."""

THOUGHTLESS = re.compile(r"claude-(?:3-5|3-(?:opus|sonnet|haiku)|2|instant)")

JSON_ONLY = "Answer with a single JSON object and nothing else."
NO_RESULT = "The tool gave no result."
_NOT_IN_IDS = re.compile(r"[^A-Za-z0-9_-]")


def chat_body(call: ChatCall, model: str) -> dict[str, Any]:
    """The request for a chat.

    Raises:
        RequestRejected: a part of a message cannot be expressed.
    """
    thinking = thinking_of(call, model)
    system, turns = conversation(call, thinking=bool(thinking))
    tools = [_tool(tool) for tool in call.tools if is_allowed(tool, call)]
    most = MAX_TOKENS if call.max_tokens is None else call.max_tokens
    budget = fields(thinking.get("thinking")).get("budget_tokens", 0)
    user = call.body.get("user")
    wanted = {
        "model": model,
        "max_tokens": most + budget,
        "messages": turns,
        "system": system or None,
        "temperature": None if thinking or call.temperature is None else min(call.temperature, 1.0),
        "top_p": None if thinking else _top_p(call),
        "top_k": None if thinking else top_k(call.body),
        "stop_sequences": [stop for stop in call.stop if stop.strip()] or None,
        "metadata": {"user_id": user} if isinstance(user, str) and user else None,
        "stream": True if call.stream else None,
        "tools": tools or None,
        "tool_choice": _choice(call) if tools else None,
        "service_tier": TIERS.get(text(call.body.get("service_tier"))),
        **thinking,
    }
    if output := {**fields(wanted.get("output_config")), **_format(call)}:
        wanted["output_config"] = output
    return {name: value for name, value in wanted.items() if value is not None}


def conversation(call: ChatCall, *, thinking: bool) -> tuple[str, list[JSON]]:
    """Anthropic's instructions and turns. Blank texts are left out, since the API refuses them, as
    it does white space behind the last words of an answer to be continued.

    The API needs a turn: instructions alone become the user's, and of nothing at all remains one
    space.
    """
    said = [m.text for m in call.messages if m.role in ("system", "developer") and m.text.strip()]
    if call.response_format is not None and call.response_format.schema is None:
        said.append(JSON_ONLY)
    system = "\n\n".join(said)
    turns = _turns(call.messages, thinking=thinking)
    if not turns:
        return "", [{"role": "user", "content": system or " "}]
    last = turns[-1]
    if last["role"] == "assistant" and last["content"][-1]["type"] == "text":
        last["content"][-1]["text"] = last["content"][-1]["text"].rstrip()
    return system, [{**turn, "content": _plain(turn["content"])} for turn in turns]


def _turns(messages: Sequence[Message], *, thinking: bool) -> list[dict[str, Any]]:
    """Turns of blocks; the results of calls stand together, first in the user's turn behind them."""
    turns: list[dict[str, Any]] = []
    open_calls: list[str] = []
    for message in messages:
        if message.role in ("system", "developer"):
            continue
        blocks = list(_blocks(message, thinking=thinking))
        if message.role == "tool":
            called = blocks[0]["tool_use_id"]
            open_calls = [each for each in open_calls if each != called]
        elif open_calls:
            _add(turns, "user", [_missing(each) for each in open_calls])
            open_calls = []
        role = "assistant" if message.role == "assistant" else "user"
        joins = message.role == "tool" or (role == "user" and _ends_in_results(turns))
        if blocks:
            _add(turns, role, blocks, joins=joins)
        open_calls += [_id(use.id) for use in message.tool_calls]
    if open_calls:
        _add(turns, "user", [_missing(each) for each in open_calls], joins=True)
    return turns


def _add(
    turns: list[dict[str, Any]], role: str, blocks: list[dict[str, Any]], *, joins: bool = True
) -> None:
    if joins and turns and turns[-1]["role"] == role:
        turns[-1]["content"] += blocks
    else:
        turns.append({"role": role, "content": blocks})


def _ends_in_results(turns: Sequence[JSON]) -> bool:
    return bool(turns) and turns[-1]["content"][-1]["type"] == "tool_result"


def _blocks(message: Message, *, thinking: bool) -> Iterator[dict[str, Any]]:
    if message.role == "tool":
        held = [block for part in message.all_parts for block in _block(part)]
        result = {"type": "tool_result", "tool_use_id": _id(message.tool_call_id or "")}
        yield {**result, "content": _plain(held)} if held else result
        return
    if thinking:
        yield from thoughts_of(message.tool_calls)
    for part in message.all_parts:
        yield from _block(part)
    for use in message.tool_calls:
        yield {"type": "tool_use", "id": _id(use.id), "name": use.name, "input": use.fields}


def thoughts_of(calls: Sequence[ToolUse]) -> list[dict[str, Any]]:
    """What was thought before these calls, signed: it came with the first of them."""
    kept = fields(calls[0].extra.get("anthropic")) if calls else {}
    return [dict(block) for block in rows(kept.get("thinking"))]


def _block(part: Part) -> Iterator[dict[str, Any]]:
    if isinstance(part, TextPart):
        if part.text.strip():
            yield {"type": "text", "text": part.text}
        return
    media = media_of(part) if isinstance(part, ImagePart | FilePart) else None
    if media is None:
        raise RequestRejected("Anthropic cannot be given this part", param="messages")
    source = {"type": "base64", "media_type": media.type, "data": media.data}
    if media.url:
        source = {"type": "url", "url": media.url}
    yield {"type": "image" if media.type.startswith("image/") else "document", "source": source}


def _plain(blocks: list[dict[str, Any]]) -> list[dict[str, Any]] | str:
    """A single text needs no block."""
    if len(blocks) == 1 and blocks[0].keys() == {"type", "text"}:
        said: str = blocks[0]["text"]
        return said
    return blocks


def _missing(called: str) -> dict[str, Any]:
    """Every call needs a result: one that the conversation has lost."""
    return {"type": "tool_result", "tool_use_id": called, "content": NO_RESULT, "is_error": True}


def _id(given: str) -> str:
    """Ids of other providers may hold what these may not."""
    return _NOT_IN_IDS.sub("_", given) or "_"


def _tool(tool: Tool) -> JSON:
    schema = {**ANY_OBJECT, **(tool.parameters or {}), "type": "object"}
    told = {"name": tool.name, "description": tool.description or None, "input_schema": schema}
    return {name: value for name, value in told.items() if value is not None}


def is_allowed(tool: Tool, call: ChatCall) -> bool:
    """Whether the client lets the model call this one of its tools."""
    allowed = call.tool_choice.allowed if call.tool_choice else ()
    return not allowed or tool.name in allowed


def _choice(call: ChatCall) -> JSON | None:
    choice = call.tool_choice
    alone = {} if call.parallel else {"disable_parallel_tool_use": True}
    if choice is None:
        return {"type": "auto", **alone} if alone else None
    if choice.name:
        return {"type": "tool", "name": choice.name, **alone}
    kind = CHOICES[choice.mode]
    return {"type": kind} if kind == "none" else {"type": kind, **alone}


def _format(call: ChatCall) -> dict[str, Any]:
    if call.response_format is None or call.response_format.schema is None:
        return {}
    return {"format": {"type": "json_schema", "schema": call.response_format.schema}}


def thinking_of(call: ChatCall, model: str) -> dict[str, Any]:
    """How to think. Not where a tool is forced, which the API refuses beside it, nor where the thoughts
    behind the calls so far are lost, without which it refuses the conversation."""
    if call.effort in (None, "none") or THOUGHTLESS.search(model) or _cannot_think(call):
        return {}
    assert call.effort is not None
    if BUDGETED.search(model):
        budget = BUDGETS.get(call.effort, MOST)
        return {"thinking": {"type": "enabled", "budget_tokens": budget}}
    effort = EFFORTS.get(call.effort, call.effort)
    return {"thinking": {"type": "adaptive"}, "output_config": {"effort": effort}}


def _cannot_think(call: ChatCall) -> bool:
    choice = call.tool_choice
    if choice is not None and (choice.mode == "required"):
        return True
    called = [message for message in call.messages if message.tool_calls]
    return bool(called) and not thoughts_of(called[-1].tool_calls)


def _top_p(call: ChatCall) -> float | None:
    """A top_p of 1 cuts nothing off, and newer models refuse a top_p beside a temperature."""
    return None if call.top_p == 1 and call.temperature is not None else call.top_p
