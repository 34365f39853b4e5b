"""Events to the chunks of OpenAI's streams. Pure.

Every chunk of a stream has the same id, time and model: the model the client asked for, whatever the
upstream calls it. A chunk of usage is sent exactly once, and only when asked for.
"""

from collections.abc import Iterable
from typing import Any

import attrs
import msgspec

from gateway.errors import ApiError
from gateway.whole import FIELD, FINISHES_OF_OLD, Heading, call_begun, usage_body
from providers.types import (
    JSON,
    Event,
    Extra,
    Finished,
    Passed,
    Started,
    TextDelta,
    ToolDelta,
    Usage,
)

__all__ = ["COMMENT", "DONE", "ChunkWriter", "Heading", "error_frame"]

DONE = b"data: [DONE]\n\n"
COMMENT = b": keep-alive\n\n"

_WRITTEN = (TextDelta, ToolDelta, Extra, Finished)
_encode = msgspec.json.Encoder().encode


@attrs.define(eq=False)
class ChunkWriter:
    """Writes one streamed answer, event by event."""

    heading: Heading
    include_usage: bool
    _members: JSON = attrs.field(factory=dict)
    _begun: set[int] = attrs.field(factory=set)
    _aside: dict[str, Any] = attrs.field(factory=dict)
    _beside: dict[int, dict[str, Any]] = attrs.field(factory=dict)
    _ours: tuple[bytes, bytes, bytes] | None = None

    def write(self, events: Iterable[Event]) -> bytes:
        """The frames of these events, to be sent together: what arrived together leaves together."""
        frames: list[bytes] = []
        for event in events:
            if isinstance(event, Passed):
                frames += (self._left_over(), self._passed(event))
            elif isinstance(event, Extra) and event.place != "message":
                self._put_by(event)
            elif isinstance(event, _WRITTEN):
                frames.append(self._frame(event))
            elif isinstance(event, Started):
                self._members = event.members
        return b"".join(frames)

    def end(self, usage: Usage) -> bytes:
        """The last frames of an answer that was completed."""
        left = self._left_over()
        if not self.include_usage:
            return left + DONE
        chunk = self._chunk([])
        chunk["usage"] = usage_body(usage)
        return left + _data(chunk) + DONE

    def _put_by(self, event: Extra) -> None:
        """What stands beside a message goes with the next frame: clients expect a choice in each."""
        if event.place == "answer":
            self._aside.update(event.members)
        else:
            self._beside.setdefault(event.choice, {}).update(event.members)

    def _left_over(self) -> bytes:
        """A frame with what was put by, if something was."""
        index = next(iter(self._beside), 0)
        if not (self._aside or self._beside):
            return b""
        choice: dict[str, Any] = {"index": index, "delta": {}, "finish_reason": None}
        return _data(self._chunk([choice])) + self._left_over()

    def _passed(self, run: Passed) -> bytes:
        """The upstream's own frames, with what all pieces of this answer share."""
        if self._ours is None or self._ours[0] is not run.opening:
            self._ours = (run.opening, *self._rewritten(run))
        _, opening, closing = self._ours
        return run.frames.replace(run.opening, opening).replace(run.closing, closing)

    def _rewritten(self, run: Passed) -> tuple[bytes, bytes]:
        """The opening and the closing, once they are ours; members that we do not know stay."""
        chunk = msgspec.json.decode((run.opening + run.closing).removeprefix(b"data: "))
        chunk |= {"id": self.heading.id, "created": self.heading.created}
        chunk["model"] = self.heading.model
        chunk.pop("usage", None)
        if self.include_usage:
            chunk["usage"] = None
        opening, content, closing = _data(chunk).rpartition(b'"content":""')
        return opening + content[:-1], b'"' + closing

    def _frame(self, event: TextDelta | ToolDelta | Extra | Finished) -> bytes:
        opening = b"" if event.choice in self._begun else self._open(event)
        choice: dict[str, Any] = {"index": event.choice, "delta": {}, "finish_reason": None}
        if isinstance(event, TextDelta):
            choice["delta"] = {FIELD[event.kind]: event.text}
            if event.logprobs is not None:
                choice["logprobs"] = event.logprobs
        elif isinstance(event, ToolDelta):
            choice["delta"] = self._call(event)
        elif isinstance(event, Extra):
            choice["delta"] = event.members
        elif self.heading.legacy:
            choice["finish_reason"] = FINISHES_OF_OLD.get(event.reason, event.reason)
        else:
            choice["finish_reason"] = event.reason
        return opening + _data(self._chunk([choice]))

    def _call(self, event: ToolDelta) -> dict[str, Any]:
        """A call begins with its id and name; what follows are its arguments."""
        if event.name is not None:
            call = call_begun(self.heading, event)
        else:
            member = "input" if event.kind == "custom" else "arguments"
            call = {event.kind: {member: event.text}}
        if self.heading.legacy:
            return {"function_call": call["function"]}
        return {"tool_calls": [{"index": event.index, **call}]}

    def _open(self, event: TextDelta | ToolDelta | Extra | Finished) -> bytes:
        index = event.choice
        self._begun.add(index)
        delta = {"role": "assistant", "content": None if isinstance(event, ToolDelta) else ""}
        return _data(self._chunk([{"index": index, "delta": delta, "finish_reason": None}]))

    def _chunk(self, choices: list[dict[str, Any]]) -> dict[str, Any]:
        for choice in choices if self._beside else ():
            choice.update(self._beside.pop(choice["index"], {}))
        aside, self._aside = self._aside, {}
        chunk: dict[str, Any] = {
            "id": self.heading.id,
            "object": "chat.completion.chunk",
            "created": self.heading.created,
            "model": self.heading.model,
            "choices": choices,
            **self._members,
            **aside,
        }
        if self.include_usage:
            chunk["usage"] = None
        return chunk


def error_frame(error: ApiError) -> bytes:
    """The last frame of an answer that broke: no `[DONE]` follows."""
    return b"data: " + error.encode() + b"\n\n"


def _data(chunk: dict[str, Any]) -> bytes:
    return b"data: " + _encode(chunk) + b"\n\n"
