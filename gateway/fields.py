"""Single members of a request's JSON: typed, in range, or a 400 that names them.

A member that is absent or null is None (or its default): OpenAI's SDKs send both.
"""

from collections.abc import Mapping
from typing import Any

from gateway.errors import bad_request

MAX_STOPS = 16


def string(value: Any, name: str) -> str:
    """The value, which must be a string."""
    if not isinstance(value, str):
        raise bad_request(f"'{name}' must be a string", name)
    return value


def optional_bool(body: Mapping[str, Any], name: str) -> bool:
    """A boolean, false when absent."""
    value = body.get(name)
    if value is None:
        return False
    if not isinstance(value, bool):
        raise bad_request(f"'{name}' must be a boolean", name)
    return value


def integer(body: Mapping[str, Any], name: str, low: int, high: int) -> int | None:
    """A whole number in [low, high]. A float without a fraction is taken for one: some clients send 5.0."""
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise bad_request(f"'{name}' must be an integer", name)
    _check_range(value, name, low, high)
    return value


def number(body: Mapping[str, Any], name: str, low: float, high: float) -> float | None:
    """A number in [low, high]."""
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise bad_request(f"'{name}' must be a number", name)
    _check_range(value, name, low, high)
    return float(value)


def strings(body: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """One string or several, empty when absent."""
    value = body.get(name)
    if value is None:
        return ()
    if isinstance(value, str):
        return (value,)
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise bad_request(f"'{name}' must be a string or an array of strings", name)
    if len(value) > MAX_STOPS:
        raise bad_request(f"'{name}' may hold at most {MAX_STOPS} strings", name)
    return tuple(value)


def _check_range(value: float, name: str, low: float, high: float) -> None:
    if not low <= value <= high:  # put so that "not a number" is out of every range
        raise bad_request(f"'{name}' must be between {low} and {high}", name)
