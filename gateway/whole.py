"""Events to OpenAI's whole answers: chats and embeddings. Pure."""

import base64
import struct
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs

from providers.types import (
    Event,
    Extra,
    Finished,
    Started,
    TextDelta,
    ToolDelta,
    Usage,
    Vectors,
)

FIELD = {"content": "content", "reasoning": "reasoning_content", "refusal": "refusal"}
"""The member of a message or a delta that each kind of text stands in."""

FINISHES_OF_OLD: Mapping[str, str] = {"tool_calls": "function_call"}
"""What a finish was called before there were tools."""


@attrs.frozen
class Heading:
    """What all pieces of one answer share. `created` is a Unix time in seconds.

    `legacy` says that the client knows functions, as they were before there were tools.
    """

    id: str
    created: int
    model: str
    legacy: bool = False

    def call_id(self, event: ToolDelta) -> str:
        """The id of a call, one of our own where the upstream gave none."""
        return event.id or f"call_{self.id.rpartition('-')[2]}{event.choice:x}{event.index:02x}"


@attrs.define
class _Choice:
    texts: dict[str, list[str]] = attrs.field(factory=dict)
    logprobs: list[Any] = attrs.field(factory=list)
    calls: dict[int, dict[str, Any]] = attrs.field(factory=dict)
    members: dict[str, Any] = attrs.field(factory=dict)
    beside: dict[str, Any] = attrs.field(factory=dict)
    finish: str | None = None


def chat_body(heading: Heading, events: Iterable[Event], usage: Usage) -> dict[str, Any]:
    """A whole answer, folded from its events."""
    choices: dict[int, _Choice] = {}
    members: dict[str, Any] = {}
    for event in events:
        if isinstance(event, TextDelta):
            choice = choices.get(event.choice) or choices.setdefault(event.choice, _Choice())
            choice.texts.setdefault(event.kind, []).append(event.text)
            if event.logprobs is not None:
                choice.logprobs.append(event.logprobs)
        elif isinstance(event, Finished):
            choices.setdefault(event.choice, _Choice()).finish = event.reason
        elif isinstance(event, ToolDelta):
            _add_call(heading, choices.setdefault(event.choice, _Choice()), event)
        elif isinstance(event, Extra):
            _add_members(choices, members, event)
        elif isinstance(event, Started):
            members.update(event.members)
    return {
        "id": heading.id,
        "object": "chat.completion",
        "created": heading.created,
        "model": heading.model,
        "choices": [_choice_body(heading, index, choices[index]) for index in sorted(choices)],
        "usage": usage_body(usage),
        **members,
    }


def call_begun(heading: Heading, event: ToolDelta) -> dict[str, Any]:
    """A call of a tool, as its first piece tells it."""
    member = "input" if event.kind == "custom" else "arguments"
    call: dict[str, Any] = {
        "id": heading.call_id(event),
        "type": event.kind,
        event.kind: {"name": event.name, member: event.text},
    }
    if event.extra:
        call["extra_content"] = event.extra
    return call


def _add_members(choices: dict[int, _Choice], answer: dict[str, Any], event: Extra) -> None:
    if event.place == "answer":
        answer.update(event.members)
        return
    choice = choices.setdefault(event.choice, _Choice())
    if event.place == "choice":
        choice.beside.update(event.members)
    elif "extra_content" in event.members:
        choice.members.update(event.members)  # signatures, which do not add up
    else:
        merge(choice.members, event.members)


def _add_call(heading: Heading, choice: _Choice, event: ToolDelta) -> None:
    known = choice.calls.get(event.index)
    if known is None:
        choice.calls[event.index] = call_begun(heading, event)
        return
    told = known[known["type"]]
    told["input" if known["type"] == "custom" else "arguments"] += event.text
    if event.extra:
        known["extra_content"] = {**known.get("extra_content", {}), **event.extra}


def merge(known: dict[str, Any], more: Mapping[str, Any]) -> None:
    """Adds what a delta says to what was said before: texts and lists go on, all else is replaced."""
    for name, value in more.items():
        before = known.get(name)
        if isinstance(before, str) and isinstance(value, str):
            known[name] = before + value
        elif isinstance(before, list) and isinstance(value, list):
            known[name] = [*before, *value]
        elif isinstance(before, dict) and isinstance(value, dict):
            known[name] = dict(before)
            merge(known[name], value)
        else:
            known[name] = value


def embeddings_body(model: str, vectors: Vectors, encoding: str, usage: Usage) -> dict[str, Any]:
    """An embeddings answer. The encoding is the client's wish, whatever the upstream sent."""
    return {
        "object": "list",
        "data": [
            {"object": "embedding", "index": index, "embedding": _vector(vector, encoding)}
            for index, vector in enumerate(vectors.items)
        ],
        "model": model,
        "usage": {"prompt_tokens": usage.prompt, "total_tokens": usage.prompt},
    }


def usage_body(usage: Usage) -> dict[str, Any]:
    """OpenAI's usage object; the details only where the upstream gave them, and then all of them."""
    body: dict[str, Any] = {
        **usage.details,
        "prompt_tokens": usage.prompt,
        "completion_tokens": usage.completion,
        "total_tokens": usage.total,
    }
    if usage.cached or usage.written:
        _detail(body, "prompt_tokens_details", "cached_tokens", usage.cached)
    if usage.written:
        _detail(body, "prompt_tokens_details", "cache_write_tokens", usage.written)
    if usage.reasoning:
        _detail(body, "completion_tokens_details", "reasoning_tokens", usage.reasoning)
    return body


def _detail(body: dict[str, Any], group: str, name: str, value: int) -> None:
    given = body.get(group)
    body[group] = {**(given if isinstance(given, dict) else {}), name: value}


def _choice_body(heading: Heading, index: int, choice: _Choice) -> dict[str, Any]:
    texts = {kind: "".join(pieces) for kind, pieces in choice.texts.items()}
    calls = [choice.calls[at] for at in sorted(choice.calls)]
    message: dict[str, Any] = {
        "role": "assistant",
        "content": texts.get("content"),
        "refusal": None,
    }
    if message["content"] is None and "refusal" not in texts and not calls:
        message["content"] = ""
    for kind in ("reasoning", "refusal"):
        if kind in texts:
            message[FIELD[kind]] = texts[kind]
    finish = choice.finish
    if calls and heading.legacy:
        message["function_call"] = calls[0]["function"]
    elif calls:
        message["tool_calls"] = calls
    if heading.legacy and finish is not None:
        finish = FINISHES_OF_OLD.get(finish, finish)
    message.update(choice.members)
    logprobs = _joined_logprobs(choice.logprobs) if choice.logprobs else None
    body = {"index": index, "message": message, "logprobs": logprobs, "finish_reason": finish}
    return body | choice.beside


def _joined_logprobs(pieces: Sequence[Any]) -> dict[str, Any]:
    """OpenAI's logprobs objects hold lists by kind of text; a whole answer has them joined."""
    joined: dict[str, Any] = {}
    for piece in pieces:
        if isinstance(piece, dict):
            for name, tokens in piece.items():
                known = joined.get(name)
                joined[name] = [*(known or ()), *tokens] if isinstance(tokens, list) else known
    return joined


def _vector(vector: Sequence[float], encoding: str) -> list[float] | str:
    """Base64 is of little-endian 32-bit floats: what OpenAI's SDKs ask for and decode."""
    if encoding == "float":
        return list(vector)
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode("ascii")
