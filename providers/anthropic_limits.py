"""What Anthropic's headers say of a key's quota, and its way of telling time."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from providers.lenient import count
from providers.types import RateLimits

PREFIX = "anthropic-ratelimit"
QUOTAS = ("requests", "tokens", "input-tokens", "output-tokens")


def limits_of(headers: Mapping[str, str]) -> RateLimits:
    """The quota that an answer's headers report. Where there is no total of tokens, input tokens
    stand for it. `reset` is when what is used up comes back (where nothing is: when everything is
    whole again), in seconds from the answer's own `date`, because clocks differ."""
    tokens = "tokens" if f"{PREFIX}-tokens-limit" in headers else "input-tokens"
    return RateLimits(
        requests_limit=_number(headers, "requests-limit"),
        requests_remaining=_number(headers, "requests-remaining"),
        tokens_limit=_number(headers, f"{tokens}-limit"),
        tokens_remaining=_number(headers, f"{tokens}-remaining"),
        reset=_reset(headers),
    )


def moment(stamp: str) -> datetime | None:
    """A time in RFC 3339, UTC if it names no zone; None if it is none."""
    try:
        found = datetime.fromisoformat(stamp)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _number(headers: Mapping[str, str], name: str) -> int | None:
    value = headers.get(f"{PREFIX}-{name}", "").strip()
    return count(value) if value.isdecimal() else None


def _reset(headers: Mapping[str, str]) -> float | None:
    now = _date(headers)
    resets = {name: moment(headers.get(f"{PREFIX}-{name}-reset", "")) for name in QUOTAS}
    known = {name: time for name, time in resets.items() if time is not None}
    if now is None or not known:
        return None
    spent = [time for name, time in known.items() if _number(headers, f"{name}-remaining") == 0]
    return max(0.0, (max(spent or known.values()) - now).total_seconds())


def _date(headers: Mapping[str, str]) -> datetime | None:
    try:
        found = parsedate_to_datetime(headers.get("date", ""))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
