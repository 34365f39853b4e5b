"""What a client may ask of one request beside OpenAI's parameters: the `x-hedgerow-*` headers.

x-hedgerow-hedge: off | auto | 800ms      x-hedgerow-policy: NAME       x-hedgerow-timeout: 30s
x-hedgerow-tags: a,b=c                    x-hedgerow-no-log: 1          x-hedgerow-mock: 429
"""

from collections.abc import Mapping
from typing import Literal, TypeAlias

import attrs

from gateway.errors import ApiError, bad_request
from gateway.quantities import parse_duration

HedgeOverride: TypeAlias = Literal["off", "auto"] | float | None
MAX_TAGS = 16
MAX_TAG = 64
MAX_DELAY = 600.0
YES = ("1", "true", "yes", "on")
NO = ("0", "false", "no", "off", "")


@attrs.frozen
class Knobs:
    """The knobs of one request; the defaults leave everything to the configuration. Times in seconds."""

    hedge: HedgeOverride = None
    policy: str | None = None
    timeout: float | None = None
    tags: tuple[str, ...] = ()
    no_log: bool = False
    mock: str | None = None


AS_CONFIGURED = Knobs()
NAMES = frozenset(
    f"x-hedgerow-{knob}" for knob in ("hedge", "policy", "timeout", "tags", "no-log", "mock")
)


def read_knobs(headers: Mapping[str, str]) -> Knobs:
    """The knobs in a request's headers (names in lower case).

    Raises:
        ApiError: 400, a knob has a value that it cannot have; the message names the header.
    """
    if NAMES.isdisjoint(headers):
        return AS_CONFIGURED
    return Knobs(
        hedge=_hedge(headers.get("x-hedgerow-hedge")),
        policy=headers.get("x-hedgerow-policy") or None,
        timeout=_seconds(headers, "x-hedgerow-timeout"),
        tags=_tags(headers.get("x-hedgerow-tags", "")),
        no_log=_flag(headers, "x-hedgerow-no-log"),
        mock=headers.get("x-hedgerow-mock") or None,
    )


def _hedge(value: str | None) -> HedgeOverride:
    if value is None:
        return None
    if value in ("off", "auto"):
        return "off" if value == "off" else "auto"
    return _duration(value, "x-hedgerow-hedge", "'off', 'auto' or a delay such as '800ms'")


def _seconds(headers: Mapping[str, str], name: str) -> float | None:
    value = headers.get(name)
    return None if value is None else _duration(value, name, "a duration such as '30s'")


def _flag(headers: Mapping[str, str], name: str) -> bool:
    value = headers.get(name, "").lower()
    if value not in (*YES, *NO):
        raise _bad(name, "1 or 0")  # a mistyped wish for privacy must not pass for none
    return value in YES


def _duration(value: str, name: str, expected: str) -> float:
    try:
        seconds = parse_duration(value)
    except ValueError:
        seconds = 0.0
    if not 0.0 < seconds <= MAX_DELAY:
        raise _bad(name, expected)
    return seconds


def _tags(value: str) -> tuple[str, ...]:
    tags = tuple(tag.strip() for tag in value.split(",") if tag.strip())
    if len(tags) > MAX_TAGS or any(len(tag) > MAX_TAG for tag in tags):
        raise _bad("x-hedgerow-tags", f"at most {MAX_TAGS} tags of {MAX_TAG} characters")
    return tags


def _bad(name: str, expected: str) -> ApiError:
    return bad_request(f"The header {name} must be {expected}", name)
