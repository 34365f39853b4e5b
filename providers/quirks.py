"""What those who speak OpenAI's format want otherwise: small data for each, and the body as they take it. Pure.

Everything else of the client's body goes on as it came.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from providers.conversation import Message
from providers.types import JSON

NINE = re.compile(r"[A-Za-z0-9]{9}", re.ASCII)
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

REASONING = "reasoning_content"

NEWER = re.compile(r"(?:^|/)(?:o\d|gpt-(?:[5-9]|\d\d))")
"""OpenAI's models that know `max_tokens` only by its newer name."""

ANSWERED = frozenset(
    {
        "reasoning_content",
        "reasoning",
        "reasoning_details",
        "annotations",
        "images",
        "thinking_blocks",
        "extra_content",
    }
)
"""What answers carry beside OpenAI's own members, and clients bring back."""


@attrs.frozen(eq=False)
class Quirks:
    """How a provider departs from OpenAI's format.

    `strips` are members of messages that it refuses; `extra` says whether it knows `extra_content` in
    calls of tools; `renames` are members of the body; `developer` says whether it knows that role;
    `short_ids` that ids of calls are nine letters and digits; `required` is its word for a tool that must be
    called; `reasoned` says that it wants to read again what it thought before it called a tool.
    """

    strips: frozenset[str] = frozenset()
    extra: bool = False
    renames: Mapping[str, str] = attrs.field(factory=dict)
    developer: bool = True
    short_ids: bool = False
    required: str = "required"
    reasoned: bool = False

    def apply(self, body: JSON, said: Sequence[Message] = ()) -> JSON:
        """The body as this provider takes it. `said` is what its messages are known to hold."""
        changed = {self.renames.get(name, name): value for name, value in body.items()}
        for old, new in self.renames.items():
            if old in body and body.get(new) is not None:
                changed[new] = body[new]  # the client knew the name already
        if body.get("tool_choice") == "required":
            changed["tool_choice"] = self.required
        messages = body.get("messages")
        if isinstance(messages, list):
            changed["messages"] = [self._message(message) for message in messages]
            if self.reasoned and len(said) == len(messages):
                pairs = zip(changed["messages"], said, strict=True)
                changed["messages"] = [_reasoned(message, known) for message, known in pairs]
        return changed

    def _message(self, message: Any) -> Any:
        if not isinstance(message, dict):
            return message
        told = {name: value for name, value in message.items() if name not in self.strips}
        if told.get("role") == "developer" and not self.developer:
            told["role"] = "system"
        calls = told.get("tool_calls")
        if isinstance(calls, list):
            told["tool_calls"] = [self._call(call) for call in calls]
        if self.short_ids and isinstance(told.get("tool_call_id"), str):
            told["tool_call_id"] = short(told["tool_call_id"])
        return told

    def _call(self, call: Any) -> Any:
        if not isinstance(call, dict):
            return call
        told = dict(call) if self.extra else {k: v for k, v in call.items() if k != "extra_content"}
        if self.short_ids and isinstance(told.get("id"), str):
            told["id"] = short(told["id"])
        return told


def _reasoned(message: Any, known: Message) -> Any:
    """A turn with calls of tools, with the reasoning behind them if it is known."""
    if not known.tool_calls or not known.reasoning:
        return message
    return {REASONING: known.reasoning, **message}


def short(call_id: str) -> str:
    """Nine letters and digits for an id: always the same, and an id of that kind stays as it is."""
    if NINE.fullmatch(call_id):
        return call_id
    number = int.from_bytes(hashlib.sha256(call_id.encode(errors="surrogatepass")).digest())
    return "".join(_DIGITS[number // 62**place % 62] for place in range(9))


def newer_limit(body: JSON, model: str) -> JSON:
    """A body of our own making, with its limit by the name that this model knows."""
    if "max_tokens" not in body or NEWER.search(model) is None:
        return body
    told = {name: value for name, value in body.items() if name != "max_tokens"}
    return {**told, "max_completion_tokens": body["max_tokens"]}


LENIENT = Quirks()
"""Takes what OpenAI takes, and more."""

STRICT = Quirks(strips=ANSWERED)
"""Refuses members that it does not know."""

MAX_TOKENS: Mapping[str, str] = {"max_completion_tokens": "max_tokens"}
"""The newer name is not known everywhere."""

OLDER = Quirks(renames=MAX_TOKENS, developer=False)
"""As OpenAI's format was before there were reasoning models."""

THINKING = attrs.evolve(OLDER, reasoned=True)
"""Models that think between calls of tools, and forget what they thought."""
