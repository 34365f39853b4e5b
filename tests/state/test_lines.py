"""Lines: the same members as their records, checked on the way."""

import attrs
import msgspec
import pytest

from state.kinds import KINDS
from state.lines import LINES
from state.records import (
    AttemptEnded,
    Candidate,
    KeyRevoked,
    RequestEnded,
)


@pytest.mark.parametrize("kind", KINDS)
def test_a_line_has_the_members_of_its_record_and_their_defaults(kind):
    """Behind kind, version, number and time, in the order of the class."""
    line = LINES[kind]
    own = [field for field in attrs.fields(kind) if field.name != "ts"]
    assert line.__struct_config__.tag == kind.t
    assert list(line.__struct_fields__) == ["v", "seq", "ts", *[field.name for field in own]]
    found = {field.name: field.default for field in msgspec.structs.fields(line)}
    for field in own:
        default = msgspec.NODEFAULT if field.default is attrs.NOTHING else field.default
        assert found[field.name] == default


def test_members_inside_of_members_are_checked_too(request_ended):
    """Down to the candidates of an attempt."""
    attempt = AttemptEnded("k", "d", "m", "primary", "won", 0.0, 1.0, 2.0, 200)
    for wrong in (
        attrs.evolve(attempt, role="spare"),
        attrs.evolve(attempt, candidates=(Candidate("k", "low"),)),
        attrs.evolve(attempt, limits=(1, 2)),
        attrs.evolve(attempt, limits=(1, 2.5, 3.0)),
        KeyRevoked("d"),
    ):
        with pytest.raises(msgspec.ValidationError, match="attempts"):
            convert(request_ended(attempts=(wrong,)))
    right = attrs.evolve(attempt, candidates=(Candidate("k", 1),), limits=(1, None, 3.0))
    assert convert(request_ended(attempts=(right,))).attempts[0].limits == (1, None, 3.0)


def test_a_record_s_own_members_are_all_there_and_those_inside_only_if_they_say_something(
    request_ended,
):
    """A line of a log is a row of a table for other tools; most of an attempt's members say nothing."""
    attempt = AttemptEnded("k", "d", "m", "primary", "won", 0.0, 1.0, 2.0, 200)
    line = convert(request_ended(attempts=(attempt,)))
    members = msgspec.json.decode(msgspec.json.encode(line))
    own = {field.name for field in attrs.fields(RequestEnded)}
    assert members.keys() == own | {"t", "v", "seq"}
    assert not {"error", "audit", "candidates"} & members["attempts"][0].keys()


def convert(record):
    return msgspec.convert(record, LINES[type(record)], from_attributes=True)
