"""HTTP requests out of bytes."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from providers.simulator.requests import HEAD_LIMIT, Request, RequestReader, Unreadable

PLAIN = (
    b"POST /v1/x?a=1&key=k HTTP/1.1\r\nHost: h\r\nX-Api-Key: k\r\nContent-Length: 5\r\n\r\nhello"
)
CHUNKED = (
    b"POST /v1/y HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"3\r\nhel\r\n2;ext=1\r\nlo\r\n0\r\nTrailer: x\r\n\r\n"
)
BARE = b"GET /v1/models HTTP/1.1\r\nHost: h\r\n\r\n"


def fed(data: bytes, cuts: list[int] | None = None, limit: int = 100) -> list[Request | Unreadable]:
    reader = RequestReader(limit)
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts or ()), len(data)]
    return [
        request
        for start, end in itertools.pairwise(edges)
        for request in reader.feed(data[start:end])
    ]


@given(cuts=st.lists(st.integers(0, 1000), max_size=12))
def test_requests_are_the_same_however_they_are_split(cuts: list[int]):
    """Three pipelined requests come out complete and in order."""
    plain, chunked, bare = fed(PLAIN + CHUNKED + BARE, cuts)
    assert isinstance(plain, Request)
    assert (plain.method, plain.path, plain.body) == (b"POST", "/v1/x", b"hello")
    assert plain.header(b"x-api-key") == plain.argument("key") == "k"
    assert plain.argument("missing") == plain.header(b"missing") == ""
    assert isinstance(chunked, Request)
    assert (chunked.path, chunked.body, chunked.keep_alive) == ("/v1/y", b"hello", True)
    assert isinstance(bare, Request)
    assert (bare.method, bare.body, bare.chunks) == (b"GET", b"", True)


@given(data=st.binary(max_size=300), cuts=st.lists(st.integers(0, 300), max_size=5))
def test_rubbish_is_unreadable_at_most_once(data: bytes, cuts: list[int]):
    """Nothing raises, and nothing follows what cannot be read."""
    found = fed(data, cuts)
    broken = [number for number, one in enumerate(found) if isinstance(one, Unreadable)]
    assert broken in ([], [len(found) - 1])


def test_requests_before_the_rubbish_are_kept():
    """What was complete is answered, even if it came in the same packet."""
    good, bad = fed(BARE + b"\x00\x01\x02")
    assert isinstance(good, Request)
    assert isinstance(bad, Unreadable)
    assert bad.status == 400


def test_http_1_0_neither_stays_nor_takes_chunks():
    """Unless it asks to stay."""
    (old,) = fed(b"GET / HTTP/1.0\r\n\r\n")
    assert isinstance(old, Request)
    assert (old.keep_alive, old.chunks) == (False, False)


def test_bytes_behind_a_closing_request_are_ignored():
    """They are not ours to read."""
    closing = BARE.replace(b"Host: h", b"Host: h\r\nConnection: close")
    (only,) = fed(closing + b"rubbish")
    assert isinstance(only, Request)
    assert not only.keep_alive


def test_a_body_over_the_limit_is_refused_with_its_path():
    """Announced or chunked, it ends there."""
    body = b"POST /v1/messages HTTP/1.1\r\nHost: h\r\nContent-Length: 101\r\n\r\n" + b"x" * 101
    (refused,) = fed(body, [80, 120])
    assert refused == Unreadable("the request's body is too large", 413, "/v1/messages")
    (chunked,) = fed(CHUNKED, limit=4)
    assert isinstance(chunked, Unreadable)
    assert chunked.status == 413


def test_an_endless_head_is_refused():
    """Headers that never end do not fill the memory."""
    reader = RequestReader()
    assert reader.feed(b"GET / HTTP/1.1\r\n") == []
    found = []
    for _ in range(HEAD_LIMIT // 1000 + 1):
        found += reader.feed(b"X: " + b"y" * 995 + b"\r\n")
    assert [type(one) for one in found] == [Unreadable]


def test_upgrades_and_smuggling_are_refused():
    """Another protocol, or two lengths at once."""
    (upgrade,) = fed(b"GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n")
    assert isinstance(upgrade, Unreadable)
    both = b"POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    assert isinstance(fed(both)[-1], Unreadable)


def test_a_waiting_client_is_noticed_until_its_body_comes():
    """`100 Continue` is expected between head and body, not before and not after."""
    reader = RequestReader()
    assert not reader.expects_continue
    reader.feed(b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
    assert reader.expects_continue
    reader.feed(b"x")
    assert not reader.expects_continue
    assert len(reader.feed(b"y")) == 1
    assert not reader.expects_continue
