"""Texts that Google's clients have embedded."""

from typing import Any

import pytest

from gateway.apis.api import Asked
from gateway.apis.generate_embed import read_embed
from providers.types import EmbedCall
from tests.gateway.asked import refusal

SAID = {"model": "m"}
TEXT = {"content": {"parts": [{"text": "a"}]}}
IMAGE = {"content": {"parts": [{"inlineData": {"mimeType": "image/png", "data": "AA"}}]}}


def embed(**members: Any) -> EmbedCall:
    return read_embed(Asked(members, SAID))


def only(call: EmbedCall) -> str | None:
    assert call.native is not None
    return call.native.only


def test_a_text_is_embedded_alone_or_in_a_batch() -> None:
    """With the size that is wished for."""
    one = embed(content={"parts": [{"text": "a"}, {"text": "b"}]}, outputDimensionality=3)
    assert (one.inputs, one.dimensions, only(one)) == (("ab",), 3, None)
    assert one.body == {"model": "m", "input": ["ab"], "dimensions": 3}
    request = {"model": "models/m", **TEXT}
    two = embed(requests=[request, request])
    assert (two.inputs, two.dimensions, only(two)) == (("a", "a"), None, None)


@pytest.mark.parametrize(
    ("request_", "place"),
    [
        ({"taskType": "RETRIEVAL_QUERY"}, "taskType"),
        ({"task_type": "RETRIEVAL_QUERY"}, "taskType"),
        ({"title": "t"}, "title"),
        ({"outputDimensionality": 5}, "outputDimensionality"),
        ({"autoTruncate": False}, "autoTruncate"),
        (IMAGE, "requests[1].content.parts[0]"),
    ],
)
def test_what_only_googles_embeddings_know_is_named(request_: Any, place: str) -> None:
    """Tasks, titles, texts of one batch in several sizes, and what is no text."""
    assert only(embed(requests=[TEXT, {**TEXT, **request_}])) == place


@pytest.mark.parametrize(
    ("members", "parameter"),
    [
        ({}, "content"),
        ({"content": 5}, "content"),
        ({"content": {"parts": []}}, "content.parts"),
        ({"content": {"parts": [{"text": ""}]}}, "content.parts"),
        ({"content": {"parts": [{}]}}, "content.parts[0].text"),
        ({"content": {"parts": [{"text": 5}]}}, "content.parts[0].text"),
        ({**TEXT, "outputDimensionality": [1]}, "outputDimensionality"),
        ({**TEXT, "output_dimensionality": "x"}, "outputDimensionality"),
        ({"requests": 5}, "requests"),
        ({"requests": []}, "requests"),
        ({"requests": TEXT}, "requests"),
        ({"requests": [TEXT] * 2049}, "requests"),
        ({"requests": [{}]}, "requests[0].content"),
    ],
)
def test_what_is_wrong_is_named(members: Any, parameter: str) -> None:
    """Each in its place."""
    error = refusal(lambda: embed(**members))
    assert error.param == parameter
    assert parameter in error.message
