"""JSON from an upstream, read without trusting its shape.

Providers add fields, leave fields out and now and then change a type. What is not there, or is not
what it should be, reads as absent: as an empty object, no rows, no text, zero. So a reader never
fails for a field it does not need, and says for itself what it cannot do without.
"""

from typing import Any

from providers.types import JSON

LONGEST_COUNT = 18
"""Digits of a count that is believed: what is longer is no number of tokens."""


def fields(value: Any) -> JSON:
    """The value if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def rows(value: Any) -> list[JSON]:
    """The objects in the value if it is an array, else none."""
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def text(value: Any) -> str:
    """The value if it is a string, else an empty one."""
    return value if isinstance(value, str) else ""


def count(value: Any) -> int:
    """The value if it is a number from 0 up, rounded down, else 0. A digit string counts too,
    because protobuf's JSON spells 64-bit numbers so."""
    if isinstance(value, str):
        value = int(value) if value.isdecimal() and len(value) <= LONGEST_COUNT else 0
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0
    return int(value) if 0 <= value < 10**LONGEST_COUNT else 0
