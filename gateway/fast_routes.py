"""The data plane's routes past the framework's request context: ASGI in, ASGI out, same answers.

Quart's own extension point (`asgi_http_class`) is where they branch off. What Quart does for a request there,
contexts, signals, routing, response objects, costs 0.2 ms of CPU; these routes need none of it. Everything
else, and these too where `[server] fast` says so, goes the framework's way.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs

import attrs
import trio
from hypercorn.typing import ASGIReceiveCallable, ASGISendCallable
from quart_trio import QuartTrio

from gateway.apis.routes import Route, find
from gateway.auth import Principal, authenticate, credential
from gateway.calls import Inbound, answer
from gateway.connection import TrailingConnection
from gateway.context import Context
from gateway.errors import OUR_FAULT, ApiError
from gateway.front.fast import CANCELS
from gateway.log import log
from gateway.reply import JSON_TYPE, stream_headers
from gateway.trail import Trail
from gateway.voice import OPENAI, Voice

TOO_LARGE = "The request body is too large"


class FastConnection(TrailingConnection):
    """Quart-Trio's connection, but for POSTs to the data plane's paths."""

    def __init__(self, context: Context, app: QuartTrio, scope: Any) -> None:
        super().__init__(app, scope)
        self._context = context
        self._route = None
        if scope["method"] == "POST":
            self._route = find(scope["path"], scope["query_string"].decode("latin1"))

    async def __call__(self, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        if self._route is None:
            await super().__call__(receive, send)
            return
        every, voice = self._context.config.server.keepalive_comment, self._route.api.voice
        request = Request(self._context, self._route, self.scope, DirectReply(send, every, voice))
        if not await request.read(receive):
            return
        wishes = (self.scope.get("extensions") or {}).get(CANCELS)
        if wishes is None:
            await _watched(request, receive)
        else:
            wishes["at_once"] = True
            await request.answer()


async def _watched(request: "Request", receive: ASGIReceiveCallable) -> None:
    """Answers under a server that does not cancel when the client leaves."""
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_watch, receive, nursery.cancel_scope)
        await request.answer()
        nursery.cancel_scope.cancel()


async def _watch(receive: ASGIReceiveCallable, everything: trio.CancelScope) -> None:
    """Ends it all when the client leaves."""
    while (await receive())["type"] != "http.disconnect":
        pass
    everything.cancel()


@lru_cache
def _name(name: str) -> bytes:
    return name.encode("ascii")


@attrs.define(eq=False)
class DirectReply:
    """A reply that goes straight to the server. `headers` gives those of the moment when it begins."""

    send: ASGISendCallable
    comment_every: float
    voice: Voice = OPENAI
    headers: Callable[[], Mapping[str, str]] = dict
    begun: bool = False
    _body: bytes | None = None
    _content_type: str = JSON_TYPE
    _started: bool = False
    _last: float = 0.0

    def whole(self, body: bytes, content_type: str = JSON_TYPE) -> None:
        self._body, self._content_type = body, content_type

    def begin(self) -> None:
        self.begun = True

    async def write(self, data: bytes) -> None:
        assert self.begun, "begin() comes first"
        if not self._started:
            await self._start(200, stream_headers(self.voice))
        self._last = trio.current_time()
        await self.send({"type": "http.response.body", "body": data, "more_body": True})

    @asynccontextmanager
    async def commenting(self) -> AsyncIterator[None]:
        failure: Exception | None = None
        self._last = trio.current_time()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._comment)
            try:
                yield
            except Exception as error:  # noqa: BLE001 - raised below, outside of the nursery
                failure = error
            nursery.cancel_scope.cancel()
        if failure is not None:
            try:
                raise failure
            finally:  # the traceback holds this frame: as a cycle they would wait for the collector
                del failure

    def close(self) -> None:
        pass

    async def fail(self, error: ApiError) -> None:
        await self.write(self.voice.broken(error))
        self.close()

    async def refuse(self, error: ApiError) -> None:
        """Answers with an error, if nothing was answered yet; else the answer stays without an end."""
        if self._started:
            return
        headers = {"content-type": JSON_TYPE, **error.headers()}
        await self._whole(error.status, headers, self.voice.error(error))

    async def finish(self) -> None:
        """Sends what is still to be sent."""
        if self._body is not None:
            await self._whole(200, {"content-type": self._content_type}, self._body)
            return
        if not self._started:
            await self._start(200, stream_headers(self.voice))
        await self.send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _whole(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        await self._start(status, {**headers, "content-length": str(len(body))})
        await self.send({"type": "http.response.body", "body": body, "more_body": False})

    async def _start(self, status: int, headers: Mapping[str, str]) -> None:
        self._started = True
        fields = {**headers, **self.headers()}
        encoded = [(_name(name), value.encode("latin1")) for name, value in fields.items()]
        await self.send({"type": "http.response.start", "status": status, "headers": encoded})

    async def _comment(self) -> None:
        """So that proxies on the way do not take a pause for the end."""
        while True:
            await trio.sleep_until(self._last + self.comment_every)
            if trio.current_time() < self._last + self.comment_every:
                continue
            self._last = trio.current_time()
            if self._started:
                body = self.voice.comment
                await self.send({"type": "http.response.body", "body": body, "more_body": True})


@attrs.define(eq=False)
class Request:
    """One call, from its ASGI scope to its answer."""

    context: Context
    route: Route
    scope: Any
    reply: DirectReply
    body: bytes = b""
    headers: Mapping[str, str] = attrs.field(init=False)
    trail: Trail = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        trail = self.trail = Trail(trio.current_time())
        self.reply.headers = lambda: trail.headers(trio.current_time())
        self.headers = {
            name.decode("latin1"): value.decode("latin1") for name, value in self.scope["headers"]
        }

    async def read(self, receive: ASGIReceiveCallable) -> bool:
        """Takes the body; False if the client left, or was told that it is too large."""
        limit, pieces, size = self.context.config.server.body_limit, [], 0
        more = True
        while more and size <= limit:
            event = await receive()
            if event["type"] != "http.request":
                return False
            pieces.append(event["body"])
            size += len(event["body"])
            more = event["more_body"]
        if size > limit:
            await self.reply.refuse(ApiError(400, TOO_LARGE))
            return False
        self.body = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        return True

    async def answer(self) -> None:
        """Answers, whatever comes of it."""
        try:
            inbound = Inbound(self.route, self.headers, self.body, self._principal(), self.trail)
            await answer(self.context, inbound, self.reply)
            await self.reply.finish()
        except ApiError as error:
            await self.reply.refuse(error)
        except Exception as error:  # noqa: BLE001 - a bug is told as one, its cause is for the log
            log.error("request_failed", request=self.trail.id, exc_info=error)
            await self.reply.refuse(ApiError(500, OUR_FAULT))

    def _principal(self) -> Principal:
        query: dict[str, str] = {}
        if self.scope["query_string"]:
            given = parse_qs(self.scope["query_string"].decode("latin1"))
            query = {name: values[0] for name, values in given.items()}
        return authenticate(credential(self.headers, query), self.context.store.indexes.key)
