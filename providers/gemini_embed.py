"""Embeddings in Gemini's format: every call is a batch, so one text and many are the same."""

from collections.abc import Iterator
from typing import Any

from providers.errors import BrokenAnswer
from providers.gemini_answer import usage_of
from providers.gemini_errors import error_in_answer
from providers.lenient import fields, rows
from providers.types import JSON, EmbedCall, Ended, Event, UsageSeen, Vectors

HONOURED = frozenset({"model", "input", "encoding_format", "dimensions", "user"})


def refuses(call: EmbedCall) -> str | None:
    """The first parameter that Gemini cannot honour. It takes texts, not another model's tokens."""
    if not all(isinstance(item, str) for item in call.inputs):
        return "input"
    unknown = (name for name, value in call.body.items() if value is not None)
    return next((name for name in unknown if name not in HONOURED), None)


def body_of(call: EmbedCall, model: str) -> dict[str, Any]:
    """The batch request. Gemini wants the model named again in every part of it."""
    options = {} if call.dimensions is None else {"outputDimensionality": call.dimensions}
    return {
        "requests": [
            {"model": f"models/{model}", "content": {"parts": [{"text": item}]}, **options}
            for item in call.inputs
        ]
    }


def own_body(call: EmbedCall, model: str) -> tuple[str, JSON]:
    """The method and the request as the client has told it, but for the model."""
    assert call.native is not None, "in Google's own form"
    body, name = call.native.body, f"models/{model}"
    if "requests" not in body:
        return "embedContent", {**body, "model": name}
    return "batchEmbedContents", {
        "requests": [{**each, "model": name} for each in body["requests"]]
    }


class EmbedReader:
    """Reads the answer to one embedding call. Implements `providers.reading.Reader`."""

    def __init__(self, call: EmbedCall) -> None:
        self._call = call

    def read(self, value: Any) -> Iterator[Event]:
        answer = fields(value)
        if answer.get("error"):
            raise error_in_answer(answer)
        single = answer.get("embedding")
        found = rows(answer.get("embeddings") if single is None else [single])
        if len(found) != len(self._call.inputs):
            raise BrokenAnswer(
                f"Gemini gave {len(found)} embeddings for {len(self._call.inputs)} inputs"
            )
        yield Vectors(tuple(vector_of(row) for row in found))
        usage = usage_of(fields(answer.get("usageMetadata")))
        if usage is not None:
            yield UsageSeen(usage)

    def end(self, rest: bytes) -> Iterator[Event]:  # noqa: ARG002 - a whole body leaves no rest
        yield Ended()


def vector_of(row: JSON) -> tuple[float, ...]:
    """The numbers of one embedding.

    Raises:
        BrokenAnswer: there are none, or they are no numbers.
    """
    values = row.get("values")
    if not isinstance(values, list) or not values:
        raise BrokenAnswer("Gemini gave an empty embedding")
    try:
        return tuple(float(number) for number in values)
    except (TypeError, ValueError):
        raise BrokenAnswer("Gemini gave an embedding that is not made of numbers") from None
