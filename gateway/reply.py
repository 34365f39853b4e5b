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
from gateway.frames import COMMENT, error_frame


@attrs.frozen
class Head:
    """The answer's beginning. `body` is the whole answer, or a `Body` to be read piece by piece."""

    status: int
    headers: Mapping[str, str]
    body: "bytes | Body"


class Body(AsyncIterator[bytes]):
    """A streamed body: pieces as they come, and a comment whenever none came for `comment_every` seconds,
    so that proxies on the way do not take a pause for the end."""

    def __init__(self, pieces: trio.MemoryReceiveChannel[bytes], comment_every: float) -> None:
        self._pieces = pieces
        self._comment_every = comment_every

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        with trio.move_on_after(self._comment_every):
            try:
                return await self._pieces.receive()
            except trio.EndOfChannel:
                raise StopAsyncIteration from None
        return COMMENT


SSE_HEADERS = {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-cache",
    "x-accel-buffering": "no",
}
JSON_HEADERS = {"content-type": "application/json"}


class Reply(Protocol):
    """The answering code's end. Give one head: `whole`, or `begin` and then `write` as often as needed."""

    @property
    def begun(self) -> bool:
        """Whether a head was given: from here on, errors can only be told in the body."""

    def whole(self, body: bytes) -> None:
        """Answers with a complete JSON body."""

    def begin(self) -> None:
        """Begins a stream of server-sent events."""

    async def write(self, data: bytes) -> None:
        """Sends a piece; waits while the client is slower than we are."""

    def commenting(self) -> AbstractAsyncContextManager[None]:
        """While inside, pauses are filled with comments."""

    def close(self) -> None:
        """Ends the stream. Safe to call in any state."""

    async def fail(self, error: ApiError) -> None:
        """Tells of a failure after the stream has begun: one error event, and no `[DONE]`."""


class QueuedReply:
    """A reply that the framework fetches."""

    def __init__(self, task_status: trio.TaskStatus[Head], comment_every: float) -> None:
        self._task_status = task_status
        self._comment_every = comment_every
        self._pieces: trio.MemorySendChannel[bytes] | None = None

    @property
    def begun(self) -> bool:
        """Whether a head was given: from here on, errors can only be told in the body."""
        return self._pieces is not None

    def whole(self, body: bytes) -> None:
        """Answers with a complete JSON body."""
        self._task_status.started(Head(200, JSON_HEADERS, body))

    def begin(self) -> None:
        """Begins a stream of server-sent events."""
        self._pieces, pieces = trio.open_memory_channel[bytes](0)
        self._task_status.started(Head(200, SSE_HEADERS, Body(pieces, self._comment_every)))

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
        """Tells of a failure after the stream has begun: one error event, and no `[DONE]`."""
        await self.write(error_frame(error))
        self.close()
