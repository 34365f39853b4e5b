"""The shape of each kind's line, made from its record class: the same members, as fast structs.

Converting a record to its line checks every member against its type, in C and without a detour over
text; the line's encoder then writes the whole object in one go, in this order:

    {"t":"key_revoked","v":1,"seq":42,"ts":1795380002953,"digest":"…"}

A record's own members are always there, for whoever reads a log with other tools. Of what is inside of them
(attempts have thirty members each) those that have their default are left out: that says the same, for ever.
"""

from functools import reduce
from operator import or_
from types import GenericAlias, UnionType
from typing import Any, Union, cast, get_args, get_origin, get_type_hints

import attrs
import msgspec

from state.records import KINDS, Record


class Line(msgspec.Struct, kw_only=True, tag_field="t", gc=False):
    """What every line begins with. `seq` is not the record's to know: who writes it sets it."""

    v: int
    seq: int = -1
    ts: int


def _line_type(kind: type[Record]) -> type[Line]:
    own = [member for member in _members(kind) if member[0] != "ts"]
    name = f"{kind.__name__}Line"
    made = msgspec.defstruct(name, own, bases=(Line,), tag=kind.t, kw_only=True, gc=False)
    return cast(type[Line], made)


def _members(kind: type[attrs.AttrsInstance]) -> list[Any]:
    """Name, type and default of each member, as `defstruct` wants them."""
    hints = get_type_hints(kind)
    members: list[Any] = []
    for field in attrs.fields(kind):
        default = () if field.default is attrs.NOTHING else (field.default,)
        members.append((field.name, _plain(hints[field.name]), *default))
    return members


def _plain(hint: Any) -> Any:
    """The hint with structs in place of our own classes, however deep inside."""
    if isinstance(hint, type) and attrs.has(hint):
        return msgspec.defstruct(
            hint.__name__, _members(hint), kw_only=True, omit_defaults=True, gc=False
        )
    if get_origin(hint) is tuple:
        return GenericAlias(tuple, tuple(_plain(part) for part in get_args(hint)))
    if get_origin(hint) in {Union, UnionType}:
        return reduce(or_, (_plain(part) for part in get_args(hint)))
    return hint


LINES: dict[type[Record], type[Line]] = {kind: _line_type(kind) for kind in KINDS}
"""The line of each kind of record."""
