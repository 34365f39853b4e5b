"""What the three languages share."""

import json

import msgspec
import pytest

from providers.simulator.dialect import (
    Refused,
    arguments,
    decode,
    is_embedder,
    quoted,
    retry_after,
    tokens_in,
    tool_called,
)
from providers.simulator.prose import LONGEST, Passage


class Inner(msgspec.Struct):
    size: int


class Outer(msgspec.Struct):
    inner: list[Inner]


@pytest.mark.parametrize(
    ("body", "param"),
    [
        (b'{"inner":[{"size":1},{"size":"x"}]}', "inner[1].size"),
        (b"{}", "inner"),
        (b'{"inner":[{}]}', "inner[0].size"),
        (b"[]", None),
        (b'{"inner":', None),
        (b"", None),
        (b'{"inner":"\xff"}', "inner"),
        (b"\xff", None),
    ],
)
def test_a_bad_body_is_refused_with_its_parameter(body: bytes, param: str | None):
    """Whatever is wrong with it, it is the request's fault, and the place is named."""
    with pytest.raises(Refused) as refused:
        decode(msgspec.json.Decoder(Outer), body)
    assert refused.value.problem.kind == "bad_request"
    assert refused.value.problem.param == param


def test_a_good_body_is_its_type():
    """Unknown members are ignored."""
    assert decode(msgspec.json.Decoder(Inner), b'{"size":1,"more":2}') == Inner(1)


def test_waiting_is_asked_for_in_whole_seconds():
    """Rounded up: HTTP has no fractions, and too early would be refused again."""
    assert retry_after(0.2) == b"retry-after: 1\r\n"
    assert retry_after(2.0) == b"retry-after: 2\r\n"


def test_small_things():
    """Tokens are counted roughly, names are quoted, embedders are known by name."""
    assert tokens_in(["x" * 8, "y" * 4]) == 3
    assert tokens_in([]) == 1
    assert quoted('a"ı') == '"a\\"ı"'.encode()
    assert is_embedder("text-embedding-004")
    assert not is_embedder("gpt-4o")


@pytest.mark.parametrize("passage", [Passage(0, LONGEST), Passage(7, 1)], ids=["book", "word"])
def test_arguments_are_json_within_json(passage: Passage):
    """Every word of the book, quotes and back-slashes among them, survives both; every piece is whole."""
    pieces = arguments(passage)
    told = [json.loads(b'"' + piece + b'"') for piece in pieces]
    assert len(pieces) == passage.words
    assert json.loads("".join(told)) == {"text": passage.text}


@pytest.mark.parametrize(
    ("forced", "asked", "called"),
    [
        (False, "", None),
        (False, "do b", "b"),
        (False, "do b and a", "a"),
        (True, "do b", "a"),
        ("b", "do a", "b"),
    ],
)
def test_who_calls_what(forced: str | bool, asked: str, called: str | None):
    """What must be called before what is named."""
    assert tool_called(["a", "b"], forced, asked) == called


@pytest.mark.parametrize(("names", "forced"), [([], True), (["a"], "b"), (["a"], ""), ([], "a")])
def test_a_call_that_cannot_be_is_refused(names: list[str], forced: str | bool):
    """The client's mistake."""
    with pytest.raises(Refused):
        tool_called(names, forced, "a")
