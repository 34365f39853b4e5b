"""The streamed answers of OpenAI's Responses API, event by event, to an end that was really said.

What is told again whole when it is done (`*.done`) is read only where nothing was told of it before: not
everybody sends pieces. Events that are not known say nothing to a chat.
"""

from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

from providers.advice import in_band, read_error
from providers.body import parse
from providers.conversation import ToolKind
from providers.errors import BrokenAnswer
from providers.lenient import count, fields, text
from providers.openai_responses_answer import (
    BETWEEN,
    CALLS,
    WRITTEN,
    Items,
    last_events,
    noted,
    raise_error,
    said,
    started,
    whole_item,
)
from providers.types import JSON, Event, TextKind, ToolDelta

TEXTS: dict[str, tuple[TextKind, str]] = {
    "output_text": ("content", "text"),
    "refusal": ("refusal", "refusal"),
    "reasoning_summary_text": ("reasoning", "text"),
    "reasoning_text": ("reasoning", "text"),
}
"""Pieces of text by their events' names: what kind it is, and where the whole of it stands at last."""

Place: TypeAlias = tuple[str, int, int, int]
"""Where a piece of text belongs: its kind, its item, the part of its content or of its summary."""

ARGUMENTS = ("function_call_arguments", "custom_tool_call_input")
LAST = ("completed", "incomplete", "failed")
BEGUN = ("created", "in_progress", "queued")


class ResponseStream:
    """Reads a streamed answer. Implements `providers.reading.Reader`."""

    def __init__(self) -> None:
        self._started = False
        self._items = Items()
        self._calls: dict[int, tuple[int, ToolKind]] = {}
        self._written: set[int] = set()
        self._told: set[Place] = set()
        self._heard: set[int] = set()
        self._thought: Place | None = None

    def read(self, value: Any) -> Iterable[Event]:
        event = fields(value)
        kind = text(event.get("type")).removeprefix("response.")
        if kind == "error" or (event.get("error") and not kind):
            raise in_band(read_error(event))
        response = fields(event.get("response"))
        if not self._started and (response or kind in LAST or "output_index" in event):
            self._started = True
            yield started(response)
        yield from self._meant(kind, event, response)

    def end(self, rest: bytes) -> Iterable[Event]:
        """The answer says its end itself."""
        try:
            left = fields(parse(rest))
        except BrokenAnswer:
            left = {}
        if left.get("error"):
            raise in_band(read_error(left))
        raise BrokenAnswer("The upstream's answer was cut short")

    def _meant(self, kind: str, event: JSON, response: JSON) -> Iterator[Event]:
        name, _, what = kind.rpartition(".")
        if kind in LAST:
            raise_error(response if kind != "failed" else {"status": "failed", **response})
            yield from last_events({"status": kind, **response}, self._items)
        elif name in TEXTS:
            yield from self._text(name, what, event)
        elif name in ARGUMENTS:
            yield from self._arguments(what, event)
        elif name == "output_item":
            yield from self._item(what, event)
        elif kind == "output_text.annotation.added":
            yield from noted(fields(event.get("annotation")))

    def _text(self, name: str, what: str, event: JSON) -> Iterator[Event]:
        kind, member = TEXTS[name]
        part = count(event.get("content_index")), count(event.get("summary_index"))
        place: Place = (name, count(event.get("output_index")), *part)
        if what == "done" and place in self._told:
            return
        words = text(event.get("delta" if what == "delta" else member))
        if not words:
            return
        if kind == "reasoning" and self._is_next(place):
            words = BETWEEN + words
        self._told.add(place)
        self._heard.add(place[1])
        yield from said(words, kind, event.get("logprobs"))

    def _is_next(self, place: Place) -> bool:
        """Whether this is another part of the same thought."""
        before, self._thought = self._thought, place
        return before is not None and before != place and before[1] == place[1]

    def _item(self, what: str, event: JSON) -> Iterator[Event]:
        item, place = fields(event.get("item")), count(event.get("output_index"))
        kind = text(item.get("type"))
        if kind in CALLS:
            yield from self._call(item, place, what)
        elif what == "done" and place in self._heard:
            self._items.seal(item)
        elif what == "done":
            yield from whole_item(item, self._items)

    def _call(self, item: JSON, place: int, what: str) -> Iterator[Event]:
        """A call begins; what the item holds of its arguments counts if no pieces of them came."""
        kind = CALLS[item["type"]]
        if place not in self._calls:
            self._calls[place] = (self._items.calls, kind)
            yield self._items.call(item, "")
        if what == "done":
            yield from self._write(place, what, text(item.get(WRITTEN[kind])))

    def _arguments(self, what: str, event: JSON) -> Iterator[Event]:
        whole = event.get("arguments", event.get("input"))
        written = text(event.get("delta") if what == "delta" else whole)
        yield from self._write(count(event.get("output_index")), what, written)

    def _write(self, place: int, what: str, written: str) -> Iterator[Event]:
        again = what == "done" and place in self._written
        if place not in self._calls or not written or again:
            return
        self._written.add(place)
        index, kind = self._calls[place]
        yield ToolDelta(index, written, kind=kind)
