"""A request of Google's Gemini API to the call that every upstream can be sent. Pure.

The request becomes a chat in OpenAI's form, which the dialects translate; and it is kept as it came, for
upstreams that speak this form themselves.
"""

import re
from collections.abc import Mapping
from typing import Any

from gateway.apis import generate_config
from gateway.apis.api import Asked
from gateway.apis.generate_config import CONFIG, SAMPLING, parameters_of
from gateway.apis.generate_contents import Contents
from gateway.apis.generate_tools import choice_of, tools_of
from gateway.apis.names import member, members
from gateway.errors import ApiError, bad_request
from gateway.wire import model_of, read_chat
from providers.types import ChatCall, Native

READ = frozenset(
    {
        *("model", "contents", "systemInstruction", "tools", "toolConfig", "generationConfig"),
        *("safetySettings", "labels", "serviceTier"),
    }
)
"""Members that are read, and hints: who else filters by Google's categories?"""

TIERS: Mapping[str, str] = {"standard": "default", "flex": "flex", "priority": "priority"}

NAMES: Mapping[str, str] = {
    **{name: f"{CONFIG}.{google}" for google, name in SAMPLING.items()},
    "messages": "contents",
    "tool_choice": "toolConfig",
    "response_format": f"{CONFIG}.responseMimeType",
    "reasoning_effort": f"{CONFIG}.thinkingConfig",
    "count_tokens": "countTokens",
}
"""What Google's clients call the members of a chat."""

_QUOTED = re.compile(r"'([a-z_]+)(?:[.\[][^']*)?'")


def read_generate(asked: Asked, *, stream: bool) -> ChatCall:
    """The call.

    Raises:
        ApiError: 400, with the parameter that is missing, mistyped or out of range.
    """
    body = asked.body
    contents = Contents()
    if (instruction := member(body, "systemInstruction")) is not None:
        contents.instruct(instruction, "systemInstruction")
    contents.read(body.get("contents"))
    tools, foreign = tools_of(body)
    choice = choice_of(body)
    chat = {
        "model": asked.said["model"],
        "messages": contents.messages,
        "stream": True if stream else None,
        "tools": tools or None,
        "tool_choice": choice if tools else None,
        "service_tier": _tier(body),
        **parameters_of(body),
    }
    call = _named({name: value for name, value in chat.items() if value is not None})
    only = contents.only or foreign or _unknown(body) or generate_config.foreign(body)
    return ChatCall(**{**vars(call), "native": Native("gemini", body, only=only)})


def read_counted(asked: Asked) -> ChatCall:
    """The chat whose tokens are to be counted: told by its contents, or as a whole request."""
    inner = member(asked.body, "generateContentRequest")
    body = inner if isinstance(inner, dict) else asked.body
    call = read_generate(Asked(body, asked.said), stream=False)
    native = Native("gemini", asked.body, only=call.native.only if call.native else None)
    return ChatCall(**{**vars(call), "native": native})


def _named(chat: Mapping[str, Any]) -> ChatCall:
    """The chat; what is wrong with it goes by Google's names."""
    model_of(chat)
    try:
        return read_chat(chat)
    except ApiError as error:
        message = _QUOTED.sub(lambda found: f"'{_googles(found[1])}'", error.message)
        raise bad_request(message, _googles(error.param or "")) from error


def _googles(place: str) -> str:
    """The name for a place in OpenAI's form; what stands deeper in it is told by its root."""
    root = re.split(r"[.\[]", place, maxsplit=1)[0]
    return NAMES.get(root, place)


def _unknown(body: Mapping[str, Any]) -> str | None:
    """The first member that means something to Google alone. Not to be logged is what others do anyway."""
    told = members(body)
    if told.get("store") is False:
        del told["store"]
    return next((name for name in told if name not in READ), None)


def _tier(body: Mapping[str, Any]) -> str | None:
    """OpenAI's word for the tier: Google's enum has a prefix, its SDK writes the word alone."""
    tier = member(body, "serviceTier")
    return TIERS.get(str(tier).lower().removeprefix("service_tier_"))
