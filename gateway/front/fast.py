"""One request and its answer without Hypercorn's protocol and h11: the strict readers already know it all.

Behaves as `http11.Exchange` does and has its methods. The application runs in the connection's own task and
takes the body from the inbox itself; its answer's head leaves together with the first piece of its body.
"""

import logging
import math
from contextlib import suppress
from typing import Any
from urllib.parse import unquote

import trio
from hypercorn.typing import ASGIReceiveEvent, ASGISendEvent

from gateway.errors import ApiError, bad_request
from gateway.front.answer import Answer, Malformed
from gateway.front.barrier import barrier
from gateway.front.body import body_of
from gateway.front.call import AHEAD, FAREWELL
from gateway.front.head import Head
from gateway.front.inbox import ClientGone, Inbox
from gateway.front.line import Line
from gateway.front.refusal import CRASHED, TOO_SLOW, response
from gateway.front.site import Site

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"

CANCELS = "hedgerow.cancels"
"""The extension by which an application asks to be cancelled at once when its client leaves, so that it need
not wait for the news itself: a dict to which it adds `at_once`."""


class FastExchange:
    """An exchange over plain HTTP/1.1; websockets go another way.

    `scope` is the one that a connection's exchanges run in, one after the other: an abandoned one is the last.
    """

    def __init__(self, site: Site, line: Line, head: Head, scope: trio.CancelScope) -> None:
        self._site = site
        self._line = line
        self._head = head
        self._body = body_of(head.length, plain=True)
        self._scope = scope
        self._gone = trio.Event()
        self._first: bytes | None = None
        self._wishes: dict[str, bool] = {}
        self._pieces: trio.MemoryReceiveChannel[ASGIReceiveEvent] | None = None
        self._answer: Answer | None = None
        self._error: ApiError | None = None
        self._expects = head.version == b"1.1" and b"100-continue" in head.values(b"expect")

    @property
    def reusable(self) -> bool:
        """Whether the connection can carry another request behind this one."""
        answer = self._answer
        answered = answer is not None and answer.complete and answer.lasts
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
        first = self._body.take(inbox.data)
        if self._body.done:
            self._first = first
            await self._call()
        else:
            async with trio.open_nursery() as nursery:
                inlet, self._pieces = trio.open_memory_channel[ASGIReceiveEvent](AHEAD)
                nursery.start_soon(self._pump, inbox, first, inlet, nursery.cancel_scope)
                await self._call()
                nursery.cancel_scope.cancel()
        if self._error is not None:
            raise self._error
        if self._gone.is_set() and not self.taken:
            raise ClientGone
        if self._answer is None:
            await self.refuse(CRASHED)
        elif not self._answer.complete:
            await self.abandon()

    async def refuse(self, error: ApiError) -> None:
        """Ends the exchange with an error answer, or mid-answer if one has begun."""
        if self._answer is None or self._answer.head:
            with_body = self._head.method != b"HEAD"
            await self._line.write(response(error, with_body=with_body), last=True)
        await self.abandon()

    async def abandon(self) -> None:
        """Nobody wants the answer any more: tells the application, and ends it soon."""
        if self._answer is not None and self._answer.complete:
            return
        self._line.shut = True
        self._gone.set()
        patience = 0.0 if "at_once" in self._wishes else FAREWELL
        self._scope.deadline = min(self._scope.deadline, trio.current_time() + patience)
        await trio.lowlevel.checkpoint_if_cancelled()

    def _level(self) -> int:
        return logging.ERROR if self._scope.deadline == math.inf else logging.INFO

    def _asgi_scope(self) -> dict[str, Any]:
        path, _, query = self._head.target.partition(b"?")
        return {
            "type": "http",
            "http_version": self._head.version.decode(),
            "asgi": {"spec_version": "2.1", "version": "3.0"},
            "method": self._head.method.decode().upper(),
            "scheme": "http",
            "path": unquote(path.decode("ascii")),
            "raw_path": path,
            "query_string": query,
            "root_path": "",
            "headers": self._head.fields,
            "client": self._line.client,
            "server": self._line.server,
            "state": self._site.state.copy(),
            "extensions": {CANCELS: self._wishes},
        }

    async def _call(self) -> None:
        with barrier("An application call", self._level):
            app = self._site.app.app
            await app(self._asgi_scope(), self._receive, self._send)  # type: ignore[arg-type]

    async def _receive(self) -> ASGIReceiveEvent:
        """The next piece of the body, and after its end the news that the client has left."""
        if self._first is not None:
            piece, self._first = self._first, None
            return {"type": "http.request", "body": piece, "more_body": False}
        if self._pieces is not None:
            with suppress(trio.EndOfChannel):
                return await self._pieces.receive()
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _pump(
        self,
        inbox: Inbox,
        piece: bytes,
        inlet: trio.MemorySendChannel[ASGIReceiveEvent],
        everything: trio.CancelScope,
    ) -> None:
        """Takes in a body that comes in pieces, whether the application asks for it or not."""
        try:
            if self._expects:
                await self._line.write(CONTINUE)
            async with inlet:
                while True:
                    more = not self._body.done
                    if piece or not more:
                        await inlet.send({"type": "http.request", "body": piece, "more_body": more})
                    if not more:
                        return
                    piece = await self._piece(inbox)
        except ApiError as error:
            self._error = error
            everything.cancel()
        except ClientGone:
            self._gone.set()

    async def _piece(self, inbox: Inbox) -> bytes:
        with trio.move_on_after(self._site.settings.body_idle) as clock:
            await inbox.more()
        if clock.cancelled_caught:
            raise bad_request(TOO_SLOW)
        return self._body.take(inbox.data)

    async def _send(self, event: ASGISendEvent) -> None:
        if self._line.shut:
            await trio.sleep(FAREWELL)  # whoever writes on regardless shall not spin meanwhile
        elif event["type"] == "http.response.start":
            close = self._site.draining or not self.taken or self._wants_close
            self._answer = Answer.to(
                self._head.method,
                self._head.version,
                event["status"],
                tuple(event["headers"]),
                close=close,
            )
        elif event["type"] == "http.response.body":
            assert self._answer is not None, "http.response.start comes first"
            more = bool(event.get("more_body", False))
            data = self._answer.piece(bytes(event.get("body", b"")), more=more)
            await self._line.write(data, last=not more and not self._answer.lasts)
            if not more and not self._answer.complete:
                raise Malformed("The answer is shorter than it said")

    @property
    def _wants_close(self) -> bool:
        return self._head.version == b"1.0" or any(
            b"close" in value for value in self._head.values(b"connection")
        )
