"""Anthropic's rate-limit headers."""

from datetime import UTC, datetime

import pytest

from providers.anthropic_limits import limits_of, moment
from providers.types import RateLimits

NOW = {"date": "Fri, 09 Jan 2026 01:11:53 GMT"}


def quota(name: str, limit: int, left: int, second: int) -> dict[str, str]:
    prefix = f"anthropic-ratelimit-{name}"
    return {
        f"{prefix}-limit": str(limit),
        f"{prefix}-remaining": str(left),
        f"{prefix}-reset": f"2026-01-09T01:12:{second:02}Z",
    }


def test_nothing_is_known_without_headers() -> None:
    """A date alone says nothing."""
    assert limits_of({}) == limits_of(NOW) == RateLimits()


def test_the_latest_reset_counts_where_nothing_is_used_up() -> None:
    """Then everything is whole again. Seconds are counted from the answer's own date."""
    headers = {**NOW, **quota("requests", 50, 49, 3), **quota("tokens", 900, 800, 13)}
    assert limits_of(headers) == RateLimits(50, 49, 900, 800, 20.0)


def test_the_reset_of_what_is_used_up_counts() -> None:
    """Whatever else takes longer."""
    headers = {**NOW, **quota("requests", 50, 0, 3), **quota("tokens", 900, 800, 13)}
    assert limits_of(headers).reset == 10.0


def test_input_tokens_stand_for_tokens() -> None:
    """Some answers have no total; output tokens count for the reset only."""
    headers = {**NOW, **quota("input-tokens", 9, 8, 0), **quota("output-tokens", 5, 0, 30)}
    assert limits_of(headers) == RateLimits(None, None, 9, 8, 37.0)


def test_a_reset_in_the_past_is_now() -> None:
    """Recorded: the headers can be older than the date."""
    headers = {"date": "Fri, 09 Jan 2026 01:13:00 GMT", **quota("requests", 50, 0, 3)}
    assert limits_of(headers).reset == 0.0


@pytest.mark.parametrize("date", ["", "yesterday", "99 Foo 2026"])
def test_without_a_date_there_is_no_reset(date: str) -> None:
    """Our own clock may differ from theirs."""
    assert limits_of({"date": date, **quota("requests", 50, 0, 3)}).reset is None


def test_a_date_without_a_zone_is_utc() -> None:
    """HTTP dates are."""
    headers = {"date": "Fri, 09 Jan 2026 01:11:53 -0000", **quota("requests", 50, 0, 3)}
    assert limits_of(headers).reset == 10.0


def test_odd_values_read_as_absent() -> None:
    """Neither words nor signs are counts."""
    odd = {"anthropic-ratelimit-requests-limit": "many", "anthropic-ratelimit-tokens-limit": "-1"}
    assert limits_of({**NOW, **odd, "anthropic-ratelimit-tokens-reset": "soon"}) == RateLimits()


def test_moments_have_a_zone() -> None:
    """UTC where none is named."""
    assert moment("2026-01-09T01:12:03") == datetime(2026, 1, 9, 1, 12, 3, tzinfo=UTC)
    assert moment("2026-01-09T02:12:03+01:00") == datetime(2026, 1, 9, 1, 12, 3, tzinfo=UTC)
    assert moment("soon") is None
