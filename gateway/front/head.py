"""The strict reader of request heads: what passes here has one meaning for every HTTP parser.

Request smuggling lives on heads that two parsers read differently, so everything the standard merely
tolerates is refused: bare line feeds, folded lines, blanks around names, two lengths, a coding other than
`chunked`, a target that contradicts Host. Pure; raises `ApiError` (400) for whatever is refused.
"""

import re

import attrs

from gateway.errors import ApiError, bad_request

REQUEST_LINE = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]++) ([\x21-\x7e]++) HTTP/(1\.[01])")
FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]++):([\t\x20-\x7e\x80-\xff]*+)")
LEGAL = bytes({*b"\t\r\n", *range(0x20, 0x7F), *range(0x80, 0x100)})
"""Bytes that a head may hold: no control characters."""

LINE_END = re.compile(rb"(?<!\r)\n|\r(?!\n|\Z)")
"""One that is no CR LF."""

HOST = re.compile(rb"(?:[A-Za-z0-9._~%-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")
ABSOLUTE = re.compile(rb"https?://([^/?]+)(/[^?]*)?(\?.*)?", re.IGNORECASE)
LENGTH = re.compile(rb"[0-9]{1,18}")

HIDDEN = {b"http2-settings", b"sec-websocket-extensions"}
"""Fields kept from what reads heads after us: no HTTP/2, and no compression of websocket messages, which
lets a client send a thousandfold of what it sends."""

WEIGHTY = HIDDEN | {b"content-length", b"transfer-encoding", b"host", b"upgrade"}
"""Fields that decide where a request ends, for whom it is, or what it becomes."""


@attrs.frozen
class Head:
    """A request's head. `length` is the body's in bytes, None where it is chunked.

    `target` is in origin form, `fields` are names in lower case and values; `wire` is the head as it may be
    handed on, the hidden fields gone.
    """

    method: bytes
    target: bytes
    version: bytes
    fields: tuple[tuple[bytes, bytes], ...]
    length: int | None
    wire: bytes

    def values(self, name: bytes) -> list[bytes]:
        """The values of a field, in lower case."""
        return [value.lower() for known, value in self.fields if known == name]


@attrs.define(eq=False)
class HeadReader:
    """Finds the end of a head in a buffer that grows; looks at every byte once."""

    limit: int
    _seen: int = 0

    def take(self, buffer: bytearray) -> bytes | None:
        """Cuts the head, with the empty line that ends it, off the buffer; None if more must come."""
        if self._seen < 2 and buffer.startswith(b"\r\n"):
            del buffer[:2]  # the standard asks servers to forgive one empty line before a request
        end = buffer.find(b"\r\n\r\n", max(0, self._seen - 3))
        size = end + 4 if end >= 0 else len(buffer)
        begin = self._seen - buffer.endswith(b"\r", 0, self._seen)  # whose LF may have come now
        if _illegal(buffer[begin:size]):
            raise bad_request("The request's head holds bytes that HTTP/1.1 does not allow there")
        if size > self.limit:
            raise bad_request(f"The request's head is larger than {self.limit} bytes")
        self._seen = size
        if end < 0:
            return None
        head = bytes(buffer[:size])
        del buffer[:size]
        return head


def _illegal(piece: bytearray) -> bool:
    """Whether bytes are in it that no head may hold. Counting is many times as quick as looking for a pattern,
    which decides only where the counts differ, as at the end of a piece."""
    if piece.translate(None, LEGAL):
        return True
    ends = piece.count(b"\r\n")
    odd = piece.count(b"\n") != ends or piece.count(b"\r") != ends
    return odd and LINE_END.search(piece) is not None


Field = tuple[bytes, bytes]
"""Name in lower case, and value. Where it matters to us only spaces are taken off it: a tab is a trick."""


def parse_head(raw: bytes, max_headers: int) -> Head:
    """Reads a complete head."""
    first, _, rest = raw[:-2].partition(b"\r\n")
    request_line = REQUEST_LINE.fullmatch(first)
    if request_line is None:
        raise bad_request("Not a request that HTTP/1.0 or HTTP/1.1 knows")
    lines = rest.split(b"\r\n")[:-1]
    found = FIELD.findall(rest)
    if len(found) != len(lines) or sum(len(n) + len(v) + 3 for n, v in found) != len(rest):
        raise bad_request("A header field is malformed")
    if len(lines) > max_headers:
        raise bad_request(f"The request has more than {max_headers} header fields")
    method, target, version = request_line.groups()
    pairs = [(name.lower(), value) for name, value in found]
    weighty = [(name, value.strip(b" ")) for name, value in pairs if name in WEIGHTY]
    length = _body_length(weighty, version)
    path = _origin_form(method, target, _host(weighty, version))
    if length != 0 and b"websocket" in (value.lower() for value in _values(weighty, b"upgrade")):
        raise bad_request("A request for a websocket has no body")
    hides = any(name in HIDDEN for name, _ in weighty)
    if hides or path != target:
        raw = _wire(b"%b %b HTTP/%b" % (method, path, version), pairs, lines)
    shown = [(name, value.strip(b"\t ")) for name, value in pairs]
    if hides:
        shown = [pair for pair in shown if pair[0] not in HIDDEN]
    return Head(method, path, version, tuple(shown), length, raw)


def _wire(first: bytes, pairs: list[Field], lines: list[bytes]) -> bytes:
    kept = [line for (name, _), line in zip(pairs, lines, strict=True) if name not in HIDDEN]
    return b"\r\n".join([first, *kept, b"", b""])


def _values(fields: list[Field], wanted: bytes) -> list[bytes]:
    return [value for name, value in fields if name == wanted]


def _body_length(fields: list[Field], version: bytes) -> int | None:
    codings = _values(fields, b"transfer-encoding")
    lengths = _values(fields, b"content-length")
    if not codings and not lengths:
        return 0
    if codings and lengths:
        raise bad_request("Content-Length and Transfer-Encoding exclude each other")
    if codings:
        _require_chunked(codings, version)
        return None
    if len(lengths) > 1 or LENGTH.fullmatch(lengths[0]) is None:
        raise bad_request("Content-Length must be one decimal number")
    return int(lengths[0])


def _require_chunked(codings: list[bytes], version: bytes) -> None:
    if version == b"1.0" or len(codings) > 1 or codings[0].lower() != b"chunked":
        raise bad_request("Transfer-Encoding must be 'chunked', alone, on HTTP/1.1")


def _host(fields: list[Field], version: bytes) -> bytes | None:
    hosts = _values(fields, b"host")
    if not hosts and version == b"1.0":
        return None
    if len(hosts) != 1 or HOST.fullmatch(hosts[0]) is None:
        raise bad_request("The request needs one well-formed Host")
    return hosts[0]


def _origin_form(method: bytes, target: bytes, host: bytes | None) -> bytes:
    if b"#" in target or method == b"CONNECT":
        raise _bad_target()
    if target.startswith(b"/") or (target == b"*" and method == b"OPTIONS"):
        return target
    absolute = ABSOLUTE.fullmatch(target)
    if absolute is None:
        raise _bad_target()
    authority, path, query = absolute.groups()
    if HOST.fullmatch(authority) is None or (host and host.lower() != authority.lower()):
        raise bad_request("The request's target and its Host name different servers")
    return bytes((path or b"/") + (query or b""))


def _bad_target() -> ApiError:
    return bad_request("The request's target is not a path on this server")
