"""A worker's end of its link to the supervisor, and over it to the other workers."""

from collections.abc import Callable
from contextlib import suppress

import attrs
import trio

from gateway.workers.news import OTHERS, Message, line, read, whom

CHUNK = 1 << 16
MOST_WAITING = 10_000
"""Messages that may wait to be sent; the supervisor takes them at once as long as it lives."""


@attrs.define(eq=False)
class Link:
    """Messages to and from the other processes. `hear` is told each that comes, and from whom it is."""

    stream: trio.abc.Stream
    hear: Callable[[int, Message], None]
    _send: trio.MemorySendChannel[bytes] = attrs.field(init=False)
    _waiting: trio.MemoryReceiveChannel[bytes] = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._send, self._waiting = trio.open_memory_channel(MOST_WAITING)

    def post(self, message: Message, to: int = OTHERS) -> None:
        """Sends a message soon; messages keep their order.

        Raises:
            trio.WouldBlock: too many wait, so nobody is there.
        """
        self._send.send_nowait(line(to, message))

    async def run(self) -> None:
        """Sends and hears, until the supervisor is gone. Closes the stream."""
        async with self.stream, trio.open_nursery() as nursery:
            nursery.start_soon(self._write)
            with suppress(trio.BrokenResourceError):
                await self._read()
            nursery.cancel_scope.cancel()

    async def _write(self) -> None:
        async for data in self._waiting:
            try:
                await self.stream.send_all(data)
            except trio.BrokenResourceError:
                return  # the reader sees it too

    async def _read(self) -> None:
        come = b""
        while data := await self.stream.receive_some(CHUNK):
            *lines, come = (come + data).split(b"\n")
            for text in lines:
                sender, rest = whom(text)
                self.hear(sender, read(rest))
