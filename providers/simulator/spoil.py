"""Answers that go wrong after their status 200, each in its fault's way. Pure."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import attrs

from providers.simulator.delivery import (
    Delivery,
    Framing,
    Pace,
    Then,
    deliver_stream,
    deliver_whole,
    stream_frames,
)
from providers.simulator.dialect import Spoiled, Streamed, Whole
from providers.simulator.faults import Fault, FaultKind


@attrs.frozen
class _Wound:
    """What a spoiler works with."""

    fault: Fault
    spoiled: Spoiled
    framing: Framing
    pace: Pace


def spoil(
    answer: Whole | Streamed, fault: Fault, spoiled: Spoiled, framing: Framing, pace: Pace
) -> Delivery:
    """The delivery of this good answer, gone wrong."""
    if fault.kind == "silence":
        return Delivery((), Then.HANG, "failed", None)
    if fault.kind == "refuse":
        return Delivery(((fault.after, b""),), Then.RESET, "failed", None)
    wound = _Wound(fault, spoiled, framing, pace)
    if isinstance(answer, Whole):
        return _WHOLE[fault.kind](answer, wound)
    return _STREAMED[fault.kind](answer, wound)


def _instead(body: bytes, wound: _Wound) -> Delivery:
    """A complete answer with this body."""
    good = deliver_whole(Whole(body), wound.framing, wound.pace.first)
    return attrs.evolve(good, outcome="failed")


def _half(answer: Whole, wound: _Wound, then: Then) -> Delivery:
    """The announced length, but only half of the body."""
    half = attrs.evolve(answer, body=answer.body[: len(answer.body) // 2])
    data = wound.framing.whole(half, length=len(answer.body))
    return Delivery(((wound.pace.first, data),), then, "failed")


def _dripped(good: Delivery, wound: _Wound) -> Delivery:
    """The same bytes, one at a time."""
    data = b"".join(piece for _, piece in good.frames)
    drops = [(wound.fault.pace, data[at : at + 1]) for at in range(len(data))]
    drops[0] = (wound.pace.first, data[:1])
    return attrs.evolve(good, frames=drops)


def _garbled(body: bytes) -> bytes:
    middle = len(body) // 2
    return body[:middle] + b"\x00" + body[middle:]


def _ends_early(answer: Streamed, wound: _Wound, tail: bytes = b"") -> Delivery:
    """Some words, then `tail`, then the end of the body as if nothing were missing."""
    broken = _stops_early(answer, wound, wound.framing.then)
    delay, data = broken.frames[-1]
    tail = wound.framing.chunk(tail) if tail else b""
    last = (delay, data + tail + wound.framing.last)
    return attrs.evolve(broken, frames=(*broken.frames[:-1], last))


def _stops_early(answer: Streamed, wound: _Wound, then: Then) -> Delivery:
    """Some words, and what precedes them; nothing ends the body."""
    words = wound.fault.words_sent(len(answer.words))
    events = [answer.opening + b"".join(answer.words[: min(words, 1)]), *answer.words[1:words]]
    frames = stream_frames(answer, wound.framing, wound.pace, events)
    return Delivery(frames, then, "failed")


def _only(frame: bytes, answer: Streamed, wound: _Wound) -> Delivery:
    """A stream of nothing but this."""
    good = deliver_stream(Streamed(b"", (frame,), b"", answer.headers), wound.framing, wound.pace)
    return attrs.evolve(good, outcome="failed")


def _error_frame(answer: Streamed, wound: _Wound) -> Delivery:
    frame = wound.spoiled.error_frame
    if not wound.fault.words_sent(len(answer.words)):
        return _only(frame, answer, wound)
    return _ends_early(answer, wound, frame)


def _malformed(answer: Streamed, wound: _Wound) -> Delivery:
    """One event in the middle is broken, all others are there."""
    words = list(answer.words)
    words[wound.fault.words_sent(len(words))] = wound.spoiled.broken_frame
    spoiled = attrs.evolve(answer, words=words)
    return attrs.evolve(deliver_stream(spoiled, wound.framing, wound.pace), outcome="failed")


_WHOLE: Mapping[FaultKind, Callable[[Whole, _Wound], Delivery]] = MappingProxyType(
    {
        "reset_mid_body": lambda answer, wound: _half(answer, wound, Then.RESET),
        "error_frame": lambda _, wound: _instead(wound.spoiled.error_body, wound),
        "role_then_stall": lambda answer, wound: _half(answer, wound, Then.HANG),
        "stall": lambda answer, wound: _half(answer, wound, Then.HANG),
        "cut": lambda answer, wound: _half(answer, wound, Then.CLOSE),
        "malformed_sse": lambda answer, wound: _instead(_garbled(answer.body), wound),
        "truncated_json": lambda answer, wound: _instead(
            answer.body[: len(answer.body) // 2], wound
        ),
        "slow_drip": lambda answer, wound: _dripped(deliver_whole(answer, wound.framing), wound),
        "empty_done": lambda _, wound: _instead(wound.spoiled.empty_body, wound),
    }
)

_STREAMED: Mapping[FaultKind, Callable[[Streamed, _Wound], Delivery]] = MappingProxyType(
    {
        "reset_mid_body": lambda answer, wound: _stops_early(answer, wound, Then.RESET),
        "error_frame": _error_frame,
        "role_then_stall": lambda answer, wound: _stops_early(answer, wound, Then.HANG),
        "stall": lambda answer, wound: _stops_early(answer, wound, Then.HANG),
        "cut": _ends_early,
        "malformed_sse": _malformed,
        "truncated_json": lambda answer, wound: _ends_early(
            answer, wound, wound.spoiled.broken_frame.rstrip()
        ),
        "slow_drip": lambda answer, wound: _dripped(
            deliver_stream(answer, wound.framing, wound.pace), wound
        ),
        "empty_done": lambda answer, wound: _only(wound.spoiled.bare_end, answer, wound),
    }
)
