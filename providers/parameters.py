"""OpenAI's parameters, as seen from a provider that speaks another format.

A client may count on every parameter it sets: it is honoured, or the call is refused with its name.
Silence is kept only about those that do not touch the answer, and about values that ask for
nothing.
"""

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from providers.conversation import ForeignPart, Message
from providers.types import JSON, ChatCall

UNDERSTOOD = frozenset(
    {
        *("model", "messages", "stream", "stop"),
        *("max_tokens", "max_completion_tokens", "temperature", "top_p"),
    }
)
"""Read by every dialect: the named fields of `ChatCall`."""

NAMED = ("n", "seed", "presence_penalty", "frequency_penalty")
"""The fields of `ChatCall` that not every dialect can honour."""

TOOLS = frozenset({"tools", "tool_choice", "functions", "function_call"})
"""What `ChatCall` says of tools."""

HARMLESS = frozenset(
    {
        *("user", "metadata", "safety_identifier", "service_tier"),
        *("prompt_cache_key", "prompt_cache_retention"),
        *("stream_options", "parallel_tool_calls"),
    }
)
"""Labels, hints, and what the gateway itself answers: no answer reads differently without them."""

ASKS_FOR_NOTHING: Mapping[str, Callable[[Any], bool]] = {
    "n": lambda value: value == 1,
    "presence_penalty": lambda value: value == 0,
    "frequency_penalty": lambda value: value == 0,
    "logit_bias": lambda value: value == {},
    "logprobs": lambda value: value is False,
    "top_logprobs": lambda value: value == 0,
    "store": lambda value: value is False,
    "modalities": lambda value: value == ["text"],
    "response_format": lambda value: value == {"type": "text"},
    "tools": lambda value: value == [],
    "functions": lambda value: value == [],
    "tool_choice": lambda value: value in ("none", "auto"),
    "function_call": lambda value: value in ("none", "auto"),
}
"""Values that spell out a parameter's default."""


def first_refused(call: ChatCall, honoured: AbstractSet[str] = frozenset()) -> str | None:
    """The first parameter of a call that would be lost on a provider which, beside what every dialect
    reads, honours these; None if none would."""
    asked = dict(call.body)
    for name in NAMED:
        asked.setdefault(name, getattr(call, name))
    return next((name for name, value in asked.items() if _is_lost(name, value, honoured)), None)


def foreign_tools(call: ChatCall) -> str | None:
    """`tools`, if one of them is not a function of the client's: only its own provider has it; `messages`, if
    they hold something that only some know."""
    given = call.body.get("tools")
    if isinstance(given, list) and len(given) != len(call.tools):
        return "tools"
    custom = any(use.kind == "custom" for message in call.messages for use in message.tool_calls)
    return "messages" if custom or any(map(_is_foreign, call.messages)) else None


def _is_foreign(message: Message) -> bool:
    return any(isinstance(part, ForeignPart) for part in message.parts)


def top_k(body: JSON) -> int | float | None:
    """The widespread extension `top_k`, which OpenAI does not have; None where it is no number."""
    value = body.get("top_k")
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return value if is_number else None


def _is_lost(name: str, value: Any, honoured: AbstractSet[str]) -> bool:
    if value is None or name in UNDERSTOOD or name in HARMLESS or name in honoured:
        return False
    if name == "top_k":
        return top_k({name: value}) is None
    return not (name in ASKS_FOR_NOTHING and ASKS_FOR_NOTHING[name](value))
