"""How an upstream is reached where it is not by HTTP/1.1 over TCP: httpx's own transport does these.

Slower than our connections, and rare: a company's proxy, a server on this machine behind a unix socket, a
host that speaks HTTP/2 alone.
"""

import ssl

import attrs
import httpx


@attrs.frozen
class Way:
    """A `proxy` by its URL, which may hold a password; the path of a unix `socket`; HTTP/2."""

    proxy: str | None = attrs.field(default=None, repr=False)
    socket: str | None = None
    http2: bool = False

    def __str__(self) -> str:
        ways = {
            f"by the proxy {self._proxy_host}": self.proxy,
            f"through {self.socket}": self.socket,
            "over HTTP/2": self.http2,
        }
        return ", ".join(words for words, taken in ways.items() if taken) or "straight"

    @property
    def _proxy_host(self) -> str:
        return httpx.URL(self.proxy or "").netloc.decode("ascii")

    def transport(self, tls: ssl.SSLContext, keep: int, expiry: float) -> httpx.AsyncBaseTransport:
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
            http2=self.http2,
            limits=limits,
            proxy=self.proxy,
            uds=self.socket,
        )


STRAIGHT = Way()
"""As almost all upstreams are reached: by our own connections."""
