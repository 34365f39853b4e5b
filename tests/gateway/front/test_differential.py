"""Whatever the strict readers accept, h11 reads the same way from the same bytes: head, body and end.

Requests are made of the parts on which parsers are known to differ, then broken at random places. The readers
may refuse what h11 would take, never the other way round.
"""

import random

import h11
import pytest

from gateway.errors import ApiError
from gateway.front.body import body_of
from gateway.front.head import HIDDEN, HeadReader, parse_head
from tests.gateway.front.test_fuzz import _broken, _request

Understood = tuple[bytes, bytes, list[tuple[bytes, bytes]], bytes, bytes]

ATTACKS = [
    b"POST / HTTP/1.1\r\nHost: h\r\n%b\r\n%b" % (fields, body)
    for fields in (
        b"Content-Length: 5\r\nContent-Length: 5\r\n",
        b"Content-Length: 5, 5\r\n",
        b"Content-Length: +5\r\n",
        b"Content-Length: 0x5\r\n",
        b"Content-Length: 5_0\r\n",
        b"Content-Length : 5\r\n",
        b"Content-Length:\x0b5\r\n",
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: chunked, identity\r\n",
        b"Transfer-Encoding: xchunked\r\n",
        b"Transfer-Encoding:\tchunked\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Transfer-Encoding\r\n : chunked\r\n",
        b"X: a\r\n Transfer-Encoding: chunked\r\n",
        b"X: a\nTransfer-Encoding: chunked\r\n",
        b"X: a\rTransfer-Encoding: chunked\r\n",
        b"X: a\x00\r\n",
        b"Host: other\r\n",
        b"\x00: a\r\n",
    )
    for body in (
        b"hello",
        b"5\r\nhello\r\n0\r\n\r\n",
        b"05\r\nhello\r\n0\r\n\r\n",
        b'5;a="b"\r\nhello\r\n0\r\n\r\n',
        b"5 \r\nhello\r\n0\r\n\r\n",
        b"5\nhello\r\n0\r\n\r\n",
        b"5\r\nhelloX0\r\n\r\n",
        b"-5\r\nhello\r\n0\r\n\r\n",
        b"0x5\r\nhello\r\n0\r\n\r\n",
        b"5\r\nhello\r\n0\r\nX: y\r\n\r\n",
        b"5\r\nhello\r\n0\r\nX y\r\n\r\n",
        b"FFFFFFFFF\r\nhello\r\n0\r\n\r\n",
        b"5\r\nhello\r\n00\r\n\r\nGET / HTTP/1.1\r\n\r\n",
    )
]


def ours(raw: bytes) -> Understood | None:
    """What the strict readers understand; None if they refuse, or want more."""
    buffer = bytearray(raw)
    try:
        found = HeadReader(64 * 1024).take(buffer)
        if found is None:
            return None
        head = parse_head(found, 200)
        reader = body_of(head.length, plain=True)
        body = reader.take(buffer)
    except ApiError:
        return None
    if not reader.done:
        return None
    return head.method, head.target, list(head.fields), body, bytes(buffer)


def h11s(raw: bytes) -> Understood:
    """What h11 understands.

    Raises:
        h11.RemoteProtocolError: it refuses.
    """
    connection = h11.Connection(h11.SERVER)
    connection.receive_data(raw)
    request, body = connection.next_event(), b""
    assert isinstance(request, h11.Request), "it wants more"
    while isinstance(event := connection.next_event(), h11.Data):
        body += bytes(event.data)
    assert isinstance(event, h11.EndOfMessage), "it wants more"
    fields = [field for field in request.headers if field[0] not in HIDDEN]
    return request.method, request.target, fields, body, connection.trailing_data[0]


def agree(raw: bytes) -> bool:
    """Whether the readers accepted it; then h11 must have understood the same."""
    understood = ours(raw)
    if understood is None:
        return False
    method, target, fields, body, rest = h11s(raw.removeprefix(b"\r\n"))
    same_place = target == understood[1] or target.lower().startswith((b"http://", b"https://"))
    assert same_place
    assert understood == (method, understood[1], fields, body, rest)
    return True


@pytest.mark.parametrize("raw", ATTACKS)
def test_known_attacks_are_refused_or_read_alike(raw: bytes) -> None:
    """Lengths, codings, chunks, folds and line ends."""
    agree(raw)


def test_harmless_requests_are_accepted() -> None:
    """Else the agreement would mean little."""
    assert agree(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello")
    chunked = b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert agree(chunked + b"5;a=b\r\nhello\r\n0\r\nX: y\r\n\r\n")


@pytest.mark.parametrize("seed", range(4))
def test_broken_requests_are_refused_or_read_alike(seed: int) -> None:
    """Thousands of them; some are still requests."""
    rng = random.Random(seed)
    accepted = sum(agree(_broken(rng, _request(rng))) for _ in range(1500))
    assert accepted > 50
