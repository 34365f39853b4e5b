"""The strict reader of heads: what it accepts has one meaning, and every refusal is a 400."""

import itertools
from contextlib import suppress

import h11
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import ApiError
from gateway.front.head import HeadReader, parse_head

HOST = b"Host: front\r\n"


def _head(fields=b"", line=b"GET / HTTP/1.1"):
    return line + b"\r\n" + HOST + fields + b"\r\n"


def _parse(raw):
    return parse_head(raw, max_headers=50)


TOKEN = st.from_regex(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,12}", fullmatch=True)
VALUE = st.from_regex(rb"[\t\x20-\x7e\x80-\xff]{0,20}", fullmatch=True)
FRAMING = {
    b"host",
    b"content-length",
    b"transfer-encoding",
    b"upgrade",
    b"sec-websocket-extensions",
}
FIELDS = st.lists(
    st.tuples(TOKEN.filter(lambda name: name.lower() not in FRAMING), VALUE), max_size=8
)


@settings(deadline=None, max_examples=60)
@given(TOKEN.filter(lambda m: m != b"CONNECT"), FIELDS, st.sampled_from([b"1.0", b"1.1"]))
def test_h11_reads_every_accepted_head_the_same_way(method, fields, version):
    """Nothing passes here that the parser behind could refuse or understand differently."""
    lines = b"".join(name + b":" + value + b"\r\n" for name, value in fields)
    raw = _head(lines, method + b" /a?b=c HTTP/" + version)
    head = _parse(raw)
    connection = h11.Connection(h11.SERVER)
    connection.receive_data(head.wire)
    request = connection.next_event()
    assert isinstance(request, h11.Request)
    assert (request.method, request.target, head.wire) == (method, b"/a?b=c", raw)
    assert list(request.headers) == list(head.fields)
    assert (head.method, head.target, head.version) == (method, b"/a?b=c", version)


@settings(deadline=None)
@given(st.lists(st.integers(0, 60), max_size=6), st.booleans())
def test_a_head_is_found_however_it_is_cut(cuts, empty_line_first):
    """Any split of the bytes gives the same head and leaves the same rest."""
    raw, rest = _head(b"A: 1\r\nB: 2\r\n"), b"body\x00\n"
    data = (b"\r\n" if empty_line_first else b"") + raw + rest
    reader, buffer, found = HeadReader(1000), bytearray(), []
    marks = sorted({0, len(data), *cuts})
    for start, end in itertools.pairwise(marks):
        buffer += data[start:end]
        if not found and (head := reader.take(buffer)):
            found.append(head)
    assert found == [raw]
    assert buffer == rest


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_a_head_or_a_refusal(data):
    """Nothing else can come out."""
    with suppress(ApiError):
        raw = HeadReader(200).take(bytearray(data))
        if raw is not None:
            _parse(raw)


@pytest.mark.parametrize(
    "start",
    [
        b"GET / HTTP/1.1\n",
        b"GET / HTTP/1.1\r\nA: b\n",
        b"GET / HTTP/1.1\rA",
        b"GET /\x00",
        b"\x16\x03\x01\x02\x00\x01",
        b"\n",
    ],
    ids=["bare-lf", "bare-lf-in-fields", "bare-cr", "nul", "tls", "empty-lf-line"],
)
def test_illegal_bytes_are_refused_before_the_head_is_complete(start):
    """Nobody waits for the end of what cannot become a request."""
    with pytest.raises(ApiError, match=r"bytes that HTTP/1\.1 does not allow"):
        HeadReader(1000).take(bytearray(start))


@pytest.mark.parametrize("end", [b"", b"\r\n\r\n"], ids=["unfinished", "complete"])
def test_a_head_larger_than_the_limit_is_refused(end):
    """Whether it arrives in one segment or never ends."""
    with pytest.raises(ApiError, match="larger than 100 bytes"):
        HeadReader(100).take(bytearray(b"GET /" + b"a" * 100 + end))


def test_too_many_fields_are_refused():
    """Their number has a limit of its own."""
    assert _parse(_head(b"A: b\r\n" * 49)).length == 0
    with pytest.raises(ApiError, match="more than 50"):
        _parse(_head(b"A: b\r\n" * 50))


@pytest.mark.parametrize(
    ("fields", "length"),
    [
        (b"", 0),
        (b"Content-Length: 0\r\n", 0),
        (b"content-length:12 \r\n", 12),
        (b"Transfer-Encoding: chunked\r\n", None),
        (b"TRANSFER-ENCODING: Chunked\r\n", None),
    ],
)
def test_the_length_of_the_body_is_told(fields, length):
    """The one number, or the one coding, that a request may carry."""
    assert _parse(_head(fields, b"POST / HTTP/1.1")).length == length


@pytest.mark.parametrize(
    ("target", "path"),
    [
        (b"http://front/a?b", b"/a?b"),
        (b"HTTP://FRONT", b"/"),
        (b"https://front?x=/y", b"/?x=/y"),
    ],
)
def test_an_absolute_target_becomes_a_path(target, path):
    """Behind the front there is only the origin form."""
    head = _parse(_head(b"A: b\r\n", b"GET " + target + b" HTTP/1.1"))
    assert head.wire == b"GET " + path + b" HTTP/1.1\r\nHost: front\r\nA: b\r\n\r\n"


def test_options_may_ask_about_the_whole_server():
    """`*` is a target, for OPTIONS alone."""
    assert _parse(_head(line=b"OPTIONS * HTTP/1.1")).method == b"OPTIONS"


def test_what_would_switch_protocols_or_compress_is_hidden():
    """HTTP/2 settings and websocket extensions do not reach what reads the head next."""
    fields = b"HTTP2-Settings: AAMA\r\nA: b\r\nSec-WebSocket-Extensions: permessage-deflate\r\n"
    assert _parse(_head(fields)).wire == _head(b"A: b\r\n")


@pytest.mark.parametrize("host", [b"front", b"front:8400", b"[::1]:80", b"10.0.0.1", b"a_b-c.d"])
def test_hosts_as_clients_write_them_are_accepted(host):
    """Names, addresses, ports."""
    assert _parse(b"GET / HTTP/1.1\r\nHost: " + host + b"\r\n\r\n").length == 0


def test_http_1_0_needs_no_host():
    """It was not invented yet."""
    assert _parse(b"GET http://x/ HTTP/1.0\r\n\r\n").wire == b"GET / HTTP/1.0\r\n\r\n"
