"""The transport for ways that are not straight: httpx's own does these.

Slower than our connections, and rare: a company's proxy, a server on this machine behind a unix socket, a
host that speaks HTTP/2 alone.
"""

import ssl

import httpx

from providers.way import Way


def transport(way: Way, tls: ssl.SSLContext, keep: int, expiry: float) -> httpx.AsyncBaseTransport:
    """A transport that goes this way; `keep` idle connections stay open for `expiry` seconds.

    `tls` is its own: which protocols it offers is changed.

    Raises:
        httpx.InvalidURL, ValueError: the proxy's URL is none.
    """
    # Without a bound no call queues in the library's pool, which forgets slots of what is cancelled there.
    limits = httpx.Limits(
        max_connections=None, max_keepalive_connections=keep, keepalive_expiry=expiry
    )
    return httpx.AsyncHTTPTransport(
        verify=tls,
        trust_env=False,
        http1=True,
        http2=way.http2,
        limits=limits,
        proxy=way.proxy,
        uds=way.unix,
    )
