"""Anthropic's Messages API as a dialect, for a base URL without a version.

Text only: tools, images and structured output are refused by name, and so is every OpenAI parameter
that the API has nothing for. Version 2023-06-01 of the API is asked for.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import msgspec

from providers.anthropic_answer import MessageReader, StreamReader
from providers.anthropic_errors import error_of
from providers.anthropic_limits import limits_of, moment
from providers.base import Decoder, WireRequest
from providers.body import parse
from providers.errors import BrokenAnswer, ProviderError, RequestRejected
from providers.lenient import fields, rows, text
from providers.parameters import first_refused, top_k
from providers.reading import Streamed, whole
from providers.types import JSON, Call, ChatCall, EmbedCall, Message, ModelInfo, RateLimits, Secret

VERSION = ("anthropic-version", "2023-06-01")
MAX_TOKENS = 8192
"""Asked for when the client sets no limit, since the API demands one. Most current models allow
more."""

PAGE = 1000


class Anthropic:
    """Implements `providers.base.Dialect`."""

    name = "anthropic"

    def refuses(self, call: Call) -> str | None:
        if isinstance(call, EmbedCall):
            return "input"
        if any(stop and not stop.strip() for stop in call.stop):
            return "stop"
        return first_refused(call)

    def encode(self, call: Call, model: str) -> WireRequest:
        if isinstance(call, EmbedCall):
            raise RequestRejected("Anthropic offers no embeddings", param="input")
        return WireRequest(
            path="/v1/messages",
            body=msgspec.json.encode(_body(call, model)),
            headers=(("content-type", "application/json"), VERSION),
        )

    def credentials(self, secret: Secret) -> tuple[tuple[str, str], ...]:
        return (("x-api-key", secret.reveal),)

    def decoder(self, call: Call) -> Decoder:
        return Streamed(StreamReader()) if call.stream else whole(MessageReader())

    def error(self, status: int, headers: Mapping[str, str], body: bytes) -> ProviderError:
        return error_of(status, headers, body)

    def limits(self, headers: Mapping[str, str]) -> RateLimits:
        return limits_of(headers)

    def list_models(self, page: str | None = None) -> WireRequest:
        cursor = {} if page is None else {"after_id": page}
        query = urlencode({"limit": PAGE, **cursor})
        return WireRequest(path=f"/v1/models?{query}", method="GET", headers=(VERSION,))

    def read_models(self, body: bytes) -> tuple[Sequence[ModelInfo], str | None]:
        listed = fields(parse(body))
        if not isinstance(listed.get("data"), list):
            raise BrokenAnswer("Anthropic's list of models is none")
        more = text(listed.get("last_id")) if listed.get("has_more") is True else ""
        return [_model(row) for row in rows(listed["data"])], more or None


def _body(call: ChatCall, model: str) -> dict[str, Any]:
    system, turns = _conversation(call.messages)
    stops = [stop for stop in call.stop if stop.strip()]
    user = call.body.get("user")
    wanted = {
        "model": model,
        "max_tokens": MAX_TOKENS if call.max_tokens is None else call.max_tokens,
        "messages": turns,
        "system": system or None,
        "temperature": None if call.temperature is None else min(call.temperature, 1.0),
        "top_p": _top_p(call),
        "top_k": top_k(call.body),
        "stop_sequences": stops or None,
        "metadata": {"user_id": user} if isinstance(user, str) and user else None,
        "stream": True if call.stream else None,
    }
    return {name: value for name, value in wanted.items() if value is not None}


def _conversation(messages: Sequence[Message]) -> tuple[str, list[dict[str, str]]]:
    """Anthropic's instructions and turns. Blank texts are left out, since the API refuses them, as
    it does white space behind the last words of an answer to be continued.

    The API needs a turn: instructions alone become the user's, and of nothing at all remains one
    space.
    """
    spoken = [message for message in messages if message.text.strip()]
    system = "\n\n".join(one.text for one in spoken if one.role in ("system", "developer"))
    turns: list[dict[str, str]] = [
        {"role": one.role, "content": one.text}
        for one in spoken
        if one.role in ("user", "assistant")
    ]
    if not turns:
        return "", [{"role": "user", "content": system or " "}]
    if turns[-1]["role"] == "assistant":
        turns[-1]["content"] = turns[-1]["content"].rstrip()
    return system, turns


def _top_p(call: ChatCall) -> float | None:
    """A top_p of 1 cuts nothing off, and newer models refuse a top_p beside a temperature."""
    return None if call.top_p == 1 and call.temperature is not None else call.top_p


def _model(row: JSON) -> ModelInfo:
    return ModelInfo(text(row.get("id")), _unix(text(row.get("created_at"))), "anthropic")


def _unix(stamp: str) -> int:
    """RFC 3339 as Unix time, 0 where it is unknown (Anthropic writes the year 1970 for that)."""
    found = moment(stamp)
    return max(0, int(found.timestamp())) if found else 0
