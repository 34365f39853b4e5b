"""An upstream's own bytes beside what they mean."""

import json
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from providers import verbatim as module
from providers.anthropic import Anthropic
from providers.base import Decoder
from providers.errors import BrokenAnswer
from providers.types import ChatCall, Ended, Event, Failed, TextDelta, Verbatim
from providers.verbatim import VerbatimStream, verbatim

EVENTS = (
    {"type": "message_start", "message": {"id": "msg_1", "model": "m", "usage": {}}},
    {"type": "ping"},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hi"}},
    {"type": "never_heard_of", "index": 0},
    {"type": "content_block_stop", "index": 0},
    {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 3}},
    {"type": "message_stop"},
)
WHOLE = {
    "id": "msg_1",
    "content": [{"type": "text", "text": "Hi"}],
    "stop_reason": "end_turn",
    "unheard_of": 1,
}
STREAMED = ChatCall("m", (), {}, stream=True)


def frame(event: object, end: str = "\n") -> bytes:
    return f"event: x{end}data: {json.dumps(event)}{end}{end}".encode()


def decoder(*, stream: bool = True) -> Decoder:
    call = STREAMED if stream else ChatCall("m", (), {})
    return verbatim(Anthropic().decoder(call), stream=stream)


def fed(pieces: Sequence[bytes]) -> list[Event]:
    made = decoder()
    events = [event for piece in pieces for event in made.feed(piece)]
    return [*events, *made.finish()]


def given_bytes(events: Sequence[Event]) -> bytes:
    return b"".join(event.data for event in events if isinstance(event, Verbatim))


def meant(events: Sequence[Event]) -> list[Event]:
    return [event for event in events if not isinstance(event, Verbatim)]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(data=st.data())
def test_however_the_bytes_come_they_go_on_as_they_are(data: st.DataObject, end: str) -> None:
    """Frames that nobody here knows included; and they mean the same."""
    stream = b"".join(frame(event, end) for event in EVENTS)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=12)))
    pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]

    events = fed(pieces)

    assert given_bytes(events) == stream
    assert meant(events) == meant(fed([stream]))
    assert events[-1] == Ended()


def test_bytes_come_before_what_they_mean() -> None:
    """Whoever relays them sees at once that they are there."""
    made = decoder()
    for event in EVENTS:
        assert isinstance(made.feed(frame(event))[0], Verbatim)


def test_a_frame_is_given_whole_or_not_at_all() -> None:
    """What breaks off in the middle of one ends behind the one before."""
    stream = b"".join(frame(event) for event in EVENTS[:5])
    events = fed([stream, frame(EVENTS[6])[:-9]])

    assert given_bytes(events) == stream
    assert isinstance(events[-1], Failed)


def test_an_error_in_the_stream_is_told_in_our_words() -> None:
    """What the upstream says of it may hold what is nobody's business."""
    error = {"type": "error", "error": {"type": "overloaded_error", "message": "sk-secret"}}
    good = b"".join(frame(event) for event in EVENTS[:4])
    events = fed([good + frame(error) + frame(EVENTS[4])])

    assert given_bytes(events) == good
    assert TextDelta("Hi") in events
    assert isinstance(events[-1], Failed)


def test_nothing_follows_the_end() -> None:
    """Neither bytes nor events."""
    made = decoder()
    events = made.feed(b"".join(map(frame, EVENTS)) + frame({"type": "ping"}))

    assert given_bytes(events) == b"".join(map(frame, EVENTS))
    assert list(made.feed(frame(EVENTS[1]))) == []
    assert list(made.finish()) == []


def test_a_last_frame_without_its_blank_line_counts_where_it_is_the_end() -> None:
    """Some upstreams forget it."""
    stream = b"".join(map(frame, EVENTS))[:-1]
    events = fed([stream])

    assert given_bytes(events) == stream
    assert events[-1] == Ended()


def test_a_frame_without_end_is_bounded() -> None:
    """It would fill the memory."""
    made = VerbatimStream(Anthropic().decoder(STREAMED))
    events: list[Event] = []
    for _ in range(module.LONGEST_FRAME // 2**20 + 2):
        events += made.feed(b"x" * 2**20)

    assert len(events) == 1
    assert isinstance(events[0], Failed)
    assert isinstance(events[0].error, BrokenAnswer)


def test_a_whole_body_goes_on_as_it_is() -> None:
    """White space and unknown members included."""
    body = json.dumps(WHOLE, indent=3).encode()
    made = decoder(stream=False)
    assert [*made.feed(body[:9]), *made.feed(body[9:])] == []
    first, *events = made.finish()

    assert first == Verbatim(body)
    assert events[-1] == Ended()


def test_a_whole_body_that_is_none_is_not_given() -> None:
    """It is told as what it is, a failure."""
    made = decoder(stream=False)
    made.feed(b'{"content":')
    events = made.finish()

    assert [type(event) for event in events] == [Failed]
