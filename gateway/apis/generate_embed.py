"""Texts that Google's clients have embedded, one or a batch of them, as OpenAI's embeddings. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from gateway.apis.api import Asked
from gateway.apis.names import members, objects
from gateway.errors import bad_request
from gateway.fields import integer, string
from gateway.wire import MAX_INPUTS, model_of
from providers.types import EmbedCall, Native

SIZE = "outputDimensionality"
MOST_NUMBERS = 100_000
"""Of one vector."""

READ = frozenset({"model", "content", "requests", SIZE})


@attrs.frozen
class Text:
    """One text to embed. `only` is the place of what nobody else can embed, or is said of it."""

    text: str
    size: int | None
    only: str | None


def read_embed(asked: Asked) -> EmbedCall:
    """One text to embed, or a batch of them.

    Raises:
        ApiError: 400, with what is missing or mistyped.
    """
    model = model_of(asked.said)
    batch = asked.body.get("requests")
    requests = [("", asked.body)] if batch is None else objects(batch, "requests")
    if isinstance(batch, dict) or not 0 < len(requests) <= MAX_INPUTS:
        raise bad_request(f"'requests' must be an array of 1 to {MAX_INPUTS}", "requests")
    texts = [_read(request, where) for where, request in requests]
    sizes = {each.size for each in texts}
    size = next(iter(sizes)) if len(sizes) == 1 else None
    only = SIZE if len(sizes) > 1 else None
    only = next((each.only for each in texts if each.only), only)
    inputs = tuple(each.text for each in texts)
    body = {"model": model, "input": list(inputs)}
    told = body if size is None else {**body, "dimensions": size}
    native = Native("gemini", asked.body, only=only)
    return EmbedCall(model, inputs, told, dimensions=size, native=native)


def _read(request: Mapping[str, Any], where: str) -> Text:
    place = f"{where}.content" if where else "content"
    text, foreign = _said(request.get("content"), place)
    if not text and foreign is None:
        raise bad_request(f"'{place}.parts' must hold a text", f"{place}.parts")
    told = members(request)
    unknown = next((name for name in told if name not in READ), None)
    return Text(text, integer(told, SIZE, 1, MOST_NUMBERS), foreign or unknown)


def _said(content: Any, place: str) -> tuple[str, str | None]:
    """The text of a content, and the place of the first part that is none."""
    if isinstance(content, str):
        return content, None
    if not isinstance(content, dict):
        raise bad_request(f"'{place}' must be an object with parts", place)
    parts = objects(content.get("parts"), f"{place}.parts")
    foreign = next((at for at, part in parts if _is_foreign(part)), None)
    texts: Sequence[str] = [
        string(part.get("text"), f"{at}.text") for at, part in parts if not _is_foreign(part)
    ]
    return "".join(texts), foreign


def _is_foreign(part: Mapping[str, Any]) -> bool:
    """Whether it is something else than a text, such as an image."""
    return bool(part) and "text" not in part
