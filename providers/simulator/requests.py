"""HTTP/1.1 requests out of bytes: llhttp's callbacks turned into frozen values, with limits, without I/O.

Requests come out complete and in order, however the bytes are split and however many are pipelined.
"""

from typing import Literal
from urllib.parse import parse_qs

import attrs
import httptools

BODY_LIMIT = 16 * 1024 * 1024
"""Bytes of one request's body."""

HEAD_LIMIT = 64 * 1024
"""Bytes of one request's line and headers, give or take one read from the network."""


@attrs.frozen
class Request:
    """One complete request. Header names are lower-case; of a repeated header the last one counts."""

    method: bytes
    path: str
    query: str = ""
    headers: dict[bytes, bytes] = attrs.field(factory=dict, repr=False)
    body: bytes = attrs.field(default=b"", repr=False)
    keep_alive: bool = True
    chunks: bool = True
    """Whether the client understands chunked answers (HTTP/1.0 does not)."""

    def header(self, name: bytes) -> str:
        """A header's value, empty if it was not sent."""
        return self.headers.get(name, b"").decode("latin-1")

    def argument(self, name: str) -> str:
        """The query's first value for a name, empty if it has none."""
        return parse_qs(self.query).get(name, [""])[0]


class _TooLarge(Exception):
    """Stops the parser from inside a callback."""


@attrs.frozen
class Unreadable:
    """Where a connection's requests stop making sense, or one grew too large. Nothing follows it."""

    reason: str
    status: Literal[400, 413] = 400
    path: str = ""


class RequestReader:
    """Collects one connection's bytes into requests."""

    def __init__(self, body_limit: int = BODY_LIMIT) -> None:
        self._parser = httptools.HttpRequestParser(self)
        self._body_limit = body_limit
        self._complete: list[Request | Unreadable] = []
        self._head_bytes = 0
        self._in_body = False
        self._over = False
        self._begin()

    @property
    def expects_continue(self) -> bool:
        """Whether the client waits for `100 Continue` before it sends the body it announced."""
        waiting = self._in_body and not self._body_bytes
        return waiting and self._headers.get(b"expect", b"").lower() == b"100-continue"

    def feed(self, data: bytes) -> list[Request | Unreadable]:
        """The requests that these bytes complete. After an `Unreadable`, and after a request that
        closes the connection, always empty."""
        self._complete = []
        if not self._over:
            self._parse(data)
        return self._complete

    def _parse(self, data: bytes) -> None:
        if not self._in_body:
            self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._stop(str(error))
        if not self._in_body and self._head_bytes > HEAD_LIMIT:
            self._stop("the request's head is too large")

    def _stop(self, reason: str, status: Literal[400, 413] = 400) -> None:
        if not self._over:
            self._over = True
            self._complete.append(Unreadable(reason, status, self._path()[0]))

    def _begin(self) -> None:
        self._url = b""
        self._headers: dict[bytes, bytes] = {}
        self._body: list[bytes] = []
        self._body_bytes = 0

    # From here on: what the parser calls.

    def on_message_begin(self) -> None:
        """A request starts."""
        self._begin()

    def on_url(self, url: bytes) -> None:
        """A piece of the request's target."""
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header."""
        self._headers[name.lower()] = value

    def on_headers_complete(self) -> None:
        """The head is over."""
        self._in_body = True
        self._head_bytes = 0

    def on_body(self, piece: bytes) -> None:
        """A piece of the body, without its chunk framing."""
        self._body_bytes += len(piece)
        if self._body_bytes > self._body_limit:
            self._stop("the request's body is too large", 413)
            raise _TooLarge
        self._body.append(piece)

    def on_message_complete(self) -> None:
        """The request is complete."""
        self._in_body = False
        self._head_bytes = 0
        if self._parser.should_upgrade():
            self._stop("no other protocol is spoken here")
            return
        keep_alive = self._parser.should_keep_alive()
        # Whatever comes behind a request that closes is not ours to read, nor to complain of.
        self._over = self._over or not keep_alive
        self._complete.append(self._request(keep_alive))

    def _request(self, keep_alive: bool) -> Request:
        path, query = self._path()
        return Request(
            self._parser.get_method(),
            path,
            query,
            self._headers,
            b"".join(self._body),
            keep_alive,
            self._parser.get_http_version() != "1.0",
        )

    def _path(self) -> tuple[str, str]:
        path, _, query = self._url.decode("latin-1").partition("?")
        return path, query
