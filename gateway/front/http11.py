"""One request and its answer, or one websocket: Hypercorn's HTTP/1.1 protocol, used once and thrown away.

Hypercorn recycles a connection from inside the application's last `send`, where Quart-Trio has already
cancelled itself, so nothing after it happens. Here the end of an answer is only noted; what follows from it
is done by the connection's own task. h11 sees nothing that the strict readers have not framed.
"""

from dataclasses import replace

import h11
import trio
from hypercorn.events import Closed, Event, RawData
from hypercorn.protocol.events import Body as BodyEvent
from hypercorn.protocol.events import Data, EndBody, Response
from hypercorn.protocol.events import Event as StreamEvent
from hypercorn.protocol.h11 import STREAM_ID, H11Protocol
from hypercorn.protocol.http_stream import HTTPStream
from hypercorn.protocol.ws_stream import ASGIWebsocketState, WSStream
from hypercorn.trio.worker_context import WorkerContext
from hypercorn.typing import ConnectionState
from wsproto.connection import ConnectionState as WebsocketState

from gateway.errors import ApiError, bad_request
from gateway.front.body import Unframed, body_of
from gateway.front.call import FAREWELL, Call
from gateway.front.head import Head
from gateway.front.inbox import Inbox
from gateway.front.line import Line
from gateway.front.refusal import CRASHED, TOO_SLOW, response
from gateway.front.site import Site

CLOSING = b"\x88"
"""How a closing frame begins: the last of its message, operation 8."""

_UNLIMITED = WorkerContext(max_requests=None)


class Exchange(H11Protocol):
    """`finished` when the answer is complete, or never will be; only the former leaves it `reusable`."""

    def __init__(self, site: Site, line: Line, nursery: trio.Nursery, head: Head) -> None:
        self._call = Call(nursery, self._app_ended)
        super().__init__(
            site.app,
            site.config,
            _UNLIMITED,
            self._call,  # type: ignore[arg-type]  # all of a task group but its own nursery
            ConnectionState(site.state),
            False,
            line.client,
            line.server,
            self._transmit,
        )
        self.finished = trio.Event()
        self._site = site
        self._line = line
        self._head = head
        self._body = body_of(head.length)
        self._opened = trio.Event()
        self._pumping = trio.CancelScope()
        self._started = False
        self._silent = False

    @property
    def reusable(self) -> bool:
        """Whether the connection can carry another request behind this one."""
        answered = self.connection.our_state is h11.DONE
        return answered and self.taken and not self._line.broken

    @property
    def taken(self) -> bool:
        """Whether the request has been taken from the inbox to its last byte."""
        return self._body.done

    async def run(self, inbox: Inbox) -> None:
        """Puts the request before the application; returns when the exchange is finished.

        Raises:
            ApiError: the request is broken or too slow; to be handed to `refuse`.
            ClientGone: the client left before its request was complete.
        """
        with self._pumping:
            await self._begin()
            if self.stream is not None:
                await self._pump(inbox, self.stream)
        if self.stream is not None and self._closed_by_hypercorn(self.stream):
            await self.abandon()
        await self.finished.wait()
        await self.handle(Closed())

    async def refuse(self, error: ApiError) -> None:
        """Ends the exchange with an error answer, or mid-answer if one has begun."""
        self._silent = True
        if not self._started:
            self._started = True
            with_body = self._head.method != b"HEAD"
            await self._line.write(response(error, with_body=with_body), last=True)
        await self.abandon()

    async def abandon(self) -> None:
        """Nobody wants the answer any more: tells the application, and ends it soon."""
        if self.finished.is_set():
            return
        self._silent = self._line.shut = True
        self._finish()
        await self.handle(Closed())
        self._call.leave()

    async def stream_send(self, event: StreamEvent) -> None:
        """Hypercorn's way from an ASGI stream to the wire."""
        if self._silent:
            await trio.sleep(FAREWELL)  # whoever writes on regardless shall not spin meanwhile
        elif isinstance(event, Response):
            await self._open_answer(event)
        else:
            if isinstance(event, Data) and isinstance(self.stream, WSStream):
                self._call.left = self._call.left or _farewell_in(event.data, self.stream)
            await super().stream_send(event)

    async def _begin(self) -> None:
        self.connection.receive_data(self._head.wire)
        request = self.connection.next_event()
        assert isinstance(request, h11.Request)
        if self.connection.they_are_waiting_for_100_continue:
            await self._send_h11_event(h11.InformationalResponse(status_code=100, headers=[]))
        await self._create_stream(request)
        if isinstance(self.stream, WSStream):
            self._body = Unframed()

    async def _pump(self, inbox: Inbox, stream: HTTPStream | WSStream) -> None:
        if isinstance(stream, WSStream):
            await self._opened.wait()
            if not stream.handshake.accepted:
                return  # frames sent in advance belong to nothing
        while True:
            if piece := self._body.take(inbox.data):
                self.connection.receive_data(piece)
            await self._pass_on(stream)
            if self._body.done or self._closed_by_hypercorn(stream):
                return
            await self._more(inbox)

    async def _pass_on(self, stream: HTTPStream | WSStream) -> None:
        while True:
            match self.connection.next_event():
                case h11.Data(data=data):
                    await stream.handle(BodyEvent(STREAM_ID, bytes(data)))
                case h11.EndOfMessage():
                    await stream.handle(EndBody(STREAM_ID))
                    return
                case Data() as frames:
                    await stream.handle(frames)
                case _:
                    return

    def _closed_by_hypercorn(self, stream: HTTPStream | WSStream) -> bool:
        """Whether a websocket was refused or closed over the application's head: nobody else is told."""
        if isinstance(stream, HTTPStream) or stream.closed or self._call.ended:
            return stream.closed
        accepted = stream.state is ASGIWebsocketState.CONNECTED
        return accepted and stream.connection.state is not WebsocketState.OPEN

    async def _more(self, inbox: Inbox) -> None:
        if isinstance(self.stream, WSStream):
            await inbox.more()  # a websocket may be silent for as long as both sides like
            return
        with trio.move_on_after(self._site.settings.body_idle) as clock:
            await inbox.more()
        if clock.cancelled_caught:
            raise bad_request(TOO_SLOW)

    async def _open_answer(self, event: Response) -> None:
        last = self._site.draining or not self.taken
        if last and event.status_code >= 200:
            event = replace(event, headers=[*event.headers, (b"connection", b"close")])
        self._started = True
        try:
            await super().stream_send(event)
        except h11.LocalProtocolError:
            self._started = False  # h11 refused the application's headers: nothing went out
            raise
        self._opened.set()

    async def _app_ended(self) -> None:
        if self.finished.is_set():
            return
        if not self._started:
            await self.refuse(CRASHED)
        elif isinstance(self.stream, WSStream):
            await self.stream.app_send(None)
        self._finish()

    async def _maybe_recycle(self) -> None:
        """Hypercorn's word for: the ASGI stream is over."""
        self._finish()

    def _finish(self) -> None:
        self.finished.set()
        self._pumping.cancel()

    async def _transmit(self, event: Event) -> None:
        if isinstance(event, RawData) and event.data:
            await self._line.write(event.data)


def _farewell_in(frame: bytes, stream: WSStream) -> tuple[int, str] | None:
    """The client's code and reason, which the answer to its closing frame repeats (RFC 6455, 5.5.1): Hypercorn
    tells the application of a code of its own."""
    answers = stream.handshake.accepted and stream.connection.state is WebsocketState.CLOSED
    if not answers or frame[:1] != CLOSING or len(frame) < 4:
        return None
    return int.from_bytes(frame[2:4]), frame[4:].decode(errors="replace")
