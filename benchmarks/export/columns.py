"""A table's columns: every member of a request and of an attempt, found by looking at the records themselves.

A member of a request keeps its name; one of an attempt gets `attempt_` before it, and `attempt` counts a
request's attempts from 1. Lists are told as JSON, the quota as three numbers. What is unknown is empty.
"""

import types
from collections.abc import Callable, Iterable, Iterator
from operator import attrgetter
from typing import Any, Literal, TypeAlias, get_args, get_type_hints

import attrs
import msgspec

from state.records import AttemptEnded, RequestEnded

Kind: TypeAlias = Literal["text", "int", "float", "bool", "time"]
"""What a column holds; a `time` is milliseconds since 1970 UTC."""

What: TypeAlias = Literal["attempts", "requests"]
Row: TypeAlias = tuple[Any, ...]

ATTEMPT = "attempt_"

_encode = msgspec.json.Encoder(order="deterministic").encode


@attrs.frozen
class Column:
    """One column."""

    name: str
    kind: Kind


@attrs.frozen
class _Member:
    """A column and where its value comes from."""

    column: Column
    value: Callable[[Any], Any]


def columns(what: What) -> tuple[Column, ...]:
    """The columns of a table with one row for each attempt, or for each request."""
    requests = tuple(member.column for member in _REQUEST)
    if what == "requests":
        return requests
    own = (member.column for member in _ATTEMPT)
    return (*requests, Column("attempt", "int"), *own)


def rows(records: Iterable[RequestEnded], what: What) -> Iterator[Row]:
    """The rows of these requests, in the order of `columns`. A request without attempts has no row of them."""
    for record in records:
        request = tuple(member.value(record) for member in _REQUEST)
        if what == "requests":
            yield request
            continue
        for number, attempt in enumerate(record.attempts, 1):
            yield (*request, number, *(member.value(attempt) for member in _ATTEMPT))


def _members(record: type, before: str = "") -> Iterator[_Member]:
    for name, hint in get_type_hints(record).items():
        if name in ("t", "v", "attempts"):
            continue
        if name == "limits":
            yield from _quota(before)
        else:
            yield _member(before + name, name, hint)


def _member(column: str, name: str, hint: Any) -> _Member:
    plain = [each for each in _parts(hint) if each is not type(None)]
    if name == "ts":
        return _Member(Column(column, "time"), attrgetter(name))
    if plain[0] in _KINDS:
        return _Member(Column(column, _KINDS[plain[0]]), attrgetter(name))
    if getattr(plain[0], "__origin__", None) is tuple:
        return _Member(Column(column, "text"), _as_json(name))
    return _Member(Column(column, "text"), attrgetter(name))


def _parts(hint: Any) -> tuple[Any, ...]:
    return get_args(hint) if isinstance(hint, types.UnionType) else (hint,)


def _as_json(name: str) -> Callable[[Any], str]:
    return lambda record: _encode(getattr(record, name)).decode()


def _quota(before: str) -> Iterator[_Member]:
    kinds: tuple[tuple[str, Kind], ...] = (
        ("requests_left", "int"),
        ("tokens_left", "int"),
        ("reset_s", "float"),
    )
    for place, (name, kind) in enumerate(kinds):
        yield _Member(Column(before + name, kind), _limit(place))


def _limit(place: int) -> Callable[[AttemptEnded], float | None]:
    return lambda attempt: None if attempt.limits is None else attempt.limits[place]


_KINDS: dict[Any, Kind] = {int: "int", float: "float", bool: "bool"}
_REQUEST = tuple(_members(RequestEnded))
_ATTEMPT = tuple(_members(AttemptEnded, ATTEMPT))
