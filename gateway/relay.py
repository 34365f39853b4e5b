"""From the winner's events to the client's bytes, streamed and whole, in whichever API the client speaks.

The record of a request is written before the last of its bytes is handed over: whoever has seen the end of
an answer will find it accounted for, even after `kill -9`.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

import attrs

from gateway.apis.api import Api, Frames, Writer
from gateway.errors import ApiError, from_provider
from gateway.keepsakes import THOUGHTS
from gateway.reply import JSON_TYPE, Reply
from gateway.tokens import estimated_usage
from gateway.whole import Heading
from providers.types import (
    JSON,
    Call,
    Ended,
    Event,
    Failed,
    Passed,
    TextDelta,
    ToolDelta,
    Usage,
    UsageSeen,
    Verbatim,
)


class Source(Protocol):
    """Where events come from: a race's winner, or a mock."""

    async def receive(self) -> Sequence[Event]:
        """The next events; the last is `Ended` or `Failed`, and after it nothing comes."""


@attrs.frozen
class Settled:
    """How an answer ended, for the record. `estimated` says that no upstream reported the usage."""

    usage: Usage
    estimated: bool
    error: ApiError | None = None


@attrs.define(eq=False)
class Relay:
    """Relays one answer. `settle` is called once, before the last bytes go out, unless the client left.

    `keep` is given what a provider wants to see again with a call of a tool, by the call's id.
    """

    api: Api
    call: Call
    heading: Heading
    reply: Reply
    settle: Callable[[Settled], None]
    keep: Callable[[str, JSON], None] | None = None
    _usage: Usage | None = None
    _written: int = 0
    _own: Frames | None = None
    _thoughts: list[str] = attrs.field(factory=list)

    async def __call__(self, source: Source) -> None:
        """Relays to the end.

        Raises:
            ProviderError: a whole answer broke; nothing was sent.
        """
        if not self.call.stream:
            await self._whole(source, await source.receive())
            return
        events = await source.receive()
        if isinstance(events[0], Verbatim) and events[0].whole:
            await self._whole(source, events)
        else:
            await self._stream(source, events)

    async def _stream(self, source: Source, events: Sequence[Event]) -> None:
        assert self.api.stream is not None, "an API without streams reads no call for one"
        writer = self.api.stream(self.call, self.heading)
        self.reply.begin()
        async with self.reply.commenting():
            while events:
                self._note(events)
                frames = self._frames(writer, events) + self._last_frames(writer, events[-1])
                if frames:
                    await self.reply.write(frames)
                events = await source.receive()
        self.reply.close()

    def _frames(self, writer: Writer, events: Sequence[Event]) -> bytes:
        """An answer in the client's own form is given as it is, all of it."""
        if self._own is None and isinstance(events[0], Verbatim):
            self._own = self.api.own()
        if self._own is None:
            return writer.write(events)
        own = [event.data for event in events if isinstance(event, Verbatim)]
        return self._own.put(b"".join(own)) if own else b""

    def _last_frames(self, writer: Writer, last: Event) -> bytes:
        if isinstance(last, Ended):
            settled = self._complete()
            self.settle(settled)
            return writer.end(settled.usage) if self._own is None else self._own.end()
        if isinstance(last, Failed):
            error = from_provider(last.error)
            self.settle(attrs.evolve(self.so_far(), error=error))
            return self.api.voice.broken(error)
        return b""

    async def _whole(self, source: Source, batch: Sequence[Event]) -> None:
        events: list[Event] = []
        while batch:
            self._note(batch)
            events.extend(batch)
            batch = await source.receive()
        last = events[-1]
        if isinstance(last, Failed):
            raise last.error
        settled = self._complete()
        own = next((event for event in events if isinstance(event, Verbatim)), None)
        if own is not None:
            body, content_type = own.data, own.content_type
        else:
            body = self.api.whole(self.call, self.heading, events, settled.usage)
            content_type = JSON_TYPE
        self.settle(settled)
        self.reply.whole(body, content_type)

    def _note(self, events: Sequence[Event]) -> None:
        for event in events:
            match event:
                case TextDelta():
                    self._written += len(event.text.encode())
                    if event.kind == "reasoning":
                        self._thoughts.append(event.text)
                case ToolDelta():
                    self._note_call(event)
                case Passed():
                    self._written += event.written
                case UsageSeen():
                    self._usage = event.usage

    def _note_call(self, event: ToolDelta) -> None:
        self._written += len(event.text.encode())
        extra = {**(event.extra or {})}
        if event.name is not None and self._thoughts:
            extra[THOUGHTS] = "".join(self._thoughts)
        if extra and self.keep is not None:
            self.keep(self.heading.call_id(event), extra)

    def so_far(self) -> Settled:
        """What was used if the answer stops here. What was reported by now may be a beginning only."""
        written = estimated_usage(self.call, self._written)
        known = self._usage
        if known is None:
            return Settled(written, estimated=True)
        if known.completion >= written.completion:
            return Settled(known, estimated=False)
        total = known.prompt + written.completion
        usage = attrs.evolve(known, completion=written.completion, total=total, details={})
        return Settled(usage, estimated=True)

    def _complete(self) -> Settled:
        """What was used, at the answer's end: as reported, and estimated only where nothing was."""
        if self._usage is not None:
            return Settled(self._usage, estimated=False)
        return Settled(estimated_usage(self.call, self._written), estimated=True)
