"""How an upstream is reached where it is not by HTTP/1.1 over TCP: values only (see `providers.detour`)."""

from urllib.parse import urlsplit

import attrs


@attrs.frozen
class Way:
    """A `proxy` by its URL, which may hold a password; the path of a `unix` socket; HTTP/2."""

    proxy: str | None = attrs.field(default=None, repr=False)
    unix: str | None = None
    http2: bool = False

    def __str__(self) -> str:
        ways = {
            f"by the proxy {self._proxy_host}": self.proxy,
            f"through {self.unix}": self.unix,
            "over HTTP/2": self.http2,
        }
        return ", ".join(words for words, taken in ways.items() if taken) or "straight"

    @property
    def _proxy_host(self) -> str:
        return urlsplit(self.proxy or "").netloc.rpartition("@")[2]


STRAIGHT = Way()
"""As almost all upstreams are reached: by our own connections."""
