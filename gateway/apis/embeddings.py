"""OpenAI's embeddings."""

from collections.abc import Sequence

import msgspec

from gateway.apis.api import Api, Asked
from gateway.whole import Heading, embeddings_body
from gateway.wire import read_embeddings
from providers.errors import BrokenAnswer
from providers.types import Call, EmbedCall, Event, Usage, Vectors


def _read(asked: Asked) -> Call:
    return read_embeddings(asked.body)


def _whole(call: Call, heading: Heading, events: Sequence[Event], usage: Usage) -> bytes:
    assert isinstance(call, EmbedCall), "embeddings were asked for"
    try:
        vectors = next(event for event in events if isinstance(event, Vectors))
        body = embeddings_body(heading.model, vectors, call.encoding, usage)
    except (StopIteration, OverflowError) as error:  # none, or none that fits 32 bits
        raise BrokenAnswer("The upstream sent no usable embeddings") from error
    return msgspec.json.encode(body)


EMBEDDINGS = Api("embeddings", _read, _whole)
