"""One client's connection, from accept to close: request after request, each with its deadlines.

Two tasks: one reads the socket into the inbox, all the time, so that a client's leaving is noticed whatever
the other does; the other takes request after request out of it and puts each before the application. A
connection ends when its client leaves, falls silent, stops reading or sends what cannot be understood; when
an answer was the last one; or when the front stops.
"""

from contextlib import suppress

import attrs
import trio

from gateway.errors import ApiError, bad_request
from gateway.front.fast import FastExchange
from gateway.front.head import Head, HeadReader, parse_head
from gateway.front.http11 import Exchange
from gateway.front.inbox import ClientGone, Inbox
from gateway.front.line import Line
from gateway.front.refusal import TOO_SLOW, response
from gateway.front.site import Site

READ_AHEAD = 64 * 1024
"""Bytes kept of what a client sends while its request is at work."""

LINGER = 1.0
"""Seconds in which a client may finish sending and read its answer. Closing with unread bytes in the kernel
resets the connection, and the reset overtakes the answer."""


@attrs.define(eq=False)
class Connection:
    """One accepted connection. `run` returns when it is closed and its last call has ended."""

    site: Site
    line: Line
    _inbox: Inbox = attrs.field(factory=lambda: Inbox(READ_AHEAD), repr=False)
    _talk: trio.CancelScope = attrs.field(factory=trio.CancelScope, repr=False)
    _idle: bool = False
    _exchange: Exchange | FastExchange | None = attrs.field(default=None, repr=False)
    _unread: bool = False

    async def run(self) -> None:
        """Serves the client, and closes."""
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._read)
                with suppress(ClientGone):
                    with self._talk:
                        await self._converse(nursery)
                    await self._part()
                self.line.reading.cancel()
                await trio.aclose_forcefully(self.line.stream)
        finally:
            await trio.aclose_forcefully(self.line.stream)

    def drain(self) -> None:
        """The front stops: closes at once if no request has begun."""
        if self._idle and not self._inbox.data:
            self.line.reading.cancel()  # whereupon whoever waits for its news leaves, too

    async def _read(self) -> None:
        with self.line.reading:
            await self._inbox.fill(self.line.stream)
        self._inbox.end()
        if self._exchange is not None:
            await self._exchange.abandon()

    async def _converse(self, nursery: trio.Nursery) -> None:
        try:
            while (head := await self._next_head()) is not None:
                if not await self._answer(self._exchange_of(head, nursery)):
                    return
        except ApiError as error:
            self._unread = True
            await self.line.write(response(error), last=True)

    def _exchange_of(self, head: Head, nursery: trio.Nursery) -> Exchange | FastExchange:
        if self.site.settings.fast and not head.values(b"upgrade"):
            return FastExchange(self.site, self.line, head, self._talk)
        return Exchange(self.site, self.line, nursery, head)

    async def _next_head(self) -> Head | None:
        """The next request's head; None when it is time to close instead."""
        await self._wait_idle()
        if not self._inbox.data:
            return None
        settings = self.site.settings
        reader = HeadReader(settings.max_header_bytes)
        raw = reader.take(self._inbox.data)
        if raw is None:
            raw = await self._rest_of_head(reader)
        return parse_head(raw, settings.max_headers)

    async def _rest_of_head(self, reader: HeadReader) -> bytes:
        with trio.move_on_after(self.site.settings.header_timeout):
            while (raw := reader.take(self._inbox.data)) is None:
                await self._inbox.more()
            return raw
        raise bad_request(TOO_SLOW)

    async def _wait_idle(self) -> None:
        if self._inbox.data or self.site.draining:
            return
        self._idle = True
        if self._exchange is None:
            with trio.move_on_after(self.site.settings.first_byte):
                await self._first_news()
        else:
            self.site.idle.begins(self.drain)
            try:
                await self._first_news()
            finally:
                self.site.idle.ends(self.drain)
        self._idle = False

    async def _first_news(self) -> None:
        while not self._inbox.data:
            await self._inbox.more()

    async def _answer(self, exchange: Exchange | FastExchange) -> bool:
        if self._inbox.ended:
            raise ClientGone
        self._exchange = exchange
        try:
            await exchange.run(self._inbox)
        except ApiError as error:
            await exchange.refuse(error)
        self._unread = not exchange.taken
        return exchange.reusable and not self.site.draining

    async def _part(self) -> None:
        """Lets a client that is still sending read its answer before the connection closes."""
        self.line.shut = True
        if self.line.broken or not (self._unread or self._inbox.data):
            return
        with suppress(trio.BrokenResourceError, trio.ClosedResourceError, trio.BusyResourceError):
            await self.line.stream.send_eof()
        with trio.move_on_after(LINGER):
            while True:
                self._inbox.data.clear()
                await self._inbox.more()
