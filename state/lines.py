"""The shape of each kind's line, made from its record class: the same members, as fast structs.

Converting a record to its line checks every member against its type, in C and without a detour over
text; the line's encoder then writes the whole object in one go, in this order:

    {"t":"key_revoked","v":1,"seq":42,"ts":1795380002953,"digest":"…"}

A record's own members are always there, for whoever reads a log with other tools. Of what is inside of them
(attempts have thirty members each) those that have their default are left out: that says the same, for ever.
"""

import sys
from types import GenericAlias, UnionType
from typing import Annotated, Any, Union, cast, get_args, get_origin, get_type_hints

import attrs
import msgspec

from state.kinds import KINDS
from state.records import (
    Record,
)


class Line(msgspec.Struct, kw_only=True, tag_field="t", gc=False):
    """What every line begins with. `seq` is not the record's to know: who writes it sets it."""

    v: int
    seq: int = -1
    ts: int


_Finite = Annotated[float, msgspec.Meta(ge=-sys.float_info.max, le=sys.float_info.max)]


def _line_type(kind: type[Record], number: Any) -> type[Line]:
    own = [member for member in _members(kind, number) if member[0] != "ts"]
    name = f"{kind.__name__}Line"
    made = msgspec.defstruct(name, own, bases=(Line,), tag=kind.t, kw_only=True, gc=False)
    return cast(type[Line], made)


def _members(kind: type[attrs.AttrsInstance], number: Any) -> list[Any]:
    """Name, type and default of each member, as `defstruct` wants them; `number` in place of floats."""
    hints = get_type_hints(kind)
    members: list[Any] = []
    for field in attrs.fields(kind):
        default = () if field.default is attrs.NOTHING else (field.default,)
        members.append((field.name, _plain(hints[field.name], number), *default))
    return members


def _plain(hint: Any, number: Any) -> Any:
    """The hint with structs in place of our own classes, however deep inside."""
    if isinstance(hint, type) and attrs.has(hint):
        return msgspec.defstruct(
            hint.__name__, _members(hint, number), kw_only=True, omit_defaults=True, gc=False
        )
    if get_origin(hint) is tuple:
        return GenericAlias(tuple, tuple(_plain(part, number) for part in get_args(hint)))
    if get_origin(hint) in {Union, UnionType}:
        return Union[tuple(_plain(part, number) for part in get_args(hint))]  # noqa: UP007 - any number of them
    return number if hint is float else hint


LINES: dict[type[Record], type[Line]] = {kind: _line_type(kind, _Finite) for kind in KINDS}
"""The line of each kind of record. What fits it can be read back: JSON has words for all of it."""

LOOSE: dict[type[Record], type[Line]] = {kind: _line_type(kind, float) for kind in KINDS}
"""The same where a number may be none or infinite, which JSON says as null: reading shows what may be null."""
