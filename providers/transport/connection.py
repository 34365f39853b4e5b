"""One HTTP/1.1 connection: a request, its answer, then perhaps the next request.

The framing is llhttp's. An answer is over when its framing says so; whatever comes besides (more than its
length, a second answer nobody asked for) makes the connection unfit for another request. Times out never:
deadlines belong to the caller, and cancelling in the middle leaves a connection that is not `reusable`.
"""

import select
import socket as sockets
from contextlib import suppress
from typing import Any

import attrs
import httptools
import httpx
import trio

from providers.transport.eager import RECEIVE, EagerStream

MOST_HEAD = 128 * 1024
"""Bytes of an answer's head, interim answers included."""

_GONE = getattr(select, "POLLRDHUP", 0) | select.POLLHUP | select.POLLERR | select.POLLNVAL


class NothingSent(httpx.WriteError):
    """The connection was broken before a byte of the request was taken: it may be sent again elsewhere."""


@attrs.define(eq=False)
class Connection:
    """A stream with a parser at its end.

    Of the current answer: `status` and `headers` (names in lower case, repeated ones joined) are known once
    `ask` returned, `complete` says that its last byte has been taken in.
    """

    stream: trio.abc.Stream
    socket: sockets.socket | None = None
    status: int = 0
    headers: dict[str, str] = attrs.field(factory=dict)
    complete: bool = True
    expires: float = 0.0
    used: bool = False
    _parser: httptools.HttpResponseParser = attrs.field(init=False, repr=False)
    _pieces: list[bytes] = attrs.field(factory=list, repr=False)
    _asked: Any = attrs.field(default=None, repr=False)
    _beginning: bool = False
    _head_size: int = 0
    _fit: bool = True

    def __attrs_post_init__(self) -> None:
        self._parser = httptools.HttpResponseParser(self)

    async def ask(self, request: bytes) -> None:
        """Sends a request and waits for the head of its answer.

        Raises:
            NothingSent: the connection was broken already.
            httpx.NetworkError, httpx.ProtocolError: it broke, or what came is no HTTP.
        """
        assert self.reusable, "one request at a time"
        self.complete, self.used, self._fit = False, True, False
        self.status, self.headers, self._head_size = 0, {}, 0
        self._beginning = True
        sent = self._begin_sending(request)
        try:
            if sent < len(request):
                await self.stream.send_all(memoryview(request)[sent:])
        except (trio.BrokenResourceError, trio.ClosedResourceError) as error:
            raise httpx.WriteError("The connection broke while the request was sent") from error
        while self._beginning:
            await self._fill()

    async def receive(self) -> bytes:
        """What has come of the body since the last time, at least one byte; empty at its end.

        Raises:
            httpx.NetworkError, httpx.ProtocolError: it breaks off.
        """
        while not self._pieces and not self.complete:
            await self._fill()
        pieces, self._pieces = self._pieces, []
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    @property
    def reusable(self) -> bool:
        """Whether another request may be sent."""
        return self.complete and self._fit

    @property
    def waited(self) -> bool:
        """Whether it lay open for a call to come: it may have been closed in the meantime."""
        return self.expires > 0.0

    @property
    def stale(self) -> bool:
        """Whether the other side has closed, or said something unasked.

        Before its first request a TLS connection has tickets to read, which are no news.
        """
        if self.socket is None:
            return False
        if self._asked is None:
            self._asked = select.poll()
            self._asked.register(self.socket.fileno(), select.POLLIN | _GONE)
        news = self._asked.poll(0)
        if not news:
            return False
        return self.used or bool(news[0][1] & _GONE) or isinstance(self.stream, EagerStream)

    async def close(self) -> None:
        """Closes without a farewell: who is cut off shall notice at once."""
        self._fit = False
        with suppress(AttributeError):
            del self._parser  # it holds us: together they would wait for the garbage collector
        await trio.aclose_forcefully(self.stream)

    def _begin_sending(self, request: bytes) -> int:
        """Sends what goes at once; of what is encrypted nobody knows how much that is."""
        if not isinstance(self.stream, EagerStream):
            return 0
        try:
            return self.stream.send_now(request)
        except (trio.BrokenResourceError, trio.ClosedResourceError) as error:
            raise NothingSent("The connection was broken before the request was sent") from error

    async def _fill(self) -> None:
        try:
            data = await self.stream.receive_some(RECEIVE)
        except (trio.BrokenResourceError, trio.ClosedResourceError) as error:
            raise httpx.ReadError("The connection broke") from error
        if not data:
            self._over()
            return
        began = self._beginning
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            raise httpx.RemoteProtocolError("The answer is not HTTP") from error
        self._head_size += len(data) if began else 0
        if self._head_size > MOST_HEAD:
            raise httpx.RemoteProtocolError("The head of the answer is too long")

    def _over(self) -> None:
        """The other side closed: the end of an answer that has no other, and broken off everywhere else."""
        framed = "content-length" in self.headers or "transfer-encoding" in self.headers
        if self._beginning or framed:
            raise httpx.RemoteProtocolError("The connection was closed before the answer's end")
        self.complete = True

    # What llhttp calls.

    def on_message_begin(self) -> None:
        """An answer begins; a second one is nobody's."""
        if self.complete:
            self._fit = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """A field of the head, or of the trailers, which nobody reads."""
        if not self._beginning:
            return
        key, text = name.decode("latin1").lower(), value.decode("latin1")
        known = self.headers.get(key)
        self.headers[key] = text if known is None else f"{known}, {text}"

    def on_headers_complete(self) -> None:
        """The head is whole. An interim answer (1xx) is forgotten."""
        if self.complete:
            return
        self.status = self._parser.get_status_code()
        if self.status < 200:
            self.headers = {}
        else:
            self._beginning = False

    def on_body(self, data: bytes) -> None:
        """A piece of the body."""
        if not self.complete:
            self._pieces.append(data)

    def on_message_complete(self) -> None:
        """The answer's framing says that it is over."""
        if not self._beginning and not self.complete:
            self.complete = True
            self._fit = self._parser.should_keep_alive()
