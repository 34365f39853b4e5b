"""OpenAI's streamed chats: chunk by chunk, to an end that was really said."""

from collections.abc import Iterator, Sequence
from typing import Any

from providers.body import parse
from providers.errors import BrokenAnswer, ProviderError
from providers.lenient import count, fields, rows
from providers.openai_answer import finish_reason, pieces, raise_error, started, usage_in
from providers.sse import Scanner, ServerEvent
from providers.types import JSON, ChatCall, Ended, Event, Failed, Finished, is_semantic

DONE = "[DONE]"


class ChatStream:
    """Decodes a streamed chat. Implements `providers.base.Decoder`.

    The answer has ended at `[DONE]`, or where the bytes end after every choice was finished,
    because some upstreams send no end marker.
    """

    def __init__(self, call: ChatCall) -> None:
        self._choices = call.n
        self._scanner = Scanner()
        self._started = False
        self._spoke = False
        self._open: set[int] = set()
        self._finished: set[int] = set()
        self._over = False

    def feed(self, data: bytes) -> Sequence[Event]:
        return () if self._over else self._until_over(self._arrived(data))

    def finish(self) -> Sequence[Event]:
        return () if self._over else self._until_over(self._last())

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
        chunk = parse(data)
        raise_error(chunk, certain=event.event == "error")
        return self._chunk(fields(chunk))

    def _chunk(self, chunk: JSON) -> list[Event]:
        events: list[Event] = []
        for choice in rows(chunk.get("choices")):
            index = count(choice.get("index"))
            if index not in self._finished:
                self._open.add(index)
            events += pieces(choice, fields(choice.get("delta")), index)
            events += self._close(choice, index)
        self._spoke = self._spoke or any(map(is_semantic, events))
        events += usage_in(chunk)
        return events if self._started else self._start(chunk, events)

    def _close(self, choice: JSON, index: int) -> list[Event]:
        """The choice's finish, the first time: some upstreams repeat it."""
        reason = finish_reason(choice)
        if reason is None or index in self._finished:
            return []
        self._open.discard(index)
        self._finished.add(index)
        return [Finished(reason, index)]

    def _start(self, chunk: JSON, events: list[Event]) -> list[Event]:
        """The first events. Azure's first chunk is nameless and empty: it starts nothing."""
        start = started(chunk)
        self._started = bool(start.id or start.model or events)
        return [start, *events] if self._started else []

    def _end(self) -> list[Event]:
        if not self._spoke:
            raise BrokenAnswer("The upstream's answer is empty")
        self._over = True
        # Snowflake never says why a choice ended; that it did is all a client needs.
        return [*(Finished("stop", index) for index in sorted(self._open)), Ended()]


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
