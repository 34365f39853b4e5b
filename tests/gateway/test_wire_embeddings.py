"""Embeddings requests: what is taken, what is refused, and who is named."""

from typing import Any

import pytest

from gateway.wire import MAX_INPUTS, read_embeddings
from tests.gateway.asked import each, refusal


def embeddings(**changes: Any) -> dict[str, Any]:
    """An embeddings request's JSON."""
    return {"model": "m", "input": "x"} | changes


@pytest.mark.parametrize(
    ("given", "inputs"),
    [
        ("x", ("x",)),
        (["a", "b"], ("a", "b")),
        ([1, 2], ((1, 2),)),
        ([0], ((0,),)),
        ([[1, 2], [3]], ((1, 2), (3,))),
        (["a", [1]], ("a", (1,))),
        (["a"] * MAX_INPUTS, ("a",) * MAX_INPUTS),
        (list(range(3000)), (tuple(range(3000)),)),
    ],
)
def test_inputs_are_texts_or_lists_of_tokens(given: Any, inputs: tuple[Any, ...]) -> None:
    """A plain list of numbers is one input, however long."""
    assert read_embeddings(embeddings(input=given)).inputs == inputs


@pytest.mark.parametrize(
    ("param", "given"),
    [
        *each("input", None, "", 5, True, {}, [], ["a"] * (MAX_INPUTS + 1)),
        *each("input[0]", [""], [None], [{}], [[]], [True], [1.0], [-1]),
        *each("input[0]", [1, "a"], [1, None], [[1, "a"]], [[True]], [["a"]]),
        *each("input[1]", ["a", 5], ["a", ""], ["a", [[1]]], [[1], []]),
    ],
)
def test_other_inputs_are_refused_with_their_place(param: str, given: Any) -> None:
    """A single text is `input` itself."""
    error = refusal(lambda: read_embeddings(embeddings(input=given)))
    assert (error.status, error.param) == (400, param)
    assert f"'{param}'" in error.message


@pytest.mark.parametrize(
    ("body", "encoding", "dimensions"),
    [
        ({}, "float", None),
        ({"encoding_format": None, "dimensions": None}, "float", None),
        ({"encoding_format": "float", "dimensions": 256}, "float", 256),
        ({"encoding_format": "base64", "dimensions": 256.0}, "base64", 256),
    ],
)
def test_the_form_of_an_embedding_is_read(
    body: dict[str, Any], encoding: str, dimensions: int | None
) -> None:
    """Numbers unless base64 is asked for; as many as the model likes unless told."""
    call = read_embeddings(embeddings(**body))
    assert (call.encoding, call.dimensions) == (encoding, dimensions)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *each("encoding_format", "", "Float", "int8", 0, False, [], {}, ["float"]),
        *each("dimensions", 0, -1, 1.5, "256", True, 100_001, 10**400, []),
    ],
)
def test_another_form_of_an_embedding_is_refused(name: str, value: Any) -> None:
    """Null is the only way to say nothing."""
    error = refusal(lambda: read_embeddings(embeddings(**{name: value})))
    assert (error.status, error.param) == (400, name)
