"""Embeddings that mean nothing, reliably."""

import base64
import math
import struct

import pytest

from providers.simulator.vectors import as_base64, vector


@pytest.mark.parametrize("dimensions", [1, 256, 768, 3072])
def test_vectors_are_of_unit_length(dimensions: int):
    """As real ones are, however many dimensions."""
    values = vector("Merhaba dünya, bu bir test metnidir.", dimensions)
    assert len(values) == dimensions
    assert math.hypot(*values) == pytest.approx(1.0)


def test_vectors_are_stable():
    """The same text has the same vector in every process, another text another."""
    assert vector("hedge", 3) == pytest.approx((0.43715, -0.89212, 0.11408), abs=1e-4)
    assert vector("hedges", 3) != vector("hedge", 3)


def test_fewer_dimensions_are_the_first_of_more():
    """Up to the length, which is one again."""
    few, more = vector("hedge", 8), vector("hedge", 16)
    scale = math.hypot(*more[:8])
    assert [value / scale for value in more[:8]] == pytest.approx(few)


def test_base64_is_little_endian_float32():
    """The form in which OpenAI's SDK expects vectors."""
    values = vector("hedge", 5)
    raw = base64.b64decode(as_base64(values))
    assert struct.unpack("<5f", raw) == pytest.approx(values)


def test_lone_surrogates_have_a_vector_too():
    """Text that is no valid Unicode is still text to a server."""
    assert len(vector("\ud83e", 4)) == 4
