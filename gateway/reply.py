"""Where an answer goes: a head once, then bytes, with back-pressure.

Over Quart, the code that answers runs in a task of the request's own nursery and writes to a `QueuedReply`;
the framework's side takes the head as soon as it is known and reads the body from a `Body`. Until the head
was given, a failure is still an honest status code.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Protocol, Self

import attrs
import trio

from gateway.errors import ApiError
from gateway.voice import OPENAI, Voice


@attrs.frozen
class Head:
    """The answer's beginning. `body` is the whole answer, or a `Body` to be read piece by piece."""

    status: int
    headers: Mapping[str, str]
    body: "bytes | Body"


class Body(AsyncIterator[bytes]):
    """A streamed body: pieces as they come, and the comment whenever none came for `comment_every` seconds,
    so that proxies on the way do not take a pause for the end."""

    def __init__(
        self, pieces: trio.MemoryReceiveChannel[bytes], comment: bytes, comment_every: float
    ) -> None:
        self._pieces = pieces
        self._comment = comment
        self._comment_every = comment_every

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        with trio.move_on_after(self._comment_every):
            try:
                return await self._pieces.receive()
            except trio.EndOfChannel:
                raise StopAsyncIteration from None
        return self._comment


JSON_TYPE = "application/json"


def stream_headers(voice: Voice) -> Mapping[str, str]:
    """What a stream begins with: no cache and no proxy may hold it back."""
    return {
        "content-type": voice.streamed,
        "cache-control": "no-cache",
        "x-accel-buffering": "no",
    }


class Reply(Protocol):
    """The answering code's end. Give one head: `whole`, or `begin` and then `write` as often as needed."""

    @property
    def begun(self) -> bool:
        """Whether a head was given: from here on, errors can only be told in the body."""

    def whole(self, body: bytes, content_type: str = JSON_TYPE) -> None:
        """Answers with a complete body."""

    def begin(self) -> None:
        """Begins a stream."""

    async def write(self, data: bytes) -> None:
        """Sends a piece; waits while the client is slower than we are."""

    def commenting(self) -> AbstractAsyncContextManager[None]:
        """While inside, pauses are filled with comments."""

    def close(self) -> None:
        """Ends the stream. Safe to call in any state."""

    async def fail(self, error: ApiError) -> None:
        """Tells of a failure after the stream has begun: one error event, and no end marker."""


class QueuedReply:
    """A reply that the framework fetches."""

    def __init__(
        self, task_status: trio.TaskStatus[Head], comment_every: float, voice: Voice = OPENAI
    ) -> None:
        self._task_status = task_status
        self._comment_every = comment_every
        self._voice = voice
        self._pieces: trio.MemorySendChannel[bytes] | None = None

    @property
    def begun(self) -> bool:
        """Whether a head was given: from here on, errors can only be told in the body."""
        return self._pieces is not None

    def whole(self, body: bytes, content_type: str = JSON_TYPE) -> None:
        """Answers with a complete body."""
        self._task_status.started(Head(200, {"content-type": content_type}, body))

    def begin(self) -> None:
        """Begins a stream."""
        self._pieces, pieces = trio.open_memory_channel[bytes](0)
        body = Body(pieces, self._voice.comment, self._comment_every)
        self._task_status.started(Head(200, stream_headers(self._voice), body))

    async def write(self, data: bytes) -> None:
        """Sends a piece; waits while the client is slower than we are."""
        assert self._pieces is not None, "begin() comes first"
        await self._pieces.send(data)

    def commenting(self) -> AbstractAsyncContextManager[None]:
        """The `Body` does it by itself."""
        return nullcontext()

    def close(self) -> None:
        """Ends the stream. Safe to call in any state."""
        if self._pieces is not None:
            self._pieces.close()

    async def fail(self, error: ApiError) -> None:
        """Tells of a failure after the stream has begun: one error event, and no end marker."""
        await self.write(self._voice.broken(error))
        self.close()
