"""Embeddings on Vertex AI: newer models take one text (`embedContent`), older ones a batch (`predict`)."""

from collections.abc import Iterator
from typing import Any

from providers.errors import BrokenAnswer, RequestRejected
from providers.gemini_answer import usage_of
from providers.gemini_embed import vector_of
from providers.gemini_errors import error_in_answer
from providers.lenient import count, fields, rows
from providers.types import JSON, EmbedCall, Ended, Event, Usage, UsageSeen, Vectors

SIZE = "outputDimensionality"
BESIDES = {"taskType": "task_type", "title": "title"}
"""Members of a request to embed; `predict` has other names for them."""

MOST_INPUTS = 250
"""Instances in one batch."""


def most_inputs(model: str) -> int:
    """How many texts this model takes at once. More than one, where one is all, would become one vector."""
    return 1 if _is_one_at_a_time(model) else MOST_INPUTS


def asked(call: EmbedCall, model: str) -> tuple[str, JSON]:
    """The method for this model, and the body, for at most `most_inputs`.

    Raises:
        RequestRejected: it cannot be said in this form.
    """
    options = {} if call.dimensions is None else {SIZE: call.dimensions}
    told = zip(call.inputs, _besides(call), strict=True)
    if not _is_one_at_a_time(model):
        instances: list[JSON] = [{"content": item, **_snake(besides)} for item, besides in told]
        body: dict[str, Any] = {"instances": instances}
        return "predict", {**body, "parameters": options} if options else body
    [(only, besides)] = told
    body = {"content": {"parts": [{"text": only}]}}
    if config := {**besides, **options}:
        body["embedContentConfig"] = config
    return "embedContent", body


class EmbedReader:
    """Reads the answer to one embedding call, by either method. Implements `providers.reading.Reader`."""

    def __init__(self, call: EmbedCall) -> None:
        self._call = call

    def read(self, value: Any) -> Iterator[Event]:
        answer = fields(value)
        if answer.get("error"):
            raise error_in_answer(answer)
        predicted = [fields(row.get("embeddings")) for row in rows(answer.get("predictions"))]
        found = predicted or rows([answer.get("embedding")])
        if len(found) != len(self._call.inputs):
            raise BrokenAnswer(
                f"Vertex gave {len(found)} embeddings for {len(self._call.inputs)} inputs"
            )
        yield Vectors(tuple(vector_of(row) for row in found))
        usage = usage_of(fields(answer.get("usageMetadata"))) or _counted(predicted)
        if usage is not None:
            yield UsageSeen(usage)

    def end(self, rest: bytes) -> Iterator[Event]:  # noqa: ARG002 - a whole body leaves no rest
        yield Ended()


def _besides(call: EmbedCall) -> list[dict[str, Any]]:
    """What a client that speaks Gemini's form says of each text; nobody else has words for it.

    Raises:
        RequestRejected: each is to have a size of its own.
    """
    if call.native is None:
        return [{} for _ in call.inputs]
    only = call.native.only
    if only == SIZE:
        raise RequestRejected("Vertex embeds all texts of a request in one size", param=SIZE)
    if only is not None and only not in BESIDES:
        raise RequestRejected(f"Vertex is not asked for '{only}'", param=only)
    said = rows(call.native.body.get("requests")) or [call.native.body]
    return [_told(each) for each in said]


def _told(request: JSON) -> dict[str, Any]:
    """What is said of one text, however its names are written."""
    given = {name: request.get(name, request.get(snake)) for name, snake in BESIDES.items()}
    return {name: value for name, value in given.items() if value is not None}


def _snake(besides: dict[str, Any]) -> dict[str, Any]:
    return {BESIDES[name]: value for name, value in besides.items()}


def _is_one_at_a_time(model: str) -> bool:
    """As Google's own SDK tells them apart (google-genai 3.4, `t_is_vertex_embed_content_model`)."""
    return ("gemini" in model and model != "gemini-embedding-001") or "maas" in model


def _counted(predicted: list[JSON]) -> Usage | None:
    """The tokens that stand beside each prediction."""
    tokens = sum(count(fields(row.get("statistics")).get("token_count")) for row in predicted)
    return Usage(prompt=tokens, total=tokens) if tokens else None
