"""The front: bytes from clients in, ASGI calls out, over HTTP/1.1 and websockets.

Hypercorn's parts (its websockets, its lifespan, and where wanted its HTTP/1.1 protocol) under our own
accept loop, because as they come one connection can end the process, a client that stops reading can keep
it from stopping, and closes and idle timeouts get lost. What may be relied on: no input on one connection
touches another; everything has a deadline; whoever leaves is noticed at once; stopping is bounded.

Files: `serve` accepts and drains, `connection` is one client from accept to close, `fast` one request on it
and `answer` its answer's bytes, `http11` the same by Hypercorn and h11 and `call` its run of the application;
`head` and `body` are the strict readers that all bytes pass; `inbox` and `line` are a connection's two
directions; `idle` closes the connections that nobody uses.
"""

from gateway.front.lifespan import StartupFailed
from gateway.front.listen import AddressUnavailable, bind
from gateway.front.serve import serve
from gateway.front.settings import FrontSettings
from gateway.front.site import ASGIApp

__all__ = ["ASGIApp", "AddressUnavailable", "FrontSettings", "StartupFailed", "bind", "serve"]
