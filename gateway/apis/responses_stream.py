"""Events to the stream of OpenAI's Responses API, numbered and in order; also to the answer it ends with. Pure.

    created in_progress (output_item.added ... output_item.done)* (completed | incomplete)

An item is done when another begins. Calls of tools may be told side by side: one is done when its arguments are
complete and another item begins, at the latest with the answer.
"""

from collections.abc import Iterable, Sequence
from typing import Any, TypeGuard

import attrs
import msgspec

from gateway.apis.responses_answer import INCOMPLETE, counts, empty_response
from gateway.apis.responses_outputs import Called, Output, Said, Thought, Told
from gateway.whole import Heading
from providers.types import (
    JSON,
    Event,
    Extra,
    Finished,
    FinishReason,
    Started,
    TextDelta,
    ToolDelta,
    Usage,
)

NOTES = frozenset({"annotations", "extra_content"})
"""Members of a message that have a place here."""

_encode = msgspec.json.Encoder().encode


@attrs.define(eq=False)
class ResponseWriter:
    """Writes one streamed answer. Implements `gateway.apis.api.Writer`."""

    heading: Heading
    asked: JSON = attrs.field(factory=dict)
    _number: int = 0
    _begun: bool = False
    _members: dict[str, Any] = attrs.field(factory=dict)
    _outputs: list[Output] = attrs.field(factory=list)
    _open: set[int] = attrs.field(factory=set)
    _calls: dict[int, int] = attrs.field(factory=dict)
    _finish: FinishReason = "stop"

    def write(self, events: Iterable[Event]) -> bytes:
        """The frames of these events."""
        return b"".join([self._frame(told) for told in self._tell(events)])

    def end(self, usage: Usage) -> bytes:
        """The last frames: what is still open, why it ended, and all that was used."""
        return b"".join([self._frame(told) for told in self._last(usage)])

    def whole(self, events: Iterable[Event], usage: Usage) -> dict[str, Any]:
        """The answer that a stream of these events ends with."""
        last: dict[str, Any] = {}
        for _ in self._tell(events):
            pass
        for told in self._last(usage):
            last = told
        response: dict[str, Any] = last["response"]
        return response

    def _tell(self, events: Iterable[Event]) -> Told:
        for event in events:
            if isinstance(event, Started) or _is_beside(event):
                self._members.update(event.members)
            elif isinstance(event, TextDelta | ToolDelta | Extra | Finished):
                yield from self._begin()
                if not event.choice:  # this API knows one answer only
                    yield from self._told(event)

    def _told(self, event: TextDelta | ToolDelta | Extra | Finished) -> Told:
        if isinstance(event, TextDelta):
            yield from self._say(event)
        elif isinstance(event, ToolDelta):
            yield from self._call(event)
        elif isinstance(event, Finished):
            self._finish = event.reason
        elif event.place == "message":
            yield from self._note(event.members)

    def _begin(self) -> Told:
        if not self._begun:
            self._begun = True
            response = empty_response(self.heading, self.asked, self._members)
            yield {"type": "created", "response": response}
            yield {"type": "in_progress", "response": response}

    def _say(self, event: TextDelta) -> Told:
        kind = Thought if event.kind == "reasoning" else Said
        place, output = len(self._outputs) - 1, self._outputs[-1] if self._outputs else None
        if place not in self._open or not isinstance(output, kind):
            place, output = place + 1, kind.of(self._id(kind.PREFIX))
            yield from self._add(output)
        yield from _placed(place, output.say(event))

    def _note(self, members: JSON) -> Told:
        """What an answer cites, and what its provider wants to see again with it."""
        if NOTES.isdisjoint(members):
            return
        place = next((n for n in reversed(range(len(self._outputs))) if self._is_said(n)), None)
        if place is None:
            place = len(self._outputs)
            yield from self._add(Said.of(self._id(Said.PREFIX)))
        said = self._outputs[place]
        assert isinstance(said, Said), "it was looked for"
        yield from _placed(place, said.note(members, is_open=place in self._open))

    def _is_said(self, place: int) -> bool:
        return isinstance(self._outputs[place], Said)

    def _call(self, event: ToolDelta) -> Told:
        place = self._calls.get(event.index)
        if place is None:
            place = self._calls[event.index] = len(self._outputs)
            called = Called.of(self._id, self.heading.call_id(event), event)
            yield from self._add(called)
        output = self._outputs[place]
        assert isinstance(output, Called), "a call stays one"
        yield from _placed(place, output.say(event))

    def _add(self, output: Output) -> Told:
        for place in sorted(self._open):
            if self._outputs[place].is_complete:
                yield from self._close(place, "completed")
        place = len(self._outputs)
        self._outputs.append(output)
        self._open.add(place)
        output.item["status"] = "in_progress"
        yield {"type": "output_item.added", "output_index": place, "item": output.item}

    def _close(self, place: int, status: str) -> Told:
        self._open.discard(place)
        output = self._outputs[place]
        yield from _placed(place, output.close())
        output.item["status"] = status
        yield {"type": "output_item.done", "output_index": place, "item": output.item}

    def _last(self, usage: Usage) -> Told:
        yield from self._begin()
        why = INCOMPLETE.get(self._finish)
        status = "incomplete" if why else "completed"
        for place in sorted(self._open):
            yield from self._close(place, status)
        response = {
            **empty_response(self.heading, self.asked, self._members),
            "status": status,
            "incomplete_details": {"reason": why} if why else None,
            "output": [output.item for output in self._outputs],
            "usage": counts(usage),
        }
        yield {"type": status, "response": response}

    def _id(self, prefix: str) -> str:
        """The next item's id, made of the answer's."""
        return f"{prefix}_{self.heading.id.rpartition('_')[2]}{len(self._outputs):02x}"

    def _frame(self, told: dict[str, Any]) -> bytes:
        kind = f"response.{told['type']}"
        event = {**told, "type": kind, "sequence_number": self._number}
        self._number += 1
        return b"event: %b\ndata: %b\n\n" % (kind.encode(), _encode(event))


def response_body(
    heading: Heading, asked: JSON, events: Sequence[Event], usage: Usage
) -> dict[str, Any]:
    """A whole answer."""
    return ResponseWriter(heading, asked).whole(events, usage)


def _is_beside(event: Event) -> TypeGuard[Extra]:
    return isinstance(event, Extra) and event.place == "answer"


def _placed(place: int, told: Told) -> Told:
    for event in told:
        yield {**event, "output_index": place}
