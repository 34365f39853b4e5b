"""A request of OpenAI's Responses API to the call that every upstream can be sent. Pure.

The request becomes a chat, which the dialects translate; and it is kept as it came, for upstreams that speak
this form themselves. What only those can do is named by `Native.only`.
"""

import re
from collections.abc import Mapping
from typing import Any

from gateway.apis.api import Asked
from gateway.apis.responses_items import ENCRYPTED, Items
from gateway.apis.responses_tools import read_choice, read_tools
from gateway.errors import bad_request
from gateway.fields import integer, number, optional_bool, string
from gateway.wire import MAX_TOKENS, model_of, read_chat
from gateway.wire_tools import EFFORTS, MOST_LOGPROBS
from providers.lenient import fields
from providers.types import ChatCall, Native

STATEFUL = ("previous_response_id", "conversation", "prompt")
"""Members that name what an upstream keeps."""

SWITCHES = ("background", "store")
"""Members that, where they are true, ask it to keep something, or to go on without us."""

HINTS = frozenset({"truncation", "include", "max_tool_calls", "context_management", "moderation"})
"""Where they have no effect, an answer is the same or an honest error, such as that the input is too long."""

TRANSLATED = frozenset(
    {
        *("model", "input", "instructions", "max_output_tokens", "stream", "stream_options"),
        *("tools", "tool_choice", "text", "reasoning", "top_logprobs"),
    }
)
LOGPROBS = "message.output_text.logprobs"
OURS = re.compile(r"rs_[0-9A-HJKMNP-TV-Z]{26}[0-9a-f]+")
"""Ids of thoughts that this gateway gave: OpenAI's own have no capital letters."""


def read_responses(asked: Asked) -> ChatCall:
    """The call.

    Raises:
        ApiError: 400, with the parameter that is missing, mistyped or out of range.
    """
    body = asked.body
    model = model_of(body)
    _check(body)
    items = Items()
    items.read(body)
    tools, foreign = read_tools(body)
    choice, chosen = read_choice(body)
    chat: dict[str, Any] = {
        **{name: value for name, value in body.items() if not _is_told(name)},
        "model": model,
        "messages": items.messages or [{"role": "user", "content": ""}],
        "max_completion_tokens": body.get("max_output_tokens"),
        "stream": True if body.get("stream") else None,
        "tools": tools or None,
        "tool_choice": choice if tools else None,
        "response_format": _format(body),
        "verbosity": _verbosity(body),
        "reasoning_effort": _effort(body),
        **_logprobs(body),
    }
    call = read_chat({name: value for name, value in chat.items() if value is not None})
    only = _kept(body) or items.only or foreign or chosen
    native = Native("responses", _own(body), only=only)
    return ChatCall(**{**vars(call), "native": native})


def _is_told(name: str) -> bool:
    return name in TRANSLATED or name in HINTS or name in STATEFUL or name in SWITCHES


def _check(body: Mapping[str, Any]) -> None:
    """The members that the chat has too, by the client's names."""
    integer(body, "max_output_tokens", 1, MAX_TOKENS)
    integer(body, "top_logprobs", 0, MOST_LOGPROBS)
    number(body, "temperature", 0.0, 2.0)
    number(body, "top_p", 0.0, 1.0)
    for name in ("stream", "parallel_tool_calls", *SWITCHES):
        optional_bool(body, name)
    for name in ("text", "reasoning", "metadata", "stream_options"):
        if not isinstance(body.get(name), dict | None):
            raise bad_request(f"'{name}' must be an object", name)
    if not isinstance(body.get("include"), list | None):
        raise bad_request("'include' must be an array", "include")
    if body.get("previous_response_id") is not None:
        string(body["previous_response_id"], "previous_response_id")


def _kept(body: Mapping[str, Any]) -> str | None:
    """The first member that needs an upstream that keeps what it is told."""
    named = [name for name in STATEFUL if body.get(name) is not None]
    asked = [name for name in SWITCHES if body.get(name)]
    return next(iter(named + asked), None)


def _format(body: Mapping[str, Any]) -> dict[str, Any] | None:
    given = fields(body.get("text")).get("format")
    if given is None:
        return None
    kind = given.get("type") if isinstance(given, dict) else None
    if kind in ("text", "json_object"):
        return {"type": kind} if kind == "json_object" else None
    if kind != "json_schema":
        words = "'text.format.type' must be text, json_object or json_schema"
        raise bad_request(words, "text.format.type")
    if not isinstance(given.get("schema"), dict):
        raise bad_request("'text.format.schema' must be an object", "text.format.schema")
    string(given.get("name"), "text.format.name")
    names = ("name", "description", "schema", "strict")
    told = {name: given[name] for name in names if given.get(name) is not None}
    return {"type": "json_schema", "json_schema": told}


def _verbosity(body: Mapping[str, Any]) -> Any:
    """None for what is usual."""
    verbosity = fields(body.get("text")).get("verbosity")
    return None if verbosity == "medium" else verbosity


def _effort(body: Mapping[str, Any]) -> Any:
    effort = fields(body.get("reasoning")).get("effort")
    if effort is not None and effort not in EFFORTS:
        words = f"'reasoning.effort' must be one of {', '.join(EFFORTS)}"
        raise bad_request(words, "reasoning.effort")
    return effort


def _logprobs(body: Mapping[str, Any]) -> dict[str, Any]:
    """Whose probabilities are asked for: of alternatives, or of the words alone."""
    top = body.get("top_logprobs")
    if not top and LOGPROBS not in (body.get("include") or ()):
        return {}
    return {"logprobs": True, "top_logprobs": top or None}


def _own(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """The request for who speaks this form: as it came, but for what this gateway has added to items, and for
    thoughts that another model had, which nobody there knows."""
    given = body.get("input")
    if not isinstance(given, list):
        return body
    kept = [_without_ours(item) for item in given if not _is_ours(item)]
    return body if kept == given else {**body, "input": kept}


def _is_ours(item: Mapping[str, Any]) -> bool:
    if item.get("type") != "reasoning" or item.get(ENCRYPTED):
        return False
    return bool(OURS.fullmatch(str(item.get("id"))))


def _without_ours(item: Mapping[str, Any]) -> Mapping[str, Any]:
    if "extra_content" not in item:
        return item
    return {name: value for name, value in item.items() if name != "extra_content"}
