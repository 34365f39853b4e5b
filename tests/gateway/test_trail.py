"""What a response's headers say of its request."""

import re

from gateway.trail import Trail, new_request_id


def test_request_ids_are_unique_and_sortable() -> None:
    """A prefix and a ULID: letters and digits that fit any header."""
    ids = [new_request_id() for _ in range(100)]
    assert len(set(ids)) == 100
    assert all(re.fullmatch(r"req_[0-9A-HJKMNP-TV-Z]{26}", name) for name in ids)


def test_a_request_id_is_the_ulid_of_its_moment_and_its_chance() -> None:
    """As the specification's own example has its time; the digits of chance behind it."""
    assert new_request_id(lambda: 1469918176.385, lambda _: 0) == "req_01ARYZ6S41" + "0" * 16
    most = new_request_id(lambda: 1469918176.385, lambda bits: (1 << bits) - 1)
    assert most == "req_01ARYZ6S41" + "Z" * 16


def test_a_request_that_came_nowhere_has_its_id_and_its_time() -> None:
    """Even a 404 can be found in the log."""
    headers = Trail(10.0, id="req_1").headers(10.0012)
    assert headers == {
        "x-request-id": "req_1",
        "x-hedgerow-attempts": "0",
        "x-hedgerow-hedged": "no",
        "x-hedgerow-overhead-ms": "1.20",
        "server-timing": "gw;dur=1.20, upstream;dur=0.0",
    }


def test_an_answered_request_tells_its_race() -> None:
    """Who won, how often it was asked, and whose the wait was; the rest of a whole answer is not ours."""
    trail = Trail(0.0, attempts=2, winner="gemini-a-1", hedged="won", upstream=0.4)
    trail.ttft, trail.policy = 0.401, "interactive"
    headers = trail.headers(2.5)
    assert headers["x-hedgerow-attempts"] == "2"
    assert headers["x-hedgerow-winner"] == "gemini-a-1"
    assert headers["x-hedgerow-hedged"] == "won"
    assert headers["x-hedgerow-policy"] == "interactive"
    assert headers["x-hedgerow-overhead-ms"] == "1.00"
    assert headers["server-timing"] == "gw;dur=1.00, upstream;dur=400.0, ttft;dur=401.0"


def test_the_overhead_is_never_negative() -> None:
    """Rounding may make the upstream's share a little more than the whole."""
    assert Trail(0.0, upstream=1.0).headers(0.9999)["x-hedgerow-overhead-ms"] == "0.00"


def test_limits_are_passed_on_as_they_are() -> None:
    """Admission made them; they are headers already."""
    trail = Trail(0.0, limits={"x-ratelimit-remaining-requests": "59"})
    assert trail.headers(0.0)["x-ratelimit-remaining-requests"] == "59"


def test_two_trails_share_nothing() -> None:
    """Each request has its own id and its own limits."""
    one, other = Trail(0.0), Trail(0.0)
    assert one.id != other.id
    assert one.limits is not other.limits


def test_what_was_dropped_is_told_without_anything_that_is_no_header() -> None:
    """The names are the client's own words."""
    trail = Trail(0.0, dropped=("seed", "a\r\nb", "ü" * 3, "x" * 99))
    assert trail.headers(1.0)["x-hedgerow-dropped"] == f"seed, ab, , {'x' * 64}"
