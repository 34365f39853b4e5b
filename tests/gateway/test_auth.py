"""Who is asking: three ways to send a key, one answer for every wrong one."""

import random
from collections.abc import Mapping

import attrs
import pytest

from gateway.auth import INVALID, MISSING, Principal, authenticate, credential
from state.indexes import ProjectKey
from state.keys import digest, new_key
from state.records import Environment
from tests.gateway.asked import refusal

LIVE = new_key("live", random.Random(1).randbytes)
TEST = new_key("test", random.Random(2).randbytes)


def entry(key: str, environment: Environment) -> ProjectKey:
    """What the journal knows of a key."""
    return ProjectKey("demo", environment, "abcd…wxyz", digest(key), revoked=False)


KNOWN = {digest(LIVE): entry(LIVE, "live"), digest(TEST): entry(TEST, "test")}


@pytest.mark.parametrize(
    ("headers", "query", "sent"),
    [
        ({"authorization": "Bearer a"}, {}, "a"),
        ({"authorization": "bearer a"}, {}, "a"),
        ({"authorization": "BEARER  a "}, {}, "a"),
        ({"x-api-key": "a"}, {}, "a"),
        ({}, {"api_key": "a"}, "a"),
        ({"authorization": "Bearer a", "x-api-key": "b"}, {"api_key": "c"}, "a"),
        ({"x-api-key": "b"}, {"api_key": "c"}, "b"),
        ({"x-goog-api-key": "g"}, {"key": "h"}, "g"),
        ({"x-api-key": "b", "x-goog-api-key": "g"}, {}, "b"),
        ({}, {"api_key": "c", "key": "h"}, "c"),
        ({}, {"key": "h"}, "h"),
        ({"authorization": "Bearer", "x-api-key": "b"}, {}, "b"),
        ({"authorization": "Bearer ", "x-api-key": "b"}, {}, "b"),
        ({"authorization": "", "x-api-key": "b"}, {}, "b"),
        ({"authorization": "Basic YTpi", "x-api-key": "b"}, {}, "b"),
        ({"authorization": "Basic YTpi"}, {"api_key": "c"}, "c"),
        ({"x-api-key": ""}, {"api_key": "c"}, "c"),
        ({"authorization": "Bearer null"}, {}, "null"),
        ({}, {}, None),
        ({"authorization": "Bearer "}, {"api_key": ""}, None),
        ({"authorization": "a"}, {}, None),
        ({"authorization": "Basic YTpi"}, {}, None),
        ({"authorization": "Bearera"}, {}, None),
        ({}, {"API_KEY": "c", "token": "d"}, None),
    ],
)
def test_a_key_may_be_sent_in_three_ways(
    headers: Mapping[str, str], query: Mapping[str, str], sent: str | None
) -> None:
    """Bearer token, then `X-API-Key`, then the query; an empty one is none."""
    assert credential(headers, query) == sent


@pytest.mark.parametrize(("key", "environment"), [(LIVE, "live"), (TEST, "test")])
def test_a_valid_key_is_its_project_and_its_environment(key: str, environment: Environment) -> None:
    """The environment decides whether a provider may be contacted at all; the digest tells keys apart."""
    assert authenticate(key, KNOWN.get) == Principal("demo", environment, digest(key)[:12])


def test_no_key_is_told_how_to_send_one() -> None:
    """The message is help, and names all three ways."""
    error = refusal(lambda: authenticate(None, KNOWN.get))
    assert (error.status, error.message) == (401, MISSING)
    assert all(way in error.message for way in ("Bearer", "X-API-Key", "?api_key="))


@pytest.mark.parametrize(
    "sent",
    [
        "",
        "pk_live_",
        "sk-proj-abcdefghijklmnop",
        LIVE[:-1],
        LIVE + "x",
        LIVE[:-1] + ("0" if LIVE[-1] != "0" else "1"),
        LIVE.replace("pk_live_", "pk_test_"),
        LIVE.replace("pk_live_", "PK_LIVE_"),
        LIVE.upper(),
        f"Bearer {LIVE}",
        f" {LIVE}",
        "pk_live_" + "ğ" * 36,
        "pk_live_" + "\ud800" * 36,
        "pk_live_" + "٣" * 36,
        "x" * 1_000_000,
    ],
)
def test_a_key_that_is_none_is_refused(sent: str) -> None:
    """Whatever it is made of, and without repeating a letter of it."""
    error = refusal(lambda: authenticate(sent, KNOWN.get))
    assert (error.status, error.message) == (401, INVALID)
    assert error.headers() == {}


def test_a_malformed_key_is_not_even_looked_up() -> None:
    """The checksum sorts out typing errors and scanners without touching the indexes."""
    looked_up: list[str] = []
    refusal(lambda: authenticate(LIVE[:-1] + "_", looked_up.append))
    assert looked_up == []


@pytest.mark.parametrize(
    "known",
    [
        None,
        attrs.evolve(entry(LIVE, "live"), revoked=True),
        entry(LIVE, "test"),
    ],
)
def test_an_unknown_a_revoked_and_a_mistaken_key_are_the_same_to_a_stranger(
    known: ProjectKey | None,
) -> None:
    """What exists is not said; a live key recorded as a test key opens neither."""
    error = refusal(lambda: authenticate(LIVE, lambda _: known))
    assert (error.status, error.message) == (401, INVALID)


def test_a_key_is_looked_up_by_its_digest() -> None:
    """The key in clear goes no further than this."""
    looked_up: list[str] = []

    def lookup(name: str) -> ProjectKey | None:
        looked_up.append(name)
        return KNOWN.get(name)

    authenticate(LIVE, lookup)
    assert looked_up == [digest(LIVE)]
