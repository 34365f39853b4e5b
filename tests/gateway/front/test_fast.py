"""Both ways through the front say the same to the same bytes. (All tests of the front run both ways.)"""

import re

import pytest

from tests.gateway.front.conftest import _running

REQUESTS = [
    b"GET /hello HTTP/1.1\r\nHost: h\r\n\r\n",
    b"GET /hello HTTP/1.0\r\n\r\n",
    b"HEAD /hello HTTP/1.1\r\nHost: h\r\n\r\n",
    b"GET /hello HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
    b"GET /hello?a=b%20c&d HTTP/1.1\r\nHost: h\r\n\r\n",
    b"GET http://h/hello HTTP/1.1\r\nHost: h\r\n\r\n",
    b"GET /none HTTP/1.1\r\nHost: h\r\n\r\n",
    b"POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello",
    b"POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    b"POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nZ\r\n",
    b"POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
    b"POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\nhello",
    b"GET /hello HTTP/1.1\r\nHost: h\r\nUpgrade: h2c\r\n\r\n",
    b"GET /hello HTTP/1.1\r\nHost: h\r\nX: a\r\n b\r\n\r\n",
    b"GET /hello HTTP/1.1\nHost: h\n\n",
]
LAST = b"GET /hello HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"


IGNORED = (b"date:", b"transfer-encoding:")
"""Its bytes show whether an answer is chunked; for HEAD it does not matter."""


def normal(raw: bytes) -> list[tuple[bytes, frozenset[bytes], bytes]]:
    """Final answers as status, fields and the rest; the case of names and the status in words do not matter."""
    answers = re.split(rb"(?=HTTP/1\.1 [2-5]\d\d )", raw.replace(b"HTTP/1.1 100 \r\n\r\n", b""))[1:]
    split = [answer.partition(b"\r\n\r\n") for answer in answers]
    heads = [(head.split(b"\r\n"), body) for head, _, body in split]
    return [
        (
            lines[0][:12],
            frozenset(line.lower() for line in lines[1:] if not line.lower().startswith(IGNORED)),
            body,
        )
        for lines, body in heads
    ]


@pytest.mark.parametrize("request_bytes", REQUESTS)
async def test_both_ways_say_the_same(stage, request_bytes):  # type: ignore[no-untyped-def]
    """To one request, and to another behind it on the same connection."""
    heard = []
    for fast in (True, False):
        async with _running(stage.app, fast=fast) as front, await front.connect() as client:
            await client.send(request_bytes + LAST)
            heard.append(normal(await client.rest()))

    fast, slow = heard
    assert fast == slow
