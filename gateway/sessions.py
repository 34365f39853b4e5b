"""The realtime routes: from a handshake to a session, or to an honest refusal before it.

The upstreams are raced first, and the client's websocket is accepted when one of them has a session: so whoever
may not have one, or cannot, is told by a status code as everywhere else.
"""

from typing import Any, cast

import trio
from hypercorn.typing import ASGIReceiveCallable
from quart import Response, Websocket, websocket
from quart_trio import QuartTrio
from quart_trio.asgi import TrioASGIWebsocketConnection

from gateway.apis.realtime import REALTIME
from gateway.apis.routes import PREFIXES, Route
from gateway.auth import authenticate, credential
from gateway.calls import Inbound, answer
from gateway.context import Context
from gateway.errors import OUR_FAULT, ApiError
from gateway.log import log
from gateway.session_line import LEFT, SocketLine, key_in
from gateway.trail import Trail


class SessionConnection(TrioASGIWebsocketConnection):
    """Quart-Trio's connection, which remembers with which code the client has left."""

    async def handle_messages(self, nursery: trio.Nursery, receive: ASGIReceiveCallable) -> None:  # type: ignore[override]
        """Called once a connection; ends with it."""

        async def noted() -> Any:
            event = await receive()
            if event["type"] == "websocket.disconnect":
                code = event.get("code") or 1005
                cast("dict[str, Any]", self.scope)[LEFT] = (code, event.get("reason") or "")
            return event

        await super().handle_messages(nursery, noted)


def session_routes(app: QuartTrio, context: Context) -> None:
    """Adds the routes to the application."""
    app.asgi_websocket_class = SessionConnection

    async def realtime() -> Response | None:
        socket = cast("Websocket", websocket._get_current_object())  # type: ignore[attr-defined]  # noqa: SLF001
        trail = Trail(trio.current_time())
        line = SocketLine(socket, context.stop)
        try:
            await answer(context, _inbound(context, socket, trail), cast("Any", line))
        except ApiError as error:
            return _refused(error, trail)
        except Exception as error:  # noqa: BLE001 - a bug is told as one, its cause is for the log
            log.error("request_failed", request=trail.id, exc_info=error)
            return _refused(ApiError(500, OUR_FAULT), trail)
        return None

    for prefix in PREFIXES:
        app.add_websocket(f"{prefix}/realtime", f"realtime {prefix}", realtime)


def _inbound(context: Context, socket: Websocket, trail: Trail) -> Inbound:
    """The request behind a handshake.

    Raises:
        ApiError: 401.
    """
    headers = {name.lower(): value for name, value in socket.headers.items()}
    query = dict(socket.args)
    sent = credential(headers, query) or key_in(list(socket.requested_subprotocols))
    who = authenticate(sent, context.store.indexes.key)
    return Inbound(Route(REALTIME, query), headers, b"", who, trail)


def _refused(error: ApiError, trail: Trail) -> Response:
    headers = {"content-type": "application/json", **error.headers()}
    headers.update(trail.headers(trio.current_time()))
    return Response(error.encode(), status=error.status, headers=headers)
