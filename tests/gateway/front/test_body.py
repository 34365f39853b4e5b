"""The strict readers of bodies: not a byte too many, and well framed whatever came in."""

import itertools
from contextlib import suppress

import h11
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import ApiError
from gateway.front.body import Chunked, Unframed, body_of

NEXT = b"GET /next HTTP/1.1\r\n"


def _chunked(pieces, extension=b"", trailers=b""):
    chunks = b"".join(b"%x%b\r\n%b\r\n" % (len(p), extension, p) for p in pieces)
    return chunks + b"0" + extension + b"\r\n" + trailers + b"\r\n"


def _take_cut(body, data, cuts):
    """Feeds the data in pieces, as a client's segments would come; gives what was taken, and the rest."""
    buffer, taken = bytearray(), b""
    marks = sorted({0, len(data), *cuts})
    for start, end in itertools.pairwise(marks):
        buffer += data[start:end]
        taken += body.take(buffer)
    return taken, bytes(buffer)


def _as_h11_reads(framed):
    """The payload of a chunked body, by the parser that stands behind."""
    connection = h11.Connection(h11.SERVER)
    head = b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
    connection.receive_data(head + framed)
    payload = b""
    while not isinstance(event := connection.next_event(), h11.EndOfMessage):
        payload += event.data if isinstance(event, h11.Data) else b""
    return payload


@settings(deadline=None)
@given(st.binary(max_size=50), st.lists(st.integers(0, 70), max_size=5))
def test_a_sized_body_takes_its_bytes_and_no_more(payload, cuts):
    """Any split gives the payload, and leaves the next request."""
    body = body_of(len(payload))
    assert body.done == (not payload)
    assert _take_cut(body, payload + NEXT, cuts) == (payload, NEXT)
    assert body.done


@settings(deadline=None)
@given(
    st.lists(st.binary(min_size=1, max_size=40), max_size=4),
    st.lists(st.integers(0, 150), max_size=8),
    st.sampled_from([b"", b";a=b", b'; name="quoted value"']),
    st.sampled_from([b"", b"Expires: never\r\n", b"A:b\r\nC:d\r\n"]),
)
def test_a_chunked_body_takes_its_bytes_and_no_more(pieces, cuts, extension, trailers):
    """Any split gives the payload, framed anew, and leaves the next request."""
    body = body_of(None)
    taken, rest = _take_cut(body, _chunked(pieces, extension, trailers) + NEXT, cuts)
    assert body.done
    assert rest == NEXT
    assert _as_h11_reads(taken) == b"".join(pieces)


@settings(deadline=None)
@given(st.binary(max_size=100), st.lists(st.integers(0, 100), max_size=4))
def test_any_bytes_are_a_chunked_body_or_a_refusal(data, cuts):
    """Nothing else can come out."""
    with suppress(ApiError):
        _take_cut(Chunked(), data, cuts)


@pytest.mark.parametrize(
    "data",
    [
        b"x\r\n",
        b"-1\r\n",
        b"0x5\r\n",
        b"+5\r\n",
        b" 5\r\n",
        b"5 \r\n",
        b"\r\n",
        b"5\n",
        b"5\nhello\r\n",
        b"fffffffff\r\n",
        b"5;" + b"a" * 300,
        b"5;" + b"a" * 300 + b"\r\nhello\r\n",
        b"5;\x00\r\n",
        b"5\r\nhelloX\n",
        b"5\r\nhello\n\n",
        b"0\r\nno colon\r\n\r\n",
        b"0\r\nA : b\r\n\r\n",
        b"0\r\nA: b\n\n",
        b"0\r\n folded\r\n\r\n",
        b"0\r\n" + b"A: b\r\n" * 2000 + b"\r\n",
        b"0\r\nA: " + b"b" * 10_000,
    ],
)
def test_bad_framing_is_refused(data):
    """Sizes, line ends, extensions and trailers are what the standard says, within bounds."""
    with pytest.raises(ApiError) as refusal:
        Chunked().take(bytearray(data))
    assert refusal.value.status == 400


def test_behind_an_upgrade_everything_belongs_to_it():
    """And it never ends."""
    body, buffer = Unframed(), bytearray(b"\x81\x00")
    assert body.take(buffer) == b"\x81\x00"
    assert not buffer
    assert not body.done
