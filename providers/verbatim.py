"""An upstream's own bytes beside what they mean, where client and upstream speak the same form.

The dialect's decoder reads the answer as ever, for the race, the account and the end; what the client is
given are the frames themselves, members and events that nobody here knows included.
"""

import re
from collections.abc import Sequence

from providers.base import Decoder
from providers.errors import BrokenAnswer
from providers.types import Ended, Event, Failed, UsageSeen, Verbatim

FRAME_END = re.compile(rb"\r\n\r\n|\n\n|\r\r")

LONGEST_FRAME = 64 * 2**20
"""Bytes of one frame; as much as a whole body may have."""


class VerbatimStream:
    """Frames of a stream with their events. Implements `providers.base.Decoder`.

    A frame is given whole or not at all, so that what we may have to say behind a broken answer is a frame of
    its own. One that says an error is not given: it is told in our words, without secrets. Without `usage` the
    client did not ask for that, and is not given the frames that say nothing else.
    """

    def __init__(self, decoder: Decoder, *, usage: bool = True) -> None:
        self._decoder = decoder
        self._usage = usage
        self._held = bytearray()
        self._over = False

    def feed(self, data: bytes) -> Sequence[Event]:
        if self._over:
            return ()
        begun = max(0, len(self._held) - 3)
        self._held += data
        end = _last_end(self._held, begun)
        if not end:
            return self._held_back()
        frames = bytes(self._held[:end])
        del self._held[:end]
        return self._read(frames)

    def finish(self) -> Sequence[Event]:
        if self._over:
            return ()
        frames, self._held = bytes(self._held), bytearray()
        events = [*(self._decoder.feed(frames) if frames else ())]
        if not (events and _is_last(events[-1])):
            events += self._decoder.finish()
        self._over = True
        if frames and events and isinstance(events[-1], Ended):
            return [Verbatim(frames), *events]
        return events

    def _read(self, frames: bytes) -> Sequence[Event]:
        given, meant = bytearray(), list[Event]()
        for frame in _split(frames):
            events = self._decoder.feed(frame)
            meant += events
            if events and isinstance(events[-1], Failed):
                break
            given += frame if self._usage or not _is_usage(events) else b""
            if events and isinstance(events[-1], Ended):
                break
        self._over = bool(meant) and _is_last(meant[-1])
        return [Verbatim(bytes(given)), *meant] if given else meant

    def _held_back(self) -> Sequence[Event]:
        if len(self._held) <= LONGEST_FRAME:
            return ()
        self._over = True
        self._held.clear()
        return (Failed(BrokenAnswer("A frame of the upstream's answer is too large")),)


class VerbatimBody:
    """A whole body with its events. Implements `providers.base.Decoder`."""

    def __init__(self, decoder: Decoder, content_type: str = "application/json") -> None:
        self._decoder = decoder
        self._content_type = content_type
        self._pieces: list[bytes] = []

    def feed(self, data: bytes) -> Sequence[Event]:
        events = self._decoder.feed(data)
        if not events:
            self._pieces.append(data)
        return events

    def finish(self) -> Sequence[Event]:
        events = self._decoder.finish()
        if not events or isinstance(events[-1], Failed):
            return events
        return [Verbatim(b"".join(self._pieces), self._content_type), *events]


def verbatim(decoder: Decoder, *, stream: bool, usage: bool = True) -> Decoder:
    """The decoder, giving the upstream's bytes with its events."""
    return VerbatimStream(decoder, usage=usage) if stream else VerbatimBody(decoder)


def _is_usage(events: Sequence[Event]) -> bool:
    return bool(events) and all(isinstance(event, UsageSeen) for event in events)


def _is_last(event: Event) -> bool:
    return isinstance(event, Ended | Failed)


def _last_end(data: bytearray, begun: int) -> int:
    """Where the last whole frame ends, 0 if none does from `begun` on."""
    end = 0
    for found in FRAME_END.finditer(data, begun):
        end = found.end()
    return end


def _split(frames: bytes) -> list[bytes]:
    """The frames one by one, with their ends."""
    found: list[bytes] = []
    begun = 0
    for end in FRAME_END.finditer(frames):
        found.append(frames[begun : end.end()])
        begun = end.end()
    return found
