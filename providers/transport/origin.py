"""Where calls go, and the head that each of them begins with."""

import re
import ssl
from collections.abc import Sequence

import attrs
import httpx

MOST_HEADS = 1024
"""Heads that are remembered; more than a key has models and paths."""

HIGHEST_PORT = 65535

_NAME = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_VALUE = re.compile(rb"(?:[!-~\x80-\xff](?:[ \t!-~\x80-\xff]*[!-~\x80-\xff])?)?")
_OURS = frozenset({"host", "content-length", "transfer-encoding", "connection"})

Fields = Sequence[tuple[str, str]]


@attrs.define(eq=False)
class Origin:
    """A scheme, host and port, and what heads of requests to it look like.

    `standing` are the fields that are sent with every request; `tls` is None for plain connections.
    """

    host: str
    port: int
    authority: str
    path: str
    tls: ssl.SSLContext | None = attrs.field(repr=False)
    standing: Fields = attrs.field(default=(), repr=False)
    _heads: dict[tuple[str, str, Fields], bytes] = attrs.field(factory=dict, repr=False)

    @classmethod
    def of(cls, base_url: str, tls: ssl.SSLContext, standing: Fields = ()) -> "Origin":
        """The origin of a URL whose path is put before every other.

        Raises:
            httpx.UnsupportedProtocol, httpx.InvalidURL: there is no way to it.
        """
        url = httpx.URL(base_url)
        if url.scheme not in {"http", "https"} or not url.host:
            raise httpx.UnsupportedProtocol(f"There are no connections for '{url.scheme}'")
        port = url.port or (443 if url.scheme == "https" else 80)
        if port > HIGHEST_PORT:
            raise httpx.InvalidURL(f"There is no port {port}")
        return cls(
            host=url.raw_host.decode("ascii"),
            port=port,
            authority=url.netloc.decode("ascii"),
            path=base_url.rstrip("/"),
            tls=tls if url.scheme == "https" else None,
            standing=standing,
        )

    def head(self, method: str, path: str, fields: Fields) -> bytes:
        """The head of a request, all but the length of its body and the empty line.

        Raises:
            httpx.LocalProtocolError: a name or value cannot be a field's.
        """
        key = (method, path, tuple(fields))
        head = self._heads.get(key)
        if head is None:
            if len(self._heads) >= MOST_HEADS:
                self._heads.clear()
            head = self._heads[key] = self._written(*key)
        return head

    def _written(self, method: str, path: str, fields: Fields) -> bytes:
        target = httpx.URL(self.path + path).raw_path
        given = [(name.encode(), value.encode()) for name, value in (*self.standing, *fields)]
        lines = [b"%b %b HTTP/1.1" % (method.encode("ascii"), target)]
        lines += [b"%b: %b" % field for field in ((b"host", self.authority.encode()), *given)]
        for name, value in given:
            known = name.decode("latin1").lower() in _OURS
            if known or _NAME.fullmatch(name) is None or _VALUE.fullmatch(value) is None:
                raise httpx.LocalProtocolError(f"Not a field that can be sent: {name!r}")
        return b"\r\n".join(lines) + b"\r\n"
