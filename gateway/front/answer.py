"""The bytes of an answer: its head and its framing. Pure.

An application's fields are checked as h11 checks them: what could end a line ends the answer instead.
"""

import re
import time
from collections.abc import Collection
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus

import attrs

FIELDS = re.compile(
    rb"(?:[!#$%&'*+.^_`|~0-9A-Za-z-]++: "
    rb"(?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?\r\n)*+"
)
BODILESS = {204, 304}
LAST_CHUNK = b"0\r\n\r\n"

Fields = Collection[tuple[bytes, bytes]]


class Malformed(Exception):
    """The application's answer is not one that HTTP/1.1 can carry."""


@attrs.define(eq=False)
class Answer:
    """One answer on its way. `left` are bytes that its length still promises, None where it is chunked or ends
    with the connection.

    `lasts` says that the connection can be used again behind it.
    """

    head: bytes
    chunked: bool
    left: int | None
    silent: bool
    lasts: bool
    complete: bool = False

    @classmethod
    def to(
        cls, method: bytes, version: bytes, status: int, fields: Fields, *, close: bool
    ) -> "Answer":
        """The answer to a request that begins with this status; names of fields are in lower case.

        Raises:
            Malformed: a field cannot be sent.
        """
        lines = [b"%b: %b\r\n" % field for field in fields]
        said = b"".join(lines)
        if not _sendable(said, len(lines)):
            raise Malformed("A field of the answer cannot be sent")
        length = next((int(value) for name, value in fields if name == b"content-length"), None)
        silent = method == b"HEAD" or status in BODILESS
        chunked = length is None and not silent and version == b"1.1"
        lasts = not close and (length is not None or chunked or silent)
        framing = b"transfer-encoding: chunked\r\n" if chunked else b""
        framing += b"" if lasts else b"connection: close\r\n"
        head = b"%b%bdate: %b\r\n%b\r\n" % (_status_line(status), said, _date(), framing)
        return cls(head, chunked, None if silent else length, silent, lasts)

    def piece(self, data: bytes, *, more: bool) -> bytes:
        """What goes out for a piece of the body; with the first of them the head.

        If there is less at the end than the length said, the answer is never `complete`.

        Raises:
            Malformed: there is more than the length said.
        """
        if self.left is not None:
            self.left -= len(data)
            if self.left < 0:
                raise Malformed("The answer is longer than it said")
        head, self.head = self.head, b""
        self.complete = not more and not self.left
        if self.silent:
            return head
        if not self.chunked:
            return head + data
        chunk = b"%x\r\n%b\r\n" % (len(data), data) if data else b""
        return head + chunk if more else head + chunk + LAST_CHUNK


def _sendable(said: bytes, lines: int) -> bool:
    return said.count(b"\r\n") == lines and FIELDS.fullmatch(said) is not None


@lru_cache
def _status_line(status: int) -> bytes:
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = ""
    return f"HTTP/1.1 {status} {phrase}\r\n".encode("ascii")


def _date() -> bytes:
    return _dated(int(time.time()))


@lru_cache(maxsize=1)
def _dated(second: int) -> bytes:
    return formatdate(second, usegmt=True).encode("ascii")
