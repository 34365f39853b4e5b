"""Google's Gemini API in its native format (`/v1beta`), as a dialect.

The body is built from a whitelist, because Gemini answers 400 to any field it does not know.
Nothing is passed on unread; what cannot be expressed is named by `refuses`. Text only: tools,
images and structured output are refused. The credential goes in a header, never into the URL.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

import msgspec

from providers import gemini_embed
from providers.base import Decoder, WireRequest
from providers.body import parse
from providers.errors import BrokenAnswer, ProviderError
from providers.gemini_answer import ChatReader
from providers.gemini_errors import error_of
from providers.lenient import fields, rows, text
from providers.parameters import first_refused, top_k
from providers.reading import Streamed, whole
from providers.types import (
    JSON,
    Call,
    ChatCall,
    EmbedCall,
    Message,
    ModelInfo,
    RateLimits,
    Secret,
)

MAX_STOPS = 5
PAGE = 1000
HONOURED = frozenset({"n", "seed", "presence_penalty", "frequency_penalty"})
SERVED = frozenset({"generateContent", "embedContent"})
"""The methods this gateway calls. Models that offer neither are not listed."""


class Gemini:
    """Implements `providers.base.Dialect` for a base URL that ends in `/v1beta`."""

    name = "gemini"

    def refuses(self, call: Call) -> str | None:
        if isinstance(call, EmbedCall):
            return gemini_embed.refuses(call)
        if len(_stops(call)) > MAX_STOPS:
            return "stop"
        return first_refused(call, HONOURED)

    def encode(self, call: Call, model: str) -> WireRequest:
        model = model.removeprefix("models/")
        if isinstance(call, EmbedCall):
            return _post(model, "batchEmbedContents", gemini_embed.body_of(call, model))
        method = "streamGenerateContent?alt=sse" if call.stream else "generateContent"
        return _post(model, method, _chat_body(call))

    def credentials(self, secret: Secret) -> tuple[tuple[str, str], ...]:
        return (("x-goog-api-key", secret.reveal),)

    def decoder(self, call: Call) -> Decoder:
        if isinstance(call, EmbedCall):
            return whole(gemini_embed.EmbedReader(call))
        return Streamed(ChatReader()) if call.stream else whole(ChatReader())

    def error(self, status: int, headers: Mapping[str, str], body: bytes) -> ProviderError:
        return error_of(status, headers, body)

    def limits(self, headers: Mapping[str, str]) -> RateLimits:  # noqa: ARG002 - Gemini sends none
        return RateLimits()

    def list_models(self, page: str | None = None) -> WireRequest:
        cursor = {} if page is None else {"pageToken": page}
        query = urlencode({"pageSize": PAGE, **cursor})
        return WireRequest(path=f"/models?{query}", method="GET", headers=())

    def read_models(self, body: bytes) -> tuple[Sequence[ModelInfo], str | None]:
        listed = fields(parse(body))
        if not isinstance(listed.get("models", []), list):
            raise BrokenAnswer("Gemini's list of models is none")
        models = [_model(row) for row in rows(listed.get("models")) if _is_served(row)]
        return models, text(listed.get("nextPageToken")) or None


def _post(model: str, method: str, body: JSON) -> WireRequest:
    path = f"/models/{quote(model, safe='')}:{method}"
    return WireRequest(path=path, body=msgspec.json.encode(body))


def _chat_body(call: ChatCall) -> dict[str, Any]:
    system, turns = _conversation(call.messages)
    body: dict[str, Any] = {"contents": turns}
    if system:
        body["systemInstruction"] = {"parts": system}
    if config := _config(call):
        body["generationConfig"] = config
    return body


def _conversation(messages: Sequence[Message]) -> tuple[list[JSON], list[JSON]]:
    """Gemini's instructions and turns. Empty texts are left out.

    Gemini needs a turn: instructions alone become the user's, and of nothing at all remains one
    space.
    """
    system: list[JSON] = []
    turns: list[JSON] = []
    for message in messages:
        if not message.text:
            continue
        part = {"text": message.text}
        if message.role in ("system", "developer"):
            system.append(part)
        else:
            role = "model" if message.role == "assistant" else "user"
            turns.append({"role": role, "parts": [part]})
    if turns:
        return system, turns
    return [], [{"role": "user", "parts": system or [{"text": " "}]}]


def _config(call: ChatCall) -> dict[str, Any]:
    """Only what the client asked for: some models refuse even a parameter's default."""
    wanted = {
        "maxOutputTokens": call.max_tokens,
        "temperature": call.temperature,
        "topP": call.top_p,
        "topK": top_k(call.body),
        "stopSequences": _stops(call) or None,
        "candidateCount": call.n if call.n > 1 else None,
        "seed": call.seed,
        "presencePenalty": call.presence_penalty or None,
        "frequencyPenalty": call.frequency_penalty or None,
    }
    return {name: value for name, value in wanted.items() if value is not None}


def _stops(call: ChatCall) -> list[str]:
    return [stop for stop in call.stop if stop]


def _is_served(row: JSON) -> bool:
    methods = row.get("supportedGenerationMethods")
    return isinstance(methods, list) and not SERVED.isdisjoint(map(str, methods))


def _model(row: JSON) -> ModelInfo:
    return ModelInfo(id=text(row.get("name")).removeprefix("models/"), owned_by="google ai studio")
