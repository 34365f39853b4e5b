"""From the winner's events to the client's bytes, streamed and whole, chats and embeddings.

The record of a request is written before the last of its bytes is handed over: whoever has seen the end of
an answer will find it accounted for, even after `kill -9`.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

import attrs
import msgspec

from gateway.errors import ApiError, from_provider
from gateway.frames import ChunkWriter, Heading, error_frame
from gateway.reply import Reply
from gateway.tokens import estimated_usage
from gateway.whole import chat_body, embeddings_body
from providers.errors import BrokenAnswer
from providers.types import (
    JSON,
    Call,
    ChatCall,
    Ended,
    Event,
    Failed,
    Passed,
    TextDelta,
    ToolDelta,
    Usage,
    UsageSeen,
    Vectors,
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

    call: Call
    heading: Heading
    reply: Reply
    settle: Callable[[Settled], None]
    keep: Callable[[str, JSON], None] | None = None
    _usage: Usage | None = None
    _written: int = 0

    async def __call__(self, source: Source) -> None:
        """Relays to the end.

        Raises:
            ProviderError: a whole answer broke; nothing was sent.
        """
        if isinstance(self.call, ChatCall) and self.call.stream:
            await self._stream(source, self.call)
        else:
            await self._whole(source)

    async def _stream(self, source: Source, call: ChatCall) -> None:
        writer = ChunkWriter(self.heading, call.include_usage)
        events = await source.receive()
        self.reply.begin()
        async with self.reply.commenting():
            while events:
                self._note(events)
                frames = writer.write(events) + self._last_frames(writer, events[-1])
                if frames:
                    await self.reply.write(frames)
                events = await source.receive()
        self.reply.close()

    def _last_frames(self, writer: ChunkWriter, last: Event) -> bytes:
        if isinstance(last, Ended):
            settled = self._complete()
            self.settle(settled)
            return writer.end(settled.usage)
        if isinstance(last, Failed):
            error = from_provider(last.error)
            self.settle(attrs.evolve(self.so_far(), error=error))
            return error_frame(error)
        return b""

    async def _whole(self, source: Source) -> None:
        events: list[Event] = []
        while batch := await source.receive():
            self._note(batch)
            events.extend(batch)
        last = events[-1]
        if isinstance(last, Failed):
            raise last.error
        settled = self._complete()
        body = self._body(events, settled.usage)
        self.settle(settled)
        self.reply.whole(body)

    def _body(self, events: Sequence[Event], usage: Usage) -> bytes:
        if isinstance(self.call, ChatCall):
            return msgspec.json.encode(chat_body(self.heading, events, usage))
        try:
            vectors = next(event for event in events if isinstance(event, Vectors))
            body = embeddings_body(self.heading.model, vectors, self.call.encoding, usage)
        except (StopIteration, OverflowError) as error:  # none, or none that fits 32 bits
            raise BrokenAnswer("The upstream sent no usable embeddings") from error
        return msgspec.json.encode(body)

    def _note(self, events: Sequence[Event]) -> None:
        for event in events:
            match event:
                case TextDelta():
                    self._written += len(event.text.encode())
                case ToolDelta():
                    self._note_call(event)
                case Passed():
                    self._written += event.written
                case UsageSeen():
                    self._usage = event.usage

    def _note_call(self, event: ToolDelta) -> None:
        self._written += len(event.text.encode())
        if event.extra and self.keep is not None:
            self.keep(self.heading.call_id(event), event.extra)

    def so_far(self) -> Settled:
        """What was used if the answer stops here. What was reported by now may be a beginning only."""
        written = estimated_usage(self.call, self._written)
        known = self._usage
        if known is None:
            return Settled(written, estimated=True)
        if known.completion >= written.completion:
            return Settled(known, estimated=False)
        total = known.prompt + written.completion
        usage = attrs.evolve(known, completion=written.completion, total=total)
        return Settled(usage, estimated=True)

    def _complete(self) -> Settled:
        """What was used, at the answer's end: as reported, and estimated only where nothing was."""
        if self._usage is not None:
            return Settled(self._usage, estimated=False)
        return Settled(estimated_usage(self.call, self._written), estimated=True)
