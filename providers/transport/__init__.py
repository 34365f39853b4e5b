"""HTTP/1.1 to upstreams on Trio and llhttp: what it takes to send a call and to be given its answer.

Stands where httpx's client and httpcore stand, because those take 0.75 ms of CPU for a call and this a tenth
of it, and because a pool must survive what a race does to it: calls that are cancelled at any moment. Plain,
strict and small: no redirects, no proxies, no HTTP/2, no decoding. For those there is `providers.connections`,
to which one setting goes back.

Files: `eager` is the socket, `origin` is where calls go and the head they begin with, `connection` one
request and its answer at a time, `pool` the connections of one key, `spares` keeps one of them open in
advance, `facade` is all of it as a transport for httpx.
"""

from providers.transport.connection import Connection
from providers.transport.eager import EagerStream
from providers.transport.origin import Origin
from providers.transport.pool import Pool

__all__ = ["Connection", "EagerStream", "Origin", "Pool"]
