"""Heads of requests: written once, and nothing in them that could begin another request."""

import ssl

import httpx
import pytest

from providers.transport.origin import MOST_HEADS, Origin

TLS = ssl.create_default_context()


def test_a_head_has_the_standing_fields_and_its_own() -> None:
    """Below the path of the base URL, on the port of its scheme."""
    origin = Origin.of("https://api.example.com/v1/", TLS, (("authorization", "Bearer s"),))

    assert (origin.host, origin.port, origin.tls) == ("api.example.com", 443, TLS)
    assert origin.head("POST", "/chat", (("content-type", "application/json"),)) == (
        b"POST /v1/chat HTTP/1.1\r\nhost: api.example.com\r\nauthorization: Bearer s\r\n"
        b"content-type: application/json\r\n"
    )
    assert "Bearer" not in repr(origin)


@pytest.mark.parametrize(
    ("url", "host", "port", "authority"),
    [
        ("http://localhost:8000/v1", "localhost", 8000, "localhost:8000"),
        ("http://[::1]:9", "::1", 9, "[::1]:9"),
        ("https://bücher.example", "xn--bcher-kva.example", 443, "xn--bcher-kva.example"),
    ],
)
def test_every_form_of_address_is_understood(
    url: str, host: str, port: int, authority: str
) -> None:
    """As httpx understands it."""
    origin = Origin.of(url, TLS)
    assert (origin.host, origin.port, origin.authority) == (host, port, authority)
    assert b"\r\nhost: %b\r\n" % authority.encode() in origin.head("GET", "/", ())


def test_odd_paths_are_quoted() -> None:
    """A model's name may hold anything; a line ends only where we end it."""
    head = Origin.of("http://h/v1", TLS).head("POST", "/models/a b\u00fc?alt=sse", ())
    assert head.startswith(b"POST /v1/models/a%20b%C3%BC?alt=sse HTTP/1.1\r\n")
    with pytest.raises(httpx.InvalidURL):
        Origin.of("http://h/v1", TLS).head("POST", "/a\r\nb: c", ())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("a", "canary\r\nc: d"),
        ("a", "canary\nc"),
        ("a", "canary\0"),
        ("a", " canary"),
        ("a b", "canary"),
        ("", "canary"),
        ("a:", "canary"),
        ("Content-Length", "3"),
        ("transfer-encoding", "chunked"),
        ("host", "canary"),
    ],
)
def test_what_is_no_field_is_not_sent(name: str, value: str) -> None:
    """Nor what would change where the request ends or whom it is for. The value is not repeated."""
    with pytest.raises(httpx.LocalProtocolError) as caught:
        Origin.of("http://h", TLS).head("GET", "/", ((name, value),))
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("url", ["ftp://h", "http://", "nonsense", "http://h:99999"])
def test_what_is_no_address_is_refused(url: str) -> None:
    """At once, not at the first call."""
    with pytest.raises((httpx.UnsupportedProtocol, httpx.InvalidURL)):
        Origin.of(url, TLS)


def test_heads_are_remembered_but_not_for_ever() -> None:
    """Names of models come from clients."""
    origin = Origin.of("http://h", TLS)
    assert origin.head("GET", "/a", ()) is origin.head("GET", "/a", ())
    for n in range(2 * MOST_HEADS):
        origin.head("GET", f"/{n}", ())
    assert len(origin._heads) <= MOST_HEADS
