"""What OpenAI's embeddings answers mean."""

import base64
import struct
from math import isfinite
from typing import Any

import msgspec

from providers.errors import BrokenAnswer
from providers.lenient import count, fields, rows, text
from providers.openai_answer import raise_error
from providers.types import JSON, EmbedCall, Ended, Event, Usage, UsageSeen, Vectors


def read_vectors(value: Any, call: EmbedCall) -> list[Event]:
    """The events of an embeddings answer: a vector for each input, in the order of the inputs.

    Raises:
        ProviderError: the body holds an error, or not exactly one vector for each input.
    """
    raise_error(value)
    body = fields(value)
    found = rows(body.get("data"))
    places = [_place(row, place) for place, row in enumerate(found)]
    if sorted(places) != list(range(len(call.inputs))):
        raise BrokenAnswer("The upstream did not send one embedding for each input")
    placed = dict(zip(places, found, strict=True))
    vectors = tuple(_vector(placed[place], call.dimensions) for place in range(len(places)))
    return [Vectors(vectors, model=text(body.get("model")) or None), *_usage(body), Ended()]


def _usage(body: JSON) -> list[Event]:
    """All tokens are the prompt's; Voyage says only their total."""
    usage = fields(body.get("usage"))
    total = count(usage.get("total_tokens")) or count(usage.get("prompt_tokens"))
    return [UsageSeen(Usage(prompt=total, total=total))] if total else []


def _place(row: JSON, place: int) -> int:
    index = row.get("index")
    return place if index is None else count(index)


def _vector(row: JSON, dimensions: int | None) -> tuple[float, ...]:
    given = row.get("embedding")
    try:
        if isinstance(given, str):
            vector = _unpacked(given, dimensions)
        else:
            vector = msgspec.convert(given, tuple[float, ...])
    except ValueError:
        raise BrokenAnswer("The upstream sent an embedding that is none") from None
    if not vector:
        raise BrokenAnswer("The upstream sent an empty embedding")
    return vector


def _unpacked(encoded: str, dimensions: int | None) -> tuple[float, ...]:
    """Base64 of little-endian float32, although numbers were asked for; of float64, which vLLM
    once sent, where the length says so.

    Raises:
        ValueError: it is neither.
    """
    raw = base64.b64decode(encoded, validate=True)
    width, form = (8, "d") if dimensions and len(raw) == 8 * dimensions else (4, "f")
    if len(raw) % width:
        raise ValueError("not a whole number of floats")
    vector = struct.unpack(f"<{len(raw) // width}{form}", raw)
    if not all(map(isfinite, vector)):
        raise ValueError("not numbers")
    return vector
