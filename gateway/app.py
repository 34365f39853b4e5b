"""The web application: routes, and the error table from every depth. Built from the parts it is given.

Both prefixes, `/v1` and `/api/v1`, are the same routes. What the framework itself refuses (unknown route,
wrong method, a body too large) leaves in the same JSON shape as everything else.
"""

from functools import partial
from typing import Any, cast

import trio
from quart import Response, request
from quart_trio import QuartTrio
from werkzeug.exceptions import HTTPException, NotFound, RequestEntityTooLarge, RequestTimeout

from gateway.apis.routes import PREFIXES, RULES, find, voice_at
from gateway.auth import Principal, authenticate, credential
from gateway.calls import Inbound, answer
from gateway.connection import TrailedRequest, TrailingConnection
from gateway.context import Context
from gateway.control import control_routes
from gateway.errors import OUR_FAULT, ApiError
from gateway.fast_routes import TOO_LARGE, FastConnection
from gateway.log import log
from gateway.reply import Head, QueuedReply
from gateway.sessions import session_routes


def build(context: Context) -> QuartTrio:
    """The application over these parts."""
    app = QuartTrio("gateway", static_folder=None)
    app.asgi_http_class = TrailingConnection
    if "routes" in context.config.server.fast:
        app.asgi_http_class = partial(FastConnection, context)  # type: ignore[assignment]
    app.request_class = TrailedRequest
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    app.config["MAX_CONTENT_LENGTH"] = context.config.server.body_limit
    app.config["RESPONSE_TIMEOUT"] = None
    app.config["PROPAGATE_EXCEPTIONS"] = False
    _error_handlers(app)
    _data_plane(app, context)
    session_routes(app, context)
    control_routes(app, context, PREFIXES, principal)
    app.after_request(_with_trail)
    return app


def current_request() -> TrailedRequest:
    """The request being answered, with its trail and its nursery."""
    return cast("TrailedRequest", request._get_current_object())  # type: ignore[attr-defined]  # noqa: SLF001


def principal(context: Context) -> Principal:
    """Who the current request is made for.

    Raises:
        ApiError: 401.
    """
    current = current_request()
    headers = {name.lower(): value for name, value in current.headers.items()}
    return authenticate(credential(headers, current.args), context.store.indexes.key)


def _data_plane(app: QuartTrio, context: Context) -> None:
    for rule in RULES:
        app.add_url_rule(
            rule,
            endpoint=f"call {rule}",
            view_func=_call_view(context),
            methods=["POST"],
            provide_automatic_options=False,
        )


def _call_view(context: Context) -> Any:
    async def view(**_said: str) -> Response:
        current = current_request()
        route = find(current.path, current.query_string.decode("latin1"))
        if route is None:
            raise NotFound
        who = principal(context)
        inbound = Inbound(
            route,
            {name.lower(): value for name, value in current.headers.items()},
            cast("bytes", await current.get_data()),
            who,
            current.trail,
        )
        head: Head = await current.nursery.start(_queued, context, inbound)
        response = Response(cast("Any", head.body), status=head.status, headers=dict(head.headers))
        response.timeout = None
        return response

    return view


async def _queued(
    context: Context, inbound: Inbound, *, task_status: trio.TaskStatus[Head]
) -> None:
    await answer(
        context,
        inbound,
        QueuedReply(task_status, context.config.server.keepalive_comment, inbound.route.api.voice),
    )


async def _with_trail(response: Response) -> Response:
    response.headers.update(current_request().trail.headers(trio.current_time()))
    return response


def _error_handlers(app: QuartTrio) -> None:
    app.register_error_handler(ApiError, _api_error)
    app.register_error_handler(HTTPException, _framework_error)
    app.register_error_handler(Exception, _bug)


async def _api_error(error: ApiError) -> Response:
    headers = {"content-type": "application/json", **error.headers()}
    body = voice_at(request.path, request.query_string.decode("latin1")).error(error)
    return Response(body, status=error.status, headers=headers)


async def _framework_error(error: HTTPException) -> Response:
    return await _api_error(_translated(error))


def _translated(error: HTTPException) -> ApiError:
    if isinstance(error, RequestEntityTooLarge):
        return ApiError(400, TOO_LARGE)
    if isinstance(error, RequestTimeout):
        return ApiError(400, "The request body did not arrive in time")
    if error.code in (404, 405):
        return ApiError(404, f"There is no such endpoint: {request.method} {request.path[:200]}")
    if error.code is not None and error.code < 500:
        return ApiError(400, "The request could not be understood")
    return ApiError(500, OUR_FAULT)


async def _bug(error: Exception) -> Response:
    log.error("request_failed", request=current_request().trail.id, exc_info=error)
    return await _api_error(ApiError(500, OUR_FAULT))
