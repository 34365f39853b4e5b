"""OpenAI's streamed chats: chunk by chunk, to an end that was really said."""

from collections.abc import Iterator, Sequence
from typing import Any

from providers import openai_plain
from providers.body import parse
from providers.errors import BrokenAnswer, ProviderError
from providers.lenient import count, fields, rows
from providers.openai_answer import (
    FINISHES,
    beside,
    beside_message,
    finish_reason,
    pieces,
    raise_error,
    read_usage,
    said_in,
    started,
    usage_in,
)
from providers.openai_plain import END, Chunk, Template
from providers.openai_tools import ToolCalls
from providers.sse import Scanner, ServerEvent
from providers.types import (
    JSON,
    ChatCall,
    Ended,
    Event,
    Extra,
    Failed,
    Finished,
    FinishReason,
    Started,
    TextDelta,
    UsageSeen,
    is_semantic,
)

DONE = "[DONE]"
FINISH = b'"finish_reason":"'
FIRST_FRAMES = 8
"""Frames that are looked at one by one, to know from the first text on how the others will look."""

LONGEST_HELD = 64 * 1024
"""Bytes of an unfinished frame that are kept to be passed on; a longer one is read."""


class ChatStream:
    """Decodes a streamed chat. Implements `providers.base.Decoder`.

    The answer has ended at `[DONE]`, or where the bytes end after every choice was finished,
    because some upstreams send no end marker.
    """

    def __init__(self, call: ChatCall) -> None:
        self._choices = call.n
        self._passes = not call.folded and call.native is None
        self._scanner = Scanner()
        self._template: Template | None = None
        self._held = b""
        self._started = False
        self._spoke = False
        self._open: set[int] = set()
        self._finished: set[int] = set()
        self._calls: dict[int, ToolCalls] = {}
        self._members: JSON = {}
        self._early: list[Event] = []
        self._named = call.tool_choice is not None and call.tool_choice.name is not None
        self._over = False

    def feed(self, data: bytes) -> Sequence[Event]:
        if self._over:
            return ()
        data, self._held = self._held + data, b""
        seen: list[Event] = []
        for _ in range(FIRST_FRAMES):
            if self._over or self._may_pass or not self._passes:
                break
            frame = data.find(END) + len(END)
            if not len(END) <= frame < len(data):
                break
            seen += self._read_all(data[:frame])
            data = data[frame:]
        return [*seen, *self._feed_rest(data)]

    @property
    def _may_pass(self) -> bool:
        return self._template is not None and self._scanner.between_events

    def _feed_rest(self, data: bytes) -> Sequence[Event]:
        if self._template is None or not self._scanner.between_events:
            return self._read_all(data)
        return self._feed_whole(self._template, data)

    def finish(self) -> Sequence[Event]:
        if self._over:
            return ()
        seen = self._read_all(self._held)
        return seen if self._over else [*seen, *self._until_over(self._last())]

    def _feed_whole(self, template: Template, data: bytes) -> Sequence[Event]:
        """Holds back the frame that is not whole yet, unless that gets long or has other line ends."""
        end = data.rfind(END) + len(END)
        if end < len(END) and len(data) < LONGEST_HELD and b"\r" not in data:
            self._held = data
            return ()
        end = len(data) if end < len(END) else end
        frames, self._held = data[:end], data[end:]
        return self._pass(template, frames)

    def _pass(self, template: Template, frames: bytes) -> Sequence[Event]:
        """The frames up to the first that has more to say than text, unread, and then the others, read."""
        last = frames.find(FINISH)
        cut = len(frames) if last < 0 else frames.rfind(END, 0, last) + len(END)
        passed = template.passed(frames[:cut]) if cut > len(END) else None
        if passed is None:
            return self._read_all(frames)
        return [passed, *self._read_all(frames[cut:])] if cut < len(frames) else (passed,)

    def _read_all(self, data: bytes) -> Sequence[Event]:
        return () if self._over or not data else self._until_over(self._arrived(data))

    def _until_over(self, steps: Iterator[list[Event]]) -> Sequence[Event]:
        """The events of these steps up to the answer's end; an error among them is that end."""
        seen: list[Event] = []
        try:
            for events in steps:
                seen += events
                if self._over:
                    break
        except ProviderError as error:
            self._over = True
            seen.append(Failed(error))
        return seen

    def _arrived(self, data: bytes) -> Iterator[list[Event]]:
        for event in self._scanner.feed(data):
            yield self._read(event)

    def _last(self) -> Iterator[list[Event]]:
        for event in self._scanner.finish():
            if not _is_cut(event):
                yield self._read(event)
        raise_error(_json_or_none(self._scanner.rest()))
        if self._open or len(self._finished) < self._choices:
            raise BrokenAnswer("The upstream's answer was cut short")
        yield self._end()

    def _read(self, event: ServerEvent) -> list[Event]:
        data = event.data.strip()
        if data == DONE:
            return self._end()
        if not data:
            return []
        plain = openai_plain.read(data) if event.event == "message" else None
        if plain is not None:
            return self._plain(data, plain)
        chunk = parse(data)
        raise_error(chunk, certain=event.event == "error")
        events = self._chunk(fields(chunk))
        self._template = self._template_of(data, events)
        return events

    def _plain(self, data: str, chunk: Chunk) -> list[Event]:
        """The same as `_chunk`, for what most of a stream is made of."""
        events: list[Event] = []
        for choice in chunk.choices:
            if 0 not in self._finished:
                self._open.add(0)
            if choice.delta.content:
                self._spoke = True
                events.append(TextDelta(choice.delta.content))
            if choice.finish_reason and 0 not in self._finished:
                events.append(self._finish(self._reason(choice.finish_reason), 0))
        if chunk.usage:
            events.append(UsageSeen(read_usage(chunk.usage)))
        self._template = self._template_of(data, events)
        if self._started:
            return events
        return self._start(Started(chunk.id or None, chunk.model or None, chunk.members), events)

    def _reason(self, said: str) -> FinishReason:
        """As `finish_reason` has it."""
        called = 0 in self._calls and self._calls[0].any and not self._named
        reason = FINISHES.get(said, "stop")
        return "tool_calls" if reason == "stop" and called else reason

    def _template_of(self, data: str, events: Sequence[Event]) -> Template | None:
        """What the next frames may look like, after one of the first choice's text and nothing that ends."""
        if not self._passes or self._over or 0 in self._finished:
            return None
        said = [event for event in events if not isinstance(event, Started | Extra)]
        if (
            len(said) != 1
            or not isinstance(said[0], TextDelta)
            or said[0] != TextDelta(said[0].text)
        ):
            return None
        return Template.of(data)

    def _chunk(self, chunk: JSON) -> list[Event]:
        start = started(chunk)
        if not self._started:
            self._members = start.members
        events = beside(chunk, self._members)
        for choice in rows(chunk.get("choices")):
            events += self._choice(choice)
        self._spoke = self._spoke or any(map(is_semantic, events))
        events += usage_in(chunk)
        return events if self._started else self._start(start, events)

    def _choice(self, choice: JSON) -> list[Event]:
        index = count(choice.get("index"))
        if index not in self._finished:
            self._open.add(index)
        calls = self._calls.get(index) or self._calls.setdefault(index, ToolCalls(index))
        return [
            *beside_message(choice, index),
            *pieces(choice, said_in(choice, "delta"), index, calls),
            *self._close(choice, calls),
        ]

    def _close(self, choice: JSON, calls: ToolCalls) -> list[Event]:
        """The choice's finish, the first time: some upstreams repeat it."""
        reason = finish_reason(choice, calls, named=self._named)
        if reason is None or calls.choice in self._finished:
            return []
        return [self._finish(reason, calls.choice)]

    def _finish(self, reason: FinishReason, index: int) -> Finished:
        self._open.discard(index)
        self._finished.add(index)
        self._spoke = True
        self._template = None
        return Finished(reason, index)

    def _start(self, start: Started, events: list[Event]) -> list[Event]:
        """The first events. Azure's first chunk is nameless and empty: it starts nothing."""
        self._started = bool(start.id or start.model or any(map(_is_more, events)))
        if not self._started:
            self._early += events
            return []
        early, self._early = self._early, []
        return [start, *early, *events]

    def _end(self) -> list[Event]:
        if not self._spoke:
            raise BrokenAnswer("The upstream's answer is empty")
        self._over = True
        # Snowflake never says why a choice ended; that it did is all a client needs.
        return [*(Finished("stop", index) for index in sorted(self._open)), Ended()]


def _is_more(event: Event) -> bool:
    return not isinstance(event, Extra) or event.place != "answer"


def _is_cut(event: ServerEvent) -> bool:
    """Whether the last event, which had no blank line behind it, lacks its end: a cut answer is
    judged by what was whole."""
    data = event.data.strip()
    return data != DONE and _json_or_none(data) is None


def _json_or_none(data: bytes | str) -> Any:
    try:
        return parse(data)
    except BrokenAnswer:
        return None
