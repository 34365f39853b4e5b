"""Google's Gemini API in its native format (`/v1beta`), as a dialect.

Nothing is passed on unread (see `gemini_chat`); what cannot be expressed is named by `refuses`. The
credential goes in a header, never into the URL.
"""

from collections.abc import Mapping, Sequence
from urllib.parse import quote, urlencode

import msgspec

from providers import gemini_embed
from providers.base import Decoder, WireRequest, speaks
from providers.body import parse
from providers.counting import CountReader
from providers.errors import BrokenAnswer, ProviderError, RequestRejected
from providers.gemini_answer import ChatReader
from providers.gemini_chat import MAX_STOPS, chat_body, stops_of
from providers.gemini_errors import error_of
from providers.gemini_signed import signed_body
from providers.lenient import fields, rows, text
from providers.parameters import TOOLS, first_refused, foreign_tools
from providers.reading import Streamed, whole
from providers.types import (
    JSON,
    Call,
    CountCall,
    EmbedCall,
    Form,
    ModelInfo,
    PlainCall,
    RateLimits,
    Secret,
    SessionCall,
)
from providers.verbatim import verbatim

PAGE = 1000
MOST_INPUTS = 100
"""Texts in one batch to be embedded."""

HONOURED = TOOLS | {
    *("n", "seed", "presence_penalty", "frequency_penalty", "logprobs", "top_logprobs"),
    *("response_format", "reasoning_effort", "web_search_options", "extra_body", "google"),
}
SERVED = frozenset({"generateContent", "embedContent"})
"""The methods this gateway calls. Models that offer neither are not listed."""


class Gemini:
    """Implements `providers.base.Dialect` for a base URL that ends in `/v1beta`."""

    name = "gemini"
    forms = frozenset[Form]({"gemini"})

    def refuses(self, call: Call) -> str | None:
        if isinstance(call, EmbedCall):
            return gemini_embed.refuses(call)
        if isinstance(call, PlainCall):
            return call.operation
        if isinstance(call, SessionCall):
            return "realtime"
        if isinstance(call, CountCall):
            return self.refuses(call.chat)
        if len(stops_of(call)) > MAX_STOPS:
            return "stop"
        return first_refused(call, HONOURED) or foreign_tools(call)

    def encode(self, call: Call, model: str) -> WireRequest:
        model = model.removeprefix("models/")
        if isinstance(call, EmbedCall):
            if speaks(self, call):
                return _post(model, *gemini_embed.own_body(call, model))
            return _post(model, "batchEmbedContents", gemini_embed.body_of(call, model))
        if isinstance(call, PlainCall | SessionCall):
            raise RequestRejected("Gemini has no such form", param=self.refuses(call))
        if isinstance(call, CountCall):
            return _post(model, "countTokens", _count_body(call, model, speaks(self, call)))
        method = "streamGenerateContent?alt=sse" if call.stream else "generateContent"
        return _post(model, method, (signed_body if speaks(self, call) else chat_body)(call, model))

    def most_inputs(self, model: str) -> int:  # noqa: ARG002 - all models the same
        return MOST_INPUTS

    def credentials(self, secret: Secret) -> tuple[tuple[str, str], ...]:
        return (("x-goog-api-key", secret.reveal),)

    def decoder(self, call: Call) -> Decoder:
        if isinstance(call, EmbedCall):
            read = whole(gemini_embed.EmbedReader(call))
            return verbatim(read, stream=False) if speaks(self, call) else read
        if isinstance(call, CountCall):
            counted = whole(CountReader("totalTokens"))
            return verbatim(counted, stream=False) if speaks(self, call) else counted
        reader = ChatReader()
        read = Streamed(reader, plain=reader.plain) if call.stream else whole(reader)
        return verbatim(read, stream=call.stream) if speaks(self, call) else read

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


def _count_body(call: CountCall, model: str, own: bool) -> JSON:
    """What is to be counted: the whole request, or what the client has said."""
    name = f"models/{model}"
    if own and call.native is not None:
        request = fields(call.native.body.get("generateContentRequest"))
        changed = {"generateContentRequest": {**request, "model": name}} if request else {}
        return {**call.native.body, **changed}
    return {"generateContentRequest": {"model": name, **chat_body(call.chat, model)}}


def _is_served(row: JSON) -> bool:
    methods = row.get("supportedGenerationMethods")
    return isinstance(methods, list) and not SERVED.isdisjoint(map(str, methods))


def _model(row: JSON) -> ModelInfo:
    return ModelInfo(id=text(row.get("name")).removeprefix("models/"), owned_by="google ai studio")
