"""The control plane: models, health, metrics. Clarity first: nothing here is on the way of a call."""

from collections.abc import Callable
from typing import Any

import msgspec
import trio
from quart import Response, request
from quart_trio import QuartTrio

from gateway.apis.models import ANTHROPIC, GOOGLE, OPENAI, ModelShape
from gateway.apis.routes import BETA
from gateway.auth import Principal
from gateway.calls import permitted
from gateway.context import Context
from gateway.errors import ApiError

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def control_routes(
    app: QuartTrio,
    context: Context,
    prefixes: tuple[str, ...],
    principal: Callable[[Context], Principal],
) -> None:
    """Adds the routes to the application. `principal` authenticates the current request."""
    _model_routes(app, context, prefixes, principal)
    _health_routes(app, context)


def _model_routes(
    app: QuartTrio,
    context: Context,
    prefixes: tuple[str, ...],
    principal: Callable[[Context], Principal],
) -> None:
    async def models() -> Response:
        globs = context.globs(principal(context).project)
        return _json(_shape().listed(context.catalog.visible(globs)))

    async def model(model: str) -> Response:
        return _json(
            _shape().body(permitted(context, principal(context), model.removeprefix("models/")))
        )

    for prefix in (*prefixes, BETA):
        app.add_url_rule(f"{prefix}/models", f"models {prefix}", models)
        app.add_url_rule(f"{prefix}/models/<path:model>", f"model {prefix}", model)


def _health_routes(app: QuartTrio, context: Context) -> None:
    async def livez() -> Response:
        return _json({"status": "alive"})

    async def readyz() -> Response:
        checks = {
            "serving": context.ready,
            "journal": context.store.healthy,
            "models": bool(context.catalog.offers or context.catalog.open_providers),
        }
        if all(checks.values()):
            return _json({"ready": True, "checks": checks})
        body = ApiError(503, "Not ready").body() | {"ready": False, "checks": checks}
        return _json(body, 503)

    async def metrics() -> Response:
        return Response(await _exposition(context), headers={"content-type": METRICS_TYPE})

    for path, view in (("/livez", livez), ("/readyz", readyz), ("/metrics", metrics)):
        app.add_url_rule(path, path, view)


async def _exposition(context: Context) -> bytes:
    if context.exposition is not None:
        return await context.exposition()
    context.metrics.keys_are(context.pool.snapshot(trio.current_time()).keys)
    return context.metrics.render()


def _shape() -> ModelShape:
    """Whose client asks: Google's come by a path or with a key of their own, Anthropic's say which version
    they speak; all others speak OpenAI's."""
    if (
        request.path.startswith(BETA)
        or "x-goog-api-key" in request.headers
        or "key" in request.args
    ):
        return GOOGLE
    return ANTHROPIC if "anthropic-version" in request.headers else OPENAI


def _json(body: Any, status: int = 200) -> Response:
    headers = {"content-type": "application/json"}
    return Response(msgspec.json.encode(body), status=status, headers=headers)
