"""Events to answers of Google's Gemini API, whole and streamed. Pure.

Every piece of a stream is a response by itself, with what is new. Calls of functions come complete, in the last
piece, which also says why the answer ended and all that was used.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import attrs
import msgspec

from gateway.apis.generate_parts import Candidates, counts
from gateway.whole import Heading
from providers.sse import Scanner
from providers.types import Event, Usage, UsageSeen

_encode = msgspec.json.Encoder().encode


def response_body(heading: Heading, events: Sequence[Event], usage: Usage) -> dict[str, Any]:
    """A whole answer, folded from its events."""
    candidates = Candidates(heading)
    candidates.read(events)
    return _response(heading, candidates.closed(), usage)


@attrs.define(eq=False)
class ResponseWriter:
    """Writes one streamed answer. Implements `gateway.apis.api.Writer`.

    As server-sent events, or as elements of an array: then the first comes at once, so that whatever goes wrong
    later can be an element as well.
    """

    heading: Heading
    array: bool = False
    _usage: Usage | None = None
    _begun: bool = False
    _candidates: Candidates = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._candidates = Candidates(self.heading)

    def write(self, events: Iterable[Event]) -> bytes:
        """A piece with what these events say, if they say something."""
        events = list(events)
        for event in events:
            if isinstance(event, UsageSeen):
                self._usage = event.usage
        self._candidates.read(events)
        said = self._candidates.taken()
        if not said and (self._begun or not self.array):
            return b""
        return self._piece(_response(self.heading, said, self._usage))

    def end(self, usage: Usage) -> bytes:
        """The last piece."""
        last = self._piece(_response(self.heading, self._candidates.closed(), usage))
        return last + b"]" if self.array else last

    def _piece(self, response: dict[str, Any]) -> bytes:
        begun, self._begun = self._begun, True
        if not self.array:
            return b"data: " + _encode(response) + b"\r\n\r\n"
        return (b",\r\n" if begun else b"[") + _encode(response)


@attrs.define(eq=False)
class Elements:
    """Google's own events as the elements of an array. Implements `gateway.apis.api.Frames`."""

    _begun: bool = False

    def put(self, frames: bytes) -> bytes:
        """What the events hold, letter by letter."""
        scanner = Scanner()
        found = [*scanner.feed(frames), *scanner.finish()]
        return b"".join(self._element(event.data.encode()) for event in found if event.data)

    def end(self) -> bytes:
        """The array's end."""
        return b"]"

    def _element(self, response: bytes) -> bytes:
        begun, self._begun = self._begun, True
        return (b",\r\n" if begun else b"[") + response


def _response(
    heading: Heading, candidates: list[dict[str, Any]], usage: Usage | None
) -> dict[str, Any]:
    told: dict[str, Any] = {"candidates": candidates} if candidates else {}
    if usage is not None:
        told["usageMetadata"] = counts(usage)
    return {**told, "modelVersion": heading.model, "responseId": heading.id}
