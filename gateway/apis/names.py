"""Members of Google's JSON, which may be written in two ways: `maxOutputTokens` and `max_output_tokens`."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from gateway.errors import bad_request

_CAPITAL = re.compile("[A-Z]")


def member(holder: Mapping[str, Any], name: str) -> Any:
    """The member of that name in camel case, or in snake case; None where there is none."""
    value = holder.get(name)
    return holder.get(snake(name)) if value is None else value


def members(holder: Mapping[str, Any]) -> dict[str, Any]:
    """All members that say something, by their names in camel case."""
    return {camel(name): value for name, value in holder.items() if value is not None}


def objects(value: Any, where: str) -> list[tuple[str, Mapping[str, Any]]]:
    """The objects of an array with their places; one object alone counts as an array of one.

    Raises:
        ApiError: 400, it is neither.
    """
    if value is None:
        return []
    given = [value] if isinstance(value, dict) else value
    if not isinstance(given, list) or not all(isinstance(item, dict) for item in given):
        raise bad_request(f"'{where}' must be an array of objects", where)
    return [(f"{where}[{n}]", item) for n, item in enumerate(given)]


def an_object(holder: Mapping[str, Any], name: str, within: str = "") -> Mapping[str, Any]:
    """A member that is an object, empty where there is none; `within` is the holder's own place.

    Raises:
        ApiError: 400, it is something else.
    """
    value = member(holder, name)
    if value is not None and not isinstance(value, dict):
        place = f"{within}.{name}" if within else name
        raise bad_request(f"'{place}' must be an object", place)
    return value or {}


@lru_cache(maxsize=1024)
def snake(name: str) -> str:
    """`maxOutputTokens` as `max_output_tokens`."""
    return _CAPITAL.sub(lambda found: "_" + found.group().lower(), name)


def camel(name: str) -> str:
    """`max_output_tokens` as `maxOutputTokens`. Google writes one with an underscore before it."""
    first, *rest = name.lstrip("_").split("_")
    return first + "".join(word[:1].upper() + word[1:] for word in rest)
