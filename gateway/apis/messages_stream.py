"""Events to the stream of Anthropic's Messages API: blocks one after the other, each begun and ended. Pure.

    message_start (content_block_start content_block_delta* content_block_stop)* message_delta message_stop

Only one block is open at a time. Upstreams that tell several calls of tools side by side are put in order: what
belongs to another call waits until the open one is complete.
"""

from collections.abc import Iterable
from typing import Any

import attrs
import msgspec

from gateway.apis.messages_answer import STOPS, counts, empty_message, noted, signature_of
from gateway.whole import Heading
from providers.types import (
    Event,
    Extra,
    Finished,
    TextDelta,
    ToolDelta,
    Usage,
    UsageSeen,
)

_encode = msgspec.json.Encoder().encode


@attrs.define(eq=False)
class MessageWriter:
    """Writes one streamed message, event by event. Implements `gateway.apis.api.Writer`."""

    heading: Heading
    _begun: bool = False
    _blocks: int = 0
    _open: str | int | None = None
    _written: str = ""
    _waiting: dict[str | int, list[TextDelta | ToolDelta]] = attrs.field(factory=dict)
    _stop: str = "end_turn"

    def write(self, events: Iterable[Event]) -> bytes:
        """The frames of these events."""
        events = list(events)
        frames = [] if self._begun else [self._start(events)]
        for event in events:
            if getattr(event, "choice", 0):
                continue  # this API knows one answer only
            if isinstance(event, TextDelta | ToolDelta):
                frames += self._say(event)
            elif isinstance(event, Extra):
                frames += self._noted(event)
            elif isinstance(event, Finished):
                self._stop = STOPS[event.reason]
        return b"".join(frames)

    def end(self, usage: Usage) -> bytes:
        """The last frames: what waited, why it ended, and all that was used."""
        frames = [*self._close(), *self._let_go()]
        delta = {"stop_reason": self._stop, "stop_sequence": None}
        told = {"type": "message_delta", "delta": delta, "usage": counts(usage)}
        return b"".join([*frames, _frame(told), _frame({"type": "message_stop"})])

    def _start(self, events: list[Event]) -> bytes:
        self._begun = True
        seen = [event.usage for event in events if isinstance(event, UsageSeen)]
        message = empty_message(self.heading, counts(seen[0] if seen else Usage()))
        return _frame({"type": "message_start", "message": message})

    def _say(self, event: TextDelta | ToolDelta) -> Iterable[bytes]:
        """A piece of a block, now or when it is its turn."""
        if isinstance(event, ToolDelta):
            which: str | int = event.index
        else:
            which = "thinking" if event.kind == "reasoning" else "text"
        if which in self._waiting or self._must_wait(which):
            self._waiting.setdefault(which, []).append(event)
            return ()
        return self._tool(event) if isinstance(event, ToolDelta) else self._text(event, str(which))

    def _must_wait(self, which: str | int) -> bool:
        """Whether a call is open, another block's, that has not been told to its end."""
        return isinstance(self._open, int) and self._open != which and not _is_json(self._written)

    def _text(self, event: TextDelta, kind: str) -> Iterable[bytes]:
        if self._open != kind:
            yield from self._close()
            empty = {"thinking": "", "signature": ""} if kind == "thinking" else {"text": ""}
            yield self._begin(kind, {"type": kind, **empty})
        yield self._delta({"type": f"{kind}_delta", kind: event.text})

    def _tool(self, event: ToolDelta) -> Iterable[bytes]:
        if event.name is not None:
            yield from self._signed(event)
            yield from self._close()
            call = {"id": self.heading.call_id(event), "name": event.name, "input": {}}
            yield self._begin(event.index, {"type": "tool_use", **call})
            self._written = ""
        if event.text and self._open == event.index:
            self._written += event.text
            yield self._delta({"type": "input_json_delta", "partial_json": event.text})

    def _let_go(self) -> Iterable[bytes]:
        """What had to wait, block by block."""
        waiting, self._waiting = self._waiting, {}
        for events in waiting.values():
            for event in events:
                yield from self._say(event)
            yield from self._close()

    def _signed(self, event: ToolDelta) -> Iterable[bytes]:
        """The signature of the thoughts before a call, while they are still open."""
        signature = signature_of(event)
        if signature and self._open == "thinking":
            yield self._delta({"type": "signature_delta", "signature": signature})

    def _noted(self, event: Extra) -> Iterable[bytes]:
        if self._open == "text":
            for citation in noted(event):
                yield self._delta({"type": "citations_delta", "citation": citation})

    def _begin(self, which: str | int, block: dict[str, Any]) -> bytes:
        self._open = which
        told = {"type": "content_block_start", "index": self._blocks, "content_block": block}
        return _frame(told)

    def _delta(self, delta: dict[str, Any]) -> bytes:
        return _frame({"type": "content_block_delta", "index": self._blocks, "delta": delta})

    def _close(self) -> Iterable[bytes]:
        if self._open is None:
            return
        self._open = None
        yield _frame({"type": "content_block_stop", "index": self._blocks})
        self._blocks += 1


def _frame(event: dict[str, Any]) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (event["type"].encode(), _encode(event))


def _is_json(written: str) -> bool:
    try:
        msgspec.json.decode(written)
    except (ValueError, RecursionError):
        return False
    return True
