"""A websocket to an upstream, as an exchange that can be raced: the shell around `realtime`.

It has begun to answer when the upstream has said that there is a session. Messages are read one at a time, when
somebody wants them: a client that is slow makes its upstream wait.
"""

import ssl
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Self
from urllib.parse import urlencode

import attrs
import h11
import trio
import wsproto.utilities
from trio_websocket import (
    ConnectionClosed,
    ConnectionRejected,
    ConnectionTimeout,
    HandshakeError,
    WebSocketConnection,
    open_websocket_url,
)

from providers.client import Upstream
from providers.errors import BrokenAnswer, ProviderError, TimedOut, Unreachable
from providers.realtime import SessionReader
from providers.types import Closed, Ended, Event, Failed, RateLimits, SessionCall
from providers.way import STRAIGHT

MESSAGE_LIMIT = 16 * 2**20
"""Bytes of one message: OpenAI takes 15 MB of sound in one."""

PING_EVERY, PONG_WITHIN = 20.0, 20.0
CLOSE_GRACE = 1.0
"""Seconds that the closing handshake may take."""

BROKEN = (
    *(HandshakeError, OSError, trio.BrokenResourceError),
    *(wsproto.utilities.LocalProtocolError, wsproto.utilities.RemoteProtocolError),
    *(h11.LocalProtocolError, h11.RemoteProtocolError),
)
"""What the library lets through when the other side speaks no websocket, or a ping crosses a close."""

NORMAL = (1000, 1001)
NO_CODE = (1005, 1006, 1015)
"""Codes that stand for none, and may not be sent."""


@attrs.define(eq=False)
class SocketExchange:
    """One session. `leaving` says with which code and reason it is closed when it is left.

    Used like `providers.client.Exchange`.
    """

    upstream: Upstream
    call: SessionCall
    model: str
    tls: ssl.SSLContext
    connect: float
    leaving: Callable[[], tuple[int, str]] = lambda: (1000, "")
    _stack: AsyncExitStack = attrs.field(factory=AsyncExitStack)
    _reader: SessionReader = attrs.field(factory=SessionReader)
    _left: trio.Event = attrs.field(factory=trio.Event)
    _nursery: trio.Nursery = attrs.field(init=False)
    _socket: WebSocketConnection | None = None
    _lost: trio.CancelScope | None = None
    _broken: bool = False
    _over: bool = False

    @property
    def limits(self) -> RateLimits:
        """Sessions say nothing of quotas when they begin."""
        return RateLimits()

    async def __aenter__(self) -> Self:
        self._nursery = await self._stack.enter_async_context(trio.open_nursery())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._left.set()
        await self._stack.__aexit__(None, None, None)  # noqa: ASYNC102 - what is in it has its own deadline

    async def start(self) -> None:
        """Opens the websocket.

        Raises:
            ProviderError: there is no connection, or the upstream refused it.
        """
        if self.upstream.way != STRAIGHT:
            raise Unreachable("Sessions do not go by proxies or sockets")
        try:
            self._socket = await self._nursery.start(self._hold)
        except ConnectionTimeout as error:
            message = "No connection within the connect timeout"
            raise TimedOut(message, clock="connect") from error
        except ConnectionRejected as error:
            raise self._rejected(error) from error
        except BROKEN as error:
            raise Unreachable("The upstream could not be reached") from error

    async def _hold(
        self, *, task_status: trio.TaskStatus[WebSocketConnection] = trio.TASK_STATUS_IGNORED
    ) -> None:
        """The websocket from its beginning to its end, whoever brings that about."""
        url, headers = self._address()
        try:
            async with open_websocket_url(
                url,
                self.tls if url.startswith("wss:") else None,
                extra_headers=headers,
                connect_timeout=self.connect,
                disconnect_timeout=CLOSE_GRACE,
                max_message_size=MESSAGE_LIMIT,
                message_queue_size=1,
            ) as socket:
                task_status.started(socket)
                await self._until_left(socket)
        except BROKEN:
            if self._socket is None:
                raise
            self._broken = True
            if self._lost is not None:
                self._lost.cancel()  # whoever waits for a message waits for nothing

    async def _until_left(self, socket: WebSocketConnection) -> None:
        try:
            await self._ping(socket)
        finally:
            with trio.move_on_after(CLOSE_GRACE, shield=True):
                code, reason = self.leaving()
                await socket.aclose(code if code not in NO_CODE else NORMAL[0], reason)

    async def receive(self) -> Sequence[Event]:
        """The next message and what it means; after the last, how it was closed and the end."""
        assert self._socket is not None, "start() comes first"
        if self._over:
            await trio.lowlevel.checkpoint()
            return ()
        try:
            with trio.CancelScope() as self._lost:
                if self._broken:
                    self._lost.cancel()
                return self._reader.read(await self._socket.get_message())
            events: Sequence[Event] = (Failed(BrokenAnswer("The upstream's websocket broke")),)
        except ConnectionClosed as error:
            events = _closed(error)
        except ProviderError as error:
            events = (Failed(error),)
        self._over = True
        return events

    async def send(self, data: str | bytes) -> None:
        """Sends a message; waits while the upstream is slower. One to nobody any more is dropped."""
        assert self._socket is not None, "start() comes first"
        try:
            await self._socket.send_message(data)
        except ConnectionClosed:
            await trio.lowlevel.checkpoint()  # `receive` tells of it

    def _address(self) -> tuple[str, list[tuple[bytes, bytes]]]:
        upstream = self.upstream
        wire = upstream.dialect.encode(self.call, self.model)
        query = f"{'&' if '?' in wire.path else '?'}{urlencode(self.call.query)}"
        url = upstream.base_url + wire.path + (query if self.call.query else "")
        fields = (
            *upstream.dialect.credentials(upstream.secret),
            *upstream.headers,
            *self.call.headers,
        )
        headers = [(name.encode("latin1"), value.encode("latin1")) for name, value in fields]
        return url.replace("http", "ws", 1), headers

    def _rejected(self, error: ConnectionRejected) -> ProviderError:
        headers = {
            name.decode("latin1").lower(): value.decode("latin1")
            for name, value in error.headers or ()
        }
        return self.upstream.dialect.error(error.status_code, headers, bytes(error.body or b""))

    async def _ping(self, socket: WebSocketConnection) -> None:
        """Until it is left. An upstream that is gone without a word answers no ping."""
        while not self._left.is_set():
            with trio.move_on_after(PING_EVERY):
                await self._left.wait()
                return
            try:
                with trio.fail_after(PONG_WITHIN):
                    await socket.ping()
            except (ConnectionClosed, trio.TooSlowError):
                return


def _closed(error: ConnectionClosed) -> Sequence[Event]:
    reason = error.reason
    code = 1006 if reason is None else reason.code
    told = Closed(code, "" if reason is None else reason.reason or "")
    if code in NORMAL:
        return [told, Ended()]
    return [told, Failed(BrokenAnswer(f"The upstream closed the session ({code})"))]
