"""OpenAI's API as a dialect, and that of everybody who offers an OpenAI-compatible base URL.

The client speaks this format already, so its body is passed on with all members, known to us or
not; only what the gateway decides is set: the model, whether to stream, that usage is reported.
"""

import re
from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

import attrs
import msgspec

from providers.advice import ErrorBody, by_status, message_of, openai_limits, retry_after
from providers.base import Decoder, WireRequest, speaks
from providers.body import WholeBody, parse
from providers.errors import BrokenAnswer, CredentialRejected, ProviderError, RequestRejected
from providers.lenient import count, fields, rows, text
from providers.openai_answer import read_chat
from providers.openai_responses_wire import native_decoder, native_request
from providers.openai_stream import ChatStream
from providers.openai_vectors import read_vectors
from providers.plain import EVERYTHING, PlainAnswer, encode_plain
from providers.quirks import LENIENT, Quirks, newer_limit
from providers.types import (
    JSON,
    Call,
    ChatCall,
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

BAD_KEY = ("Incorrect API key", "API key not valid")
"""How messages begin that xAI and Google send with 400. Only how they begin: further on a message
may quote the request, and no client shall be able to get a pooled key called invalid."""

TOO_LONG = re.compile(
    r"maximum context length|context size has been exceeded|exceeds the (available )?context"
    r"|total length of all messages is too long",
    re.IGNORECASE,
)
TOO_LONG_CODES = frozenset({"exceed_context_size_error", "too_many_prompt_tokens"})

PLAIN = frozenset({"model", "messages", "stream", "stream_options", "temperature", "max_tokens"})
"""Members that every provider takes as they are."""

MODERATION = frozenset({"reasons", "flagged_input"})
"""What OpenRouter's 403 holds if it is about the prompt and not about the key."""


@attrs.frozen
class OpenAI:
    """Implements `providers.base.Dialect` for a base URL to which `/chat/completions` is joined."""

    name: str = "openai"
    quirks: Quirks = LENIENT
    forms: frozenset[Form] = frozenset()
    paths: Mapping[str, str] = attrs.field(default=EVERYTHING, hash=False)
    realtime: bool = False

    def refuses(self, call: Call) -> str | None:
        """Nothing of a chat: the format is the client's own. The format has no count of tokens."""
        if isinstance(call, PlainCall):
            return None if call.path in self.paths else call.operation
        if isinstance(call, SessionCall):
            return None if self.realtime else "realtime"
        return "count_tokens" if isinstance(call, CountCall) else None

    def encode(self, call: Call, model: str) -> WireRequest:
        if isinstance(call, EmbedCall):
            # Numbers even where the client wants base64: not everybody's base64 is OpenAI's.
            return _post("/embeddings", {**call.body, "model": model, "encoding_format": "float"})
        if isinstance(call, CountCall):
            raise RequestRejected("This provider counts no tokens", param="count_tokens")
        if isinstance(call, PlainCall):
            return encode_plain(call, model, self.paths.get(call.path, call.path))
        if isinstance(call, SessionCall):
            return WireRequest(f"/realtime?{urlencode({'model': model})}", method="GET", headers=())
        own = call.native if speaks(self, call) else None
        if own is not None and own.form == "responses":
            return native_request(own, model)
        if own is not None:
            return _post("/completions", {**_streamed(own.body, call), "model": model})
        return _post("/chat/completions", {**self._chat(call, model), "model": model})

    def _chat(self, call: ChatCall, model: str) -> JSON:
        """The body of a chat as this provider takes it."""
        body = _streamed(call.body, call)
        if call.native is not None:
            body = newer_limit(body, model)
        if PLAIN.issuperset(body) and not any(message.is_marked for message in call.messages):
            return body
        return self.quirks.apply(body, call.messages)

    def credentials(self, secret: Secret) -> tuple[tuple[str, str], ...]:
        return (("authorization", f"Bearer {secret.reveal}"),) if secret.reveal else ()

    def decoder(self, call: Call) -> Decoder:
        if isinstance(call, EmbedCall):
            return WholeBody(lambda body: read_vectors(parse(body), call))
        if isinstance(call, PlainCall):
            return PlainAnswer(call)
        if isinstance(call, CountCall | SessionCall):
            raise RequestRejected("There is no such answer", param=self.refuses(call))
        if call.native is not None and call.native.form == "responses" and speaks(self, call):
            return native_decoder(call)
        named = call.tool_choice is not None and call.tool_choice.name is not None
        read: Decoder = WholeBody(lambda body: read_chat(parse(body), named=named))
        if call.stream:
            read = ChatStream(call)
        if not speaks(self, call):
            return read
        return verbatim(read, stream=call.stream, usage=call.include_usage)

    def error(self, status: int, headers: Mapping[str, str], body: bytes) -> ProviderError:
        found = message_of(body)
        message = found.message or ""
        if status == 400 and message.startswith(BAD_KEY):
            return CredentialRejected(message, status=status, code=found.code)
        if status == 403 and MODERATION & set(fields(found.details)):
            return RequestRejected(message, status=status, code=found.code)
        if status in (400, 500) and _is_too_long(found):
            # llama.cpp says 500, which would blame the key.
            status, found = 400, attrs.evolve(found, code="context_length_exceeded")
        return by_status(status, found, _retry(status, headers))

    def limits(self, headers: Mapping[str, str]) -> RateLimits:
        return openai_limits(headers)

    def list_models(self, page: str | None = None) -> WireRequest:  # noqa: ARG002 - one page
        return WireRequest(path="/models", method="GET", headers=())

    def read_models(self, body: bytes) -> tuple[Sequence[ModelInfo], str | None]:
        listed = parse(body)
        # Together sends the bare array, Ollama null where it has no model.
        models = listed if isinstance(listed, list) else fields(listed).get("data", "absent")
        if models is not None and not isinstance(models, list):
            raise BrokenAnswer("The upstream's list of models is none")
        found = [_model(row) for row in rows(models)]
        return [model for model in found if model.id], None


def _post(path: str, body: JSON) -> WireRequest:
    return WireRequest(path=path, body=msgspec.json.encode(body))


def _streamed(body: JSON, call: ChatCall) -> JSON:
    """The client's body, and usage asked for in every stream: the gateway counts even where the
    client does not."""
    if call.stream:
        options = {**fields(body.get("stream_options")), "include_usage": True}
        return {**body, "stream": True, "stream_options": options}
    return {k: v for k, v in body.items() if k not in ("stream", "stream_options")}


def _is_too_long(found: ErrorBody) -> bool:
    return bool(found.words & TOO_LONG_CODES or TOO_LONG.search(found.message or ""))


def _retry(status: int, headers: Mapping[str, str]) -> float | None:
    """The advice in the headers; for want of one, when the quota that is used up returns."""
    advice, limits = retry_after(headers), openai_limits(headers)
    spent = 0 in (limits.requests_remaining, limits.tokens_remaining)
    return limits.reset if advice is None and status == 429 and spent else advice


def _model(row: JSON) -> ModelInfo:
    return ModelInfo(
        id=text(row.get("id")),
        created=count(row.get("created")),
        owned_by=text(row.get("owned_by")),
    )
