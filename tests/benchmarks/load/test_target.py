"""Whom to ask, and what of it nobody may see."""

import pytest

from benchmarks.load.target import read_headers, shown_header, shown_url, target
from providers.types import Secret

KEY = Secret("sk-very-secret")


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        ("http://h:8400", "http://h:8400/v1/chat/completions"),
        ("http://h:8400/", "http://h:8400/v1/chat/completions"),
        ("https://h/v1/", "https://h/v1/chat/completions"),
        ("https://h/api/v1/chat/completions", "https://h/api/v1/chat/completions"),
        ("https://h/d?api-version=1", "https://h/d/chat/completions?api-version=1"),
    ],
)
def test_a_base_url_is_enough(given: str, asked: str) -> None:
    """With its version, without, or the whole."""
    assert target(given, None, {}).url == asked


@pytest.mark.parametrize(
    "url",
    [
        "127.0.0.1:8400",
        "ftp://h/v1",
        "http://",
        "http://user:pass@h/v1",
        "http://h/v1#a",
        "http://h:99999/v1",
        "http://h:x/v1",
        "http://h/\r\nv1",
    ],
)
def test_what_cannot_be_asked_is_refused(url: str) -> None:
    """Passwords in a URL would be printed with it."""
    with pytest.raises(ValueError):
        target(url, None, {})


def test_the_key_is_sent_and_hidden() -> None:
    """In no representation, and not in what servers say of it."""
    asked = target("http://h/v1", KEY, {"X-Api-Key": "abcdefg", "x-plain": "seen"})

    assert ("authorization", "Bearer sk-very-secret") in asked.fields()
    assert asked.hide("Unknown key sk-very-secret, abcdefg; seen") == "Unknown key ***, ***; seen"
    assert "very" not in repr(asked)
    assert "abcdefg" not in repr(asked)


def test_secrets_of_a_query_are_hidden() -> None:
    """What else is in it stays."""
    url = "https://h/v1?api-version=2&key=abcdefg"

    assert shown_url(url) == "https://h/v1?api-version=2&key=***"
    assert target(url, None, {}).hide("abcdefg") == "***"
    assert "abcdefg" not in repr(target(url, None, {}))


def test_headers_may_come_from_the_environment() -> None:
    """That way the command line that is printed can be used again."""
    given = ["x-api-key: env:MINE", "x-hedgerow-policy:off"]

    headers = read_headers(given, {"MINE": "abc"})

    assert headers == {"x-api-key": "abc", "x-hedgerow-policy": "off"}
    assert [shown_header(text) for text in given] == [
        "x-api-key: env:MINE",
        "x-hedgerow-policy: off",
    ]


@pytest.mark.parametrize(
    "text", ["x-api-key: abc", "Cookie:abc", "x-any: Bearer abc", "x-any: sk-abc"]
)
def test_a_header_that_may_be_a_credential_is_not_shown(text: str) -> None:
    """By its name or by its looks."""
    assert "abc" not in shown_header(text)


@pytest.mark.parametrize(
    "text",
    [
        "nothing",
        ": v",
        "a b: v",
        "x-a: env:ABSENT",
        "host: h",
        "x-a: sm\u0131le",
        "x-a:",
        "x: a\nb",
    ],
)
def test_what_is_no_header_is_refused_without_its_value(text: str) -> None:
    """It may have been a key, typed at the wrong place."""
    with pytest.raises(ValueError) as caught:
        read_headers([text], {})

    value = text.partition(":")[2].strip()
    assert value.startswith("env:") or not value or f" {value}" not in str(caught.value)


def test_a_key_that_no_header_can_have_is_refused() -> None:
    """Without showing it."""
    with pytest.raises(ValueError, match="the key has characters") as caught:
        target("http://h", Secret("sk\nx"), {})
    assert "sk" not in str(caught.value)
