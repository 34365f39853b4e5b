"""Requests that two parsers could read differently are refused, on a real socket, and the connection ends."""

import json

import pytest

OK = b"GET /hello HTTP/1.1\r\nHost: front\r\n\r\n"


def _get(fields=b"", line=b"GET /hello HTTP/1.1", host=b"Host: front\r\n"):
    return line + b"\r\n" + host + fields + b"\r\n"


def _post(fields, body=b"0\r\n\r\n"):
    return b"POST /echo HTTP/1.1\r\nHost: front\r\n" + fields + b"\r\n" + body


REFUSED = {
    "length and coding": _post(b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"),
    "coding and length": _post(b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"),
    "two lengths": _post(b"Content-Length: 5\r\nContent-Length: 6\r\n", b"hello"),
    "the same length twice": _post(b"Content-Length: 5\r\nContent-Length: 5\r\n", b"hello"),
    "a list of lengths": _post(b"Content-Length: 5, 5\r\n", b"hello"),
    "a signed length": _post(b"Content-Length: +5\r\n", b"hello"),
    "a negative length": _post(b"Content-Length: -5\r\n", b"hello"),
    "a hexadecimal length": _post(b"Content-Length: 0x5\r\n", b"hello"),
    "an empty length": _post(b"Content-Length:\r\n", b"hello"),
    "an endless length": _post(b"Content-Length: " + b"9" * 40 + b"\r\n", b"hello"),
    "a length behind a tab": _post(b"Content-Length:\t5\r\n", b"hello"),
    "xchunked": _post(b"Transfer-Encoding: xchunked\r\n"),
    "identity": _post(b"Transfer-Encoding: identity\r\n"),
    "chunked, identity": _post(b"Transfer-Encoding: chunked, identity\r\n"),
    "gzip, chunked": _post(b"Transfer-Encoding: gzip, chunked\r\n"),
    "chunked twice": _post(b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
    "chunked and identity": _post(b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n"),
    "an empty coding": _post(b"Transfer-Encoding:\r\n"),
    "a quoted coding": _post(b'Transfer-Encoding: "chunked"\r\n'),
    "chunked behind a tab": _post(b"Transfer-Encoding:\tchunked\r\n"),
    "chunked behind a vertical tab": _post(b"Transfer-Encoding:\x0bchunked\r\n"),
    "a coding before its colon": _post(b"Transfer-Encoding : chunked\r\n"),
    "a folded coding": _post(b"Transfer-Encoding:\r\n chunked\r\n"),
    "chunked on HTTP/1.0": _post(b"Transfer-Encoding: chunked\r\n").replace(b"1.1", b"1.0"),
    "bare line feeds": b"GET /hello HTTP/1.1\nHost: front\n\n",
    "one bare line feed": b"GET /hello HTTP/1.1\r\nHost: front\nA: b\r\n\r\n",
    "a bare carriage return": _get(b"A: b\rContent-Length: 5\r\n"),
    "a folded field": _get(b"A: b\r\n c\r\n"),
    "a field folded first": b"GET /hello HTTP/1.1\r\n A: b\r\nHost: front\r\n\r\n",
    "a blank before a colon": _get(b"A : b\r\n"),
    "a field without colon": _get(b"Nothing\r\n"),
    "a field without name": _get(b": b\r\n"),
    "NUL in a value": _get(b"A: b\x00c\r\n"),
    "a control character in a value": _get(b"A: b\x07c\r\n"),
    "DEL in a value": _get(b"A: b\x7fc\r\n"),
    "NUL in a name": _get(b"A\x00: b\r\n"),
    "no Host": _get(host=b""),
    "two Hosts": _get(b"Host: front\r\n"),
    "an empty Host": _get(host=b"Host:\r\n"),
    "a Host with a path": _get(host=b"Host: front/evil\r\n"),
    "a Host with a user": _get(host=b"Host: user@front\r\n"),
    "two Hosts in one": _get(host=b"Host: front, evil\r\n"),
    "a target that is not its Host": _get(line=b"GET http://evil/hello HTTP/1.1"),
    "a target with a user": _get(line=b"GET http://user@front/hello HTTP/1.1"),
    "a target of another scheme": _get(line=b"GET ftp://front/hello HTTP/1.1"),
    "a relative target": _get(line=b"GET hello HTTP/1.1"),
    "a target with a fragment": _get(line=b"GET /hello#a HTTP/1.1"),
    "an empty path": _get(line=b"GET ?a=b HTTP/1.1"),
    "a star to read": _get(line=b"GET * HTTP/1.1"),
    "two blanks in the line": _get(line=b"GET  /hello HTTP/1.1"),
    "a tab in the line": _get(line=b"GET\t/hello HTTP/1.1"),
    "CONNECT": _get(line=b"CONNECT front:443 HTTP/1.1"),
    "CONNECT to a path": _get(line=b"CONNECT /hello HTTP/1.1"),
    "HTTP/0.9": b"GET /hello\r\n\r\n",
    "HTTP/1.2": _get(line=b"GET /hello HTTP/1.2"),
    "HTTP/2.0": _get(line=b"GET /hello HTTP/2.0"),
    "lower-case http": _get(line=b"GET /hello http/1.1"),
    "HTTP/2 by prior knowledge": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00",
    "a TLS handshake": b"\x16\x03\x01\x00\xf1\x01\x00\x00\xed\x03\x03" + bytes(32),
    "a thousand fields": _get(b"A: b\r\n" * 1000),
    "a field of 70 kB": _get(b"A: " + b"b" * 70_000 + b"\r\n"),
    "a target of 70 kB": _get(line=b"GET /" + b"a" * 70_000 + b" HTTP/1.1"),
    "a websocket with a body": _get(
        b"Upgrade: websocket\r\nConnection: Upgrade\r\nContent-Length: 5\r\n"
    ),
}

REFUSED_LATER = {
    "a bad chunk size": b"zz\r\nhello\r\n0\r\n\r\n",
    "a chunk longer than its size": b"3\r\nhello\r\n0\r\n\r\n",
    "a bare line feed behind a size": b"5\nhello\r\n0\r\n\r\n",
    "an enormous chunk": b"fffffffffffffffff\r\nhello",
    "an enormous extension": b"5;" + b"a" * 20_000 + b"\r\nhello\r\n0\r\n\r\n",
    "a bare line feed in a trailer": b"0\r\nA: b\n\n",
}


async def _refusal(client):
    answer = await client.answer()
    assert (answer.status, answer.headers["connection"]) == (400, "close")
    assert answer.headers["content-type"] == "application/json"
    error = json.loads(answer.body)["error"]
    assert (error["type"], error["code"]) == ("invalid_request_error", 400)
    assert error["message"]
    assert await client.rest() == b"", "nothing behind the refused request is answered"


@pytest.mark.parametrize("data", REFUSED.values(), ids=REFUSED)
async def test_an_ambiguous_head_is_refused(running, plain_stage, data):
    """400 in the usual shape, the connection closed, the request behind it not served."""
    async with running(plain_stage.app) as front, await front.connect() as client:
        await client.send(data + OK)
        await _refusal(client)


@pytest.mark.parametrize("body", REFUSED_LATER.values(), ids=REFUSED_LATER)
async def test_an_ambiguous_body_is_refused(running, stage, body):
    """The same, though the application is at work already; its handler ends."""
    async with running(stage.app) as front, await front.connect() as client:
        await client.send(_post(b"Transfer-Encoding: chunked\r\n", body) + OK)
        await _refusal(client)


@pytest.mark.parametrize(
    "data",
    [
        _get(line=b"GET http://front/hello HTTP/1.1"),
        _get(b"Transfer-Encoding: chunked\r\n") + b"0\r\n\r\n",
        _get(b"X: \xc3\xa4\xc3\xb6\tund \xff\r\n"),
        _get(b"Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMA\r\n"),
        _get(b"Upgrade: h2c\r\nConnection: Upgrade\r\nContent-Length: 5\r\n") + b"hello",
        _get(b"Expect: something\r\n"),
    ],
    ids=["absolute", "empty-chunked", "obs-text", "h2c", "h2c-with-body", "expect"],
)
async def test_unusual_requests_with_one_meaning_are_served(running, stage, data):
    """Strict is not stubborn; an upgrade to HTTP/2 is ignored, and the connection stays usable."""
    async with running(stage.app) as front, await front.connect() as client:
        await client.send(data + OK)
        assert [(await client.answer()).status for _ in range(2)] == [200, 200]
