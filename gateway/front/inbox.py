"""What a client has sent and nobody has taken yet: bounded, and still read while a request is at work.

Reading ahead is how a client's leaving is noticed although a further request of its waits in between.
"""

import attrs
import trio


class ClientGone(Exception):
    """The client has closed its side, or the connection broke."""


@attrs.define(eq=False)
class Inbox:
    """A buffer between the task that reads a socket and the one that understands what came.

    The reader stops at `limit` bytes and goes on when somebody waits for more.
    """

    limit: int
    data: bytearray = attrs.field(factory=bytearray, repr=False)
    ended: bool = False
    _news: trio.Event = attrs.field(factory=trio.Event, repr=False)
    _wanted: trio.Event = attrs.field(factory=trio.Event, repr=False)

    async def fill(self, stream: trio.abc.ReceiveStream) -> None:
        """Reads until the stream ends or breaks."""
        try:
            while data := await stream.receive_some(self.limit):
                self.data += data
                self._news.set()
                await self._room()
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass

    async def _room(self) -> None:
        if len(self.data) >= self.limit:
            self._wanted = trio.Event()
            await self._wanted.wait()

    def end(self) -> None:
        """Nothing more will come."""
        self.ended = True
        self._news.set()

    async def more(self) -> None:
        """Waits until something has come since the last such wait; it may have been taken meanwhile.

        Raises:
            ClientGone: nothing more will come.
        """
        self._wanted.set()
        await self._news.wait()
        if self.ended:
            raise ClientGone
        self._news = trio.Event()
