"""Bodies of JSON are read when they are whole, and their faults are the upstream's."""

import pytest

from providers.body import WholeBody, parse
from providers.errors import BrokenAnswer, RateLimited
from providers.types import Ended, Event, Failed


def end(body: bytes) -> list[Event]:
    return [Ended()] if body == b"abc" else []


def refuse(body: bytes) -> list[Event]:
    raise RateLimited("no")


def test_a_body_is_read_once_and_whole():
    """However it was cut, and never again."""
    decoder = WholeBody(end)
    assert [*decoder.feed(b"a"), *decoder.feed(b""), *decoder.feed(b"bc")] == []
    assert decoder.finish() == [Ended()]
    assert decoder.finish() == ()
    assert decoder.feed(b"abc") == ()


def test_an_error_in_the_body_is_the_answer():
    """It comes as an event, not as an exception."""
    (event,) = WholeBody(refuse).finish()
    assert isinstance(event, Failed)
    assert isinstance(event.error, RateLimited)


def test_a_body_beyond_the_limit_fails_before_its_end():
    """So that no upstream fills the memory; what follows is not kept."""
    decoder = WholeBody(end, limit=3)
    assert decoder.feed(b"abc") == ()
    (event,) = decoder.feed(b"d")
    assert isinstance(event, Failed)
    assert isinstance(event.error, BrokenAnswer)
    assert decoder.feed(b"e") == ()
    assert decoder.finish() == ()


@pytest.mark.parametrize(
    "text", [b"", b"{", b"<html>", b'{"a": 1}}', b'"\xff"', b"[" * 100_000, b"NaN", "\ud800"]
)
def test_what_is_no_json_is_a_broken_answer(text: bytes | str):
    """Cut, trailing, not UTF-8, nested without end: all are one error, which quotes nothing."""
    with pytest.raises(BrokenAnswer, match="not valid JSON"):
        parse(text)
