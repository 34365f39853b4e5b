"""Claude on Vertex AI: Anthropic's format, where the model stands in the path and a version in the body."""

from collections.abc import Mapping
from urllib.parse import quote

import attrs
import msgspec

from providers.anthropic import Anthropic, body_of
from providers.base import Decoder, WireRequest, speaks
from providers.body import parse
from providers.errors import BrokenAnswer, ProviderError, RequestRejected
from providers.gemini_errors import error_of
from providers.lenient import fields
from providers.types import Call, CountCall, EmbedCall, Form, PlainCall, RateLimits, SessionCall
from providers.vertex import Vertex

VERSION = "vertex-2023-10-16"
COUNTER = "count-tokens"
"""A model that counts another one's tokens, as Anthropic's SDK knows it."""

ELSEWHERE = frozenset({"model", "service_tier"})
"""Members of Anthropic's own bodies. The one is in the path here, the other not to be had: where we put it
there ourselves, it is left out."""

_ANTHROPIC = Anthropic()


@attrs.frozen
class VertexClaude(Vertex):
    """Implements `providers.base.Dialect`, for Anthropic's models."""

    name: str = "vertex-claude"
    forms: frozenset[Form] = frozenset({"anthropic"})

    def refuses(self, call: Call) -> str | None:
        return _ANTHROPIC.refuses(call)

    def encode(self, call: Call, model: str) -> WireRequest:
        if isinstance(call, EmbedCall | PlainCall | SessionCall):
            raise RequestRejected("Only chats are offered here", param=self.refuses(call))
        own = call.native if speaks(self, call) else None
        gone = ELSEWHERE if own is None else ("model",)
        told = body_of(call, model, own).items()
        body = {name: value for name, value in told if name not in gone}
        method = "streamRawPredict" if call.stream else "rawPredict"
        named = quote(_named(model), safe="@")
        if isinstance(call, CountCall):
            named, body = COUNTER, {**body, "model": _named(model)}
        betas = tuple(field for field in own.headers if field[0] == "anthropic-beta") if own else ()
        return WireRequest(
            path=f"{self.publisher('anthropic')}/models/{named}:{method}",
            body=msgspec.json.encode({"anthropic_version": VERSION, **body}),
            headers=(("content-type", "application/json"), *betas),
        )

    def decoder(self, call: Call) -> Decoder:
        return _ANTHROPIC.decoder(call)

    def error(self, status: int, headers: Mapping[str, str], body: bytes) -> ProviderError:
        """Of two shapes: what the model's server says is Anthropic's, what Vertex itself says is Google's."""
        read = _ANTHROPIC.error if _is_anthropics(body) else error_of
        return read(status, headers, body)

    def limits(self, headers: Mapping[str, str]) -> RateLimits:
        return _ANTHROPIC.limits(headers)


def _named(model: str) -> str:
    return model.removeprefix("publishers/anthropic/models/").removeprefix("anthropic/")


def _is_anthropics(body: bytes) -> bool:
    try:
        return fields(parse(body)).get("type") == "error"
    except BrokenAnswer:
        return False
