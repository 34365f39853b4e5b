"""Gemini's embeddings: what the recordings lack, written by hand."""

import json
from typing import Any

import pytest

from providers.errors import BrokenAnswer, RateLimited
from providers.gemini import Gemini
from providers.types import EmbedCall, Ended, Event, Failed, Usage, UsageSeen, Vectors
from tests.providers.corpus import events_of

dialect = Gemini()


def answered(value: Any, inputs: int = 1) -> list[Event]:
    call = EmbedCall("m", ("text",) * inputs, {})
    return events_of(dialect.decoder(call), [json.dumps(value).encode()])


def test_vectors_keep_the_order_of_the_inputs() -> None:
    """Whole numbers among the values are floats as well."""
    events = answered({"embeddings": [{"values": [1, 0.5]}, {"values": [0, -1]}]}, inputs=2)
    assert events == [Vectors(((1.0, 0.5), (0.0, -1.0))), Ended()]


def test_tokens_are_told_where_gemini_counts_them() -> None:
    """Newer models do."""
    events = answered({"embeddings": [{"values": [1]}], "usageMetadata": {"promptTokenCount": 4}})
    assert events[1:] == [UsageSeen(Usage(prompt=4, total=4)), Ended()]


def test_a_single_embedding_is_read_too() -> None:
    """Vertex answers embedContent with one object."""
    assert answered({"embedding": {"values": [1]}}) == [Vectors(((1.0,),)), Ended()]


@pytest.mark.parametrize(
    "value",
    [
        {"embeddings": [{"values": [1]}]},
        {"embeddings": [{"values": [1]}, {"values": []}]},
        {"embeddings": [{"values": [1]}, {"values": ["x"]}]},
        {"embeddings": [{"values": [1]}, {"values": [None]}]},
        {"embeddings": [{"values": [1]}, {}]},
        {"embeddings": {}},
        {"embedding": {"values": [1]}},
        {},
        [],
        3,
    ],
)
def test_vectors_that_do_not_fit_the_inputs_break_the_answer(value: Any) -> None:
    """A missing or empty vector must not shift the others to wrong texts."""
    events = answered(value, inputs=2)
    assert len(events) == 1
    assert isinstance(events[0], Failed)
    assert isinstance(events[0].error, BrokenAnswer)


def test_an_error_in_the_answer_has_its_class() -> None:
    """As in a chat."""
    events = answered({"error": {"code": 429, "message": "slow"}})
    assert isinstance(events[0], Failed)
    assert isinstance(events[0].error, RateLimited)


@pytest.mark.parametrize(
    ("body", "refused"),
    [
        ({"model": "m", "input": "x", "encoding_format": "base64", "dimensions": 8}, None),
        ({"user": "u", "task": None}, None),
        ({"input_type": "query"}, "input_type"),
    ],
)
def test_what_cannot_be_honoured_is_named(body: dict[str, Any], refused: str | None) -> None:
    """Members without a value ask for nothing."""
    assert dialect.refuses(EmbedCall("m", ("x",), body)) == refused


def test_dimensions_are_asked_for_in_every_part() -> None:
    """As recorded."""
    request = dialect.encode(EmbedCall("m", ("a", "b"), {}, dimensions=8), "e")
    parts = json.loads(request.body)["requests"]
    assert [part["outputDimensionality"] for part in parts] == [8, 8]
    assert [part["content"]["parts"][0]["text"] for part in parts] == ["a", "b"]
