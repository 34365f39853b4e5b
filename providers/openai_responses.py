"""OpenAI's Responses API as a dialect: for models that are to be had only there.

All else, from keys and errors to embeddings, is as in OpenAI's other APIs.
"""

from collections.abc import Mapping, Sequence

import attrs

from providers.base import Decoder, WireRequest, speaks
from providers.errors import ProviderError
from providers.openai import OpenAI
from providers.openai_responses_chat import refused, response_body
from providers.openai_responses_wire import (
    native_decoder,
    native_request,
    posted,
    response_decoder,
)
from providers.types import Call, ChatCall, Form, ModelInfo, RateLimits, Secret

_OPENAI = OpenAI()


@attrs.frozen
class OpenAIResponses:
    """Implements `providers.base.Dialect` for a base URL to which `/responses` is joined."""

    name: str = "openai-responses"
    forms: frozenset[Form] = frozenset({"responses"})

    def refuses(self, call: Call) -> str | None:
        return refused(call) if isinstance(call, ChatCall) else _OPENAI.refuses(call)

    def encode(self, call: Call, model: str) -> WireRequest:
        if not isinstance(call, ChatCall):
            return _OPENAI.encode(call, model)
        own = call.native if speaks(self, call) else None
        return posted(response_body(call, model)) if own is None else native_request(own, model)

    def credentials(self, secret: Secret) -> tuple[tuple[str, str], ...]:
        return _OPENAI.credentials(secret)

    def decoder(self, call: Call) -> Decoder:
        if not isinstance(call, ChatCall):
            return _OPENAI.decoder(call)
        return native_decoder(call) if speaks(self, call) else response_decoder(call)

    def error(self, status: int, headers: Mapping[str, str], body: bytes) -> ProviderError:
        return _OPENAI.error(status, headers, body)

    def limits(self, headers: Mapping[str, str]) -> RateLimits:
        return _OPENAI.limits(headers)

    def list_models(self, page: str | None = None) -> WireRequest:
        return _OPENAI.list_models(page)

    def read_models(self, body: bytes) -> tuple[Sequence[ModelInfo], str | None]:
        return _OPENAI.read_models(body)
