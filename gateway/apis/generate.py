"""Google's Gemini API: `POST /v1beta/models/MODEL:METHOD`. The path says the model and what is to be done."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import attrs
import msgspec

from gateway.apis.api import Api, Asked
from gateway.apis.counts import counted
from gateway.apis.generate_answer import Elements, ResponseWriter, response_body
from gateway.apis.generate_embed import read_embed
from gateway.apis.generate_request import NAMES, read_counted, read_generate
from gateway.apis.google import GOOGLE, GOOGLE_ARRAY
from gateway.whole import Heading
from providers.errors import BrokenAnswer
from providers.types import Call, CountCall, Event, Usage, Vectors


def _read(asked: Asked, *, stream: bool) -> Call:
    return read_generate(asked, stream=stream)


def _read_count(asked: Asked) -> Call:
    return CountCall(read_counted(asked))


def _whole(_call: Call, heading: Heading, events: Sequence[Event], usage: Usage) -> bytes:
    return msgspec.json.encode(response_body(heading, events, usage))


def _count(_call: Call, _heading: Heading, events: Sequence[Event], _usage: Usage) -> bytes:
    return msgspec.json.encode({"totalTokens": counted(events)})


def _embedded(call: Call, _heading: Heading, events: Sequence[Event], usage: Usage) -> bytes:
    vectors = next((event for event in events if isinstance(event, Vectors)), None)
    if vectors is None:
        raise BrokenAnswer("The upstream sent no usable embeddings")
    made = [{"values": vector} for vector in vectors.items]
    batch = call.native is not None and "requests" in call.native.body
    told: dict[str, Any] = {"embeddings": made} if batch else {"embedding": made[0]}
    return msgspec.json.encode(
        {**told, "usageMetadata": {"promptTokenCount": usage.prompt}} if usage.prompt else told
    )


def _stream(_call: Call, heading: Heading, *, array: bool) -> ResponseWriter:
    return ResponseWriter(heading, array)


_WHOLE = Api("generate", partial(_read, stream=False), _whole, voice=GOOGLE, names=NAMES)
_EVENTS = attrs.evolve(
    _WHOLE, read=partial(_read, stream=True), stream=partial(_stream, array=False)
)
_ARRAY = attrs.evolve(
    _EVENTS, stream=partial(_stream, array=True), own=Elements, voice=GOOGLE_ARRAY
)
_EMBED = Api("embed", read_embed, _embedded, voice=GOOGLE)

METHODS: Mapping[str, Api] = {
    "generateContent": _WHOLE,
    "streamGenerateContent": _ARRAY,
    "embedContent": _EMBED,
    "batchEmbedContents": _EMBED,
    "countTokens": Api("count_tokens", _read_count, _count, voice=GOOGLE, names=NAMES),
}
"""What may be done with a model, by the methods' names."""


def method(name: str, *, events: bool) -> Api | None:
    """The API of a method; `events` says that a stream is to be of server-sent events."""
    return _EVENTS if name == "streamGenerateContent" and events else METHODS.get(name)
