"""How JSON arrives, with a reader that only counts."""

from collections.abc import Iterator
from typing import Any

import pytest

from providers.errors import BrokenAnswer, UpstreamFailed
from providers.reading import Streamed, whole
from providers.types import Ended, Event, Failed, TextDelta
from tests.providers.corpus import events_of


class Echo:
    """Says every value; `stop` ends the answer, `fail` breaks it."""

    def read(self, value: Any) -> Iterator[Event]:
        if value == "fail":
            raise UpstreamFailed("as told")
        yield Ended() if value == "stop" else TextDelta(str(value))

    def end(self, rest: bytes) -> Iterator[Event]:
        yield TextDelta(f"rest {len(rest)}")
        yield Ended()


def test_each_event_is_one_value() -> None:
    """The end of the bytes is the reader's to judge."""
    assert events_of(Streamed(Echo()), [b"data: 1\n\ndata: 2\n\n"]) == [
        TextDelta("1"),
        TextDelta("2"),
        TextDelta("rest 0"),
        Ended(),
    ]


def test_a_last_event_without_its_blank_line_is_read() -> None:
    """Before the end is judged."""
    assert events_of(Streamed(Echo()), [b"data: 1"])[0] == TextDelta("1")


def test_nothing_follows_the_end() -> None:
    """Neither in the same bytes, nor in later ones, nor at their end."""
    decoder = Streamed(Echo())
    assert decoder.feed(b'data: "stop"\n\ndata: 1\n\n') == [Ended()]
    assert not decoder.feed(b"data: 2\n\n")
    assert not decoder.finish()


def test_an_error_ends_the_answer_after_what_was_said() -> None:
    """In a stream, earlier events of the same bytes are kept."""
    decoder = Streamed(Echo())
    said, failed = decoder.feed(b'data: 1\n\ndata: "fail"\n\ndata: 2\n\n')
    assert said == TextDelta("1")
    assert isinstance(failed, Failed)
    assert isinstance(failed.error, UpstreamFailed)
    assert not decoder.finish()


@pytest.mark.parametrize("data", [b"data: {\n\n", b"data: \n\n", b"data: [DONE]\n\n"])
def test_an_event_that_is_no_json_breaks_the_answer(data: bytes) -> None:
    """Where every event should be."""
    events = Streamed(Echo()).feed(data)
    assert isinstance(events[-1], Failed)
    assert isinstance(events[-1].error, BrokenAnswer)


def test_a_whole_answer_is_read_at_its_end() -> None:
    """However many pieces it comes in, it is one value."""
    decoder = whole(Echo())
    assert not decoder.feed(b"[1,")
    assert not decoder.feed(b" 2]")
    assert decoder.finish() == [TextDelta("[1, 2]"), TextDelta("rest 0"), Ended()]
    assert not decoder.finish()


def test_a_whole_answer_that_fails_says_nothing_else() -> None:
    """Half an answer must not win a race that the other half loses."""
    (failed,) = events_of(whole(Echo()), [b'"fail"'])
    assert isinstance(failed, Failed)
    assert isinstance(failed.error, UpstreamFailed)
