"""Embeddings on Vertex: one text at a time or a batch, as the model wants."""

import json
from typing import Any

import attrs
import pytest

from providers.errors import BrokenAnswer, RequestRejected
from providers.types import EmbedCall, Native, Usage
from providers.vertex import Vertex
from tests.providers.corpus import events_of
from tests.providers.outcome import Outcome, outcome_of

dialect = Vertex("p")


def asked(model: str, *inputs: str, dimensions: int | None = None) -> tuple[str, Any]:
    wire = dialect.encode(EmbedCall("m", inputs, {}, dimensions=dimensions), model)
    return wire.path.rpartition(":")[2], json.loads(wire.body)


def read(answer: Any, inputs: int) -> Outcome:
    decoder = dialect.decoder(EmbedCall("m", ("x",) * inputs, {}))
    return outcome_of(events_of(decoder, [json.dumps(answer).encode()]))


@pytest.mark.parametrize("model", ["text-embedding-005", "gemini-embedding-001"])
def test_older_models_take_a_batch(model: str) -> None:
    """With the number of dimensions beside it."""
    method, body = asked(model, "a", "b", dimensions=8)
    instances = [{"content": "a"}, {"content": "b"}]
    assert method == "predict"
    assert body == {"instances": instances, "parameters": {"outputDimensionality": 8}}
    assert asked(model, "a")[1] == {"instances": [{"content": "a"}]}


@pytest.mark.parametrize("model", ["gemini-embedding-2", "multilingual-e5-large-instruct-maas"])
def test_newer_models_take_one_text(model: str) -> None:
    """Of two they would make one vector, so they are never given two."""
    method, body = asked(model, "a", dimensions=8)
    assert method == "embedContent"
    content = {"parts": [{"text": "a"}]}
    assert body == {"content": content, "embedContentConfig": {"outputDimensionality": 8}}
    assert (dialect.most_inputs(model), dialect.most_inputs("text-embedding-005")) == (1, 250)


def test_what_geminis_own_clients_say_of_a_text_is_said() -> None:
    """What it is for, in the words of either method; a size of its own for each has none."""
    each = {"content": {"parts": [{"text": "a"}]}, "taskType": "RETRIEVAL_QUERY", "title": "t"}
    one = EmbedCall("m", ("a",), {}, dimensions=8, native=Native("gemini", each))
    two = attrs.evolve(one, inputs=("a", "a"), native=Native("gemini", {"requests": [each, each]}))
    for call in (one, two):
        rows = json.loads(dialect.encode(call, "text-embedding-005").body)["instances"]
        said = {"content": "a", "task_type": "RETRIEVAL_QUERY", "title": "t"}
        assert rows == [said] * len(call.inputs)
    config = json.loads(dialect.encode(one, "gemini-embedding-2").body)["embedContentConfig"]
    assert config == {"taskType": "RETRIEVAL_QUERY", "title": "t", "outputDimensionality": 8}
    snake = Native("gemini", {"task_type": "RETRIEVAL_QUERY"}, only="taskType")
    body = json.loads(dialect.encode(attrs.evolve(one, native=snake), "text-embedding-005").body)
    assert body["instances"] == [{"content": "a", "task_type": "RETRIEVAL_QUERY"}]


@pytest.mark.parametrize("only", ["outputDimensionality", "content.parts[0]", "autoTruncate"])
def test_what_vertex_is_not_asked_for_is_refused_by_its_name(only: str) -> None:
    """Sizes of their own for each text, images, and what nobody here knows: never left out in silence."""
    call = EmbedCall("m", ("a",), {}, native=Native("gemini", {}, only=only))
    with pytest.raises(RequestRejected) as refused:
        dialect.encode(call, "gemini-embedding-2")
    assert refused.value.param == only


def test_predictions_are_read_in_order_with_their_tokens() -> None:
    """Which stand beside each."""
    rows = [
        {"embeddings": {"values": [n, 0.5], "statistics": {"token_count": n}}} for n in (1, 2, 3)
    ]
    outcome = read({"predictions": rows}, 3)
    assert outcome.vectors == ((1.0, 0.5), (2.0, 0.5), (3.0, 0.5))
    assert outcome.usage == Usage(prompt=6, total=6)


@pytest.mark.parametrize(
    "answer",
    [
        {"predictions": [{"embeddings": {"values": [1]}}]},
        {"embedding": {"values": [1]}},
        {"predictions": [{}, {}]},
        {},
        [],
    ],
)
def test_an_answer_without_a_vector_for_each_input_is_broken(answer: Any) -> None:
    """One too few, or an empty one."""
    assert isinstance(read(answer, 2).error, BrokenAnswer)


def test_an_error_inside_the_answer_is_one() -> None:
    """Whatever the status was."""
    assert not read({"error": {"code": 500, "message": "x"}}, 1).ended
