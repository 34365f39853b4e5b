"""Embeddings in OpenAI's format, in whatever order and encoding they come."""

import base64
import json
import struct
from typing import Any

import pytest

from providers.errors import BrokenAnswer, RateLimited
from providers.openai import OpenAI
from providers.types import EmbedCall, Ended, Event, Failed, Usage, UsageSeen, Vectors
from tests.providers.corpus import events_of


def decode(value: Any, inputs: int = 1, dimensions: int | None = None) -> list[Event]:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    call = EmbedCall(model="m", inputs=("x",) * inputs, body={}, dimensions=dimensions)
    return events_of(OpenAI().decoder(call), [raw])


def rows(*vectors: Any) -> dict[str, Any]:
    return {"data": [{"index": at, "embedding": vector} for at, vector in enumerate(vectors)]}


def packed(form: str, *numbers: float) -> str:
    return base64.b64encode(struct.pack(f"<{len(numbers)}{form}", *numbers)).decode()


def test_an_answer_as_openai_sends_it():
    """Vectors, usage, end."""
    answer = rows([0.5, -1, 0])
    usage = {"prompt_tokens": 8, "total_tokens": 8}
    assert decode({**answer, "model": "m1", "usage": usage}) == [
        Vectors(((0.5, -1.0, 0.0),), model="m1"),
        UsageSeen(Usage(8, 0, 8)),
        Ended(),
    ]


@pytest.mark.parametrize(
    ("usage", "seen"),
    [({"total_tokens": 3}, [UsageSeen(Usage(3, 0, 3))]), (None, []), ({}, []), ("x", [])],
)
def test_all_tokens_are_the_prompts(usage: Any, seen: list[Event]):
    """Voyage gives only a total; no usage is no event."""
    assert decode({**rows([1]), "usage": usage})[1:-1] == seen


def test_vectors_come_in_the_order_of_the_inputs():
    """By their index, or by their place where they have none."""
    shuffled = {"data": [{"index": 1, "embedding": [2]}, {"index": 0, "embedding": [1]}]}
    placed = {"data": [{"embedding": [1]}, {"embedding": [2], "index": None}]}
    for answer in (shuffled, placed):
        assert decode(answer, inputs=2) == [Vectors(((1.0,), (2.0,))), Ended()]


def test_base64_is_understood_although_numbers_were_asked_for():
    """Float32, or float64 where the length that was asked for says so."""
    numbers = (0.5, -0.25)
    expected = [Vectors((numbers,)), Ended()]
    assert decode(rows(packed("f", *numbers))) == expected
    assert decode(rows(packed("f", *numbers)), dimensions=2) == expected
    assert decode(rows(packed("d", *numbers)), dimensions=2) == expected


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"data": []},
        {"data": None},
        rows([1], [2]),
        {"data": [{"index": 1, "embedding": [1]}]},
        {"data": [{"index": [], "embedding": [1]}, {"index": 0, "embedding": [1]}]},
        rows([]),
        rows(None),
        rows(5),
        rows({"a": 1}),
        rows(["1.5"]),
        rows([None]),
        rows([True]),
        rows([10**400]),
        rows(""),
        rows("no base64!"),
        rows("AAAA"),
        rows(packed("f", float("nan"))),
        rows(packed("f", float("inf"))),
        b"",
        b"<html>",
        b"[]",
    ],
)
def test_anything_but_one_vector_of_numbers_for_each_input_is_a_broken_answer(answer: Any):
    """A wrong number of vectors would give somebody another text's."""
    (event,) = decode(answer)
    assert isinstance(event, Failed)
    assert type(event.error) is BrokenAnswer


def test_an_error_with_status_200_fails_with_its_own_class():
    """As in a chat."""
    (event,) = decode({"error": {"message": "m", "code": 429}})
    assert isinstance(event, Failed)
    assert type(event.error) is RateLimited
