"""Gives every HTTP request its nursery and its trail.

Quart sends a body after its handler has returned, so a stream opened in a handler has no block to live in.
Quart-Trio opens one nursery a request, and cancels it when the client leaves or the response is complete:
handing that nursery to the request gives the race a home that ends exactly with the request.
"""

import trio
from hypercorn.typing import ASGISendCallable
from quart_trio.asgi import TrioASGIHTTPConnection
from quart_trio.wrappers import TrioRequest

from gateway.trail import Trail


class TrailedRequest(TrioRequest):
    """A request with a place to run tasks in, and a trail for its response's headers."""

    nursery: trio.Nursery
    trail: Trail


class TrailingConnection(TrioASGIHTTPConnection):
    """Quart-Trio's connection, with the nursery it opens and a fresh trail put on the request."""

    async def handle_request(  # type: ignore[override]
        self, nursery: trio.Nursery, request: TrailedRequest, send: ASGISendCallable
    ) -> None:
        """Called once a request, as soon as its head is complete."""
        request.nursery = nursery
        request.trail = Trail(trio.current_time())
        await super().handle_request(nursery, request, send)
