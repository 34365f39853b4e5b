"""What was written once can be read for ever: these lines are of released versions, not to be edited."""

import pytest

from state import codec
from state.records import (
    KINDS,
    Dropped,
    KeyIssued,
    KeyRevoked,
    KeyStateChanged,
    PolicyInForce,
    ProjectChanged,
    ProjectCreated,
    ProjectRevoked,
    RequestEnded,
    RouteTarget,
)

CORPUS = [
    (
        ProjectCreated("demo", ("gemini-*",), ts=1795380002953),
        '{"t":"project_created","v":1,"seq":1,"ts":1795380002953,"models":["gemini-*"],"project":"demo","crc":"189fd986"}',
    ),
    (
        ProjectChanged("demo", (), ts=1795380002954),
        '{"t":"project_changed","v":1,"seq":2,"ts":1795380002954,"models":[],"project":"demo","crc":"9c13f37d"}',
    ),
    (
        ProjectRevoked("demo", ts=1795380002955),
        '{"t":"project_revoked","v":1,"seq":3,"ts":1795380002955,"project":"demo","crc":"c4c4bcba"}',
    ),
    (
        KeyIssued("demo", "ab12", "test", "abcd…wxyz", ts=1795380002956),
        '{"t":"key_issued","v":1,"seq":4,"ts":1795380002956,"digest":"ab12","environment":"test","hint":"abcd…wxyz","project":"demo","crc":"71be61c5"}',
    ),
    (
        KeyRevoked("ab12", ts=1795380002957),
        '{"t":"key_revoked","v":1,"seq":5,"ts":1795380002957,"digest":"ab12","crc":"fb9a5c38"}',
    ),
    (
        KeyStateChanged("gemini-a", "resting", "429", 1795380032953, ts=1795380002958),
        '{"t":"key_state_changed","v":1,"seq":6,"ts":1795380002958,"key":"gemini-a","state":"resting","until_ms":1795380032953,"why":"429","crc":"ef71137f"}',
    ),
    (
        Dropped(7, ts=1795380002959),
        '{"t":"dropped","v":1,"seq":7,"ts":1795380002959,"count":7,"crc":"a8570469"}',
    ),
    (
        PolicyInForce(
            "ab12cd34",
            "calm",
            "gpt-4o",
            '{"hedge":{"policy":"off"}}',
            (RouteTarget("a-1", "a", "a", "gpt-4o", 0, 2.0),),
            ts=1795380002960,
        ),
        r'{"t":"policy_in_force","v":1,"seq":8,"ts":1795380002960,"config":"{\"hedge\":{\"policy\":\"off\"}}","policy":"calm","policy_id":"ab12cd34","route":"gpt-4o","targets":[{"domain":"a","key":"a-1","model":"gpt-4o","provider":"a","tier":0,"weight":2.0}],"crc":"ec2f8084"}',
    ),
]


@pytest.mark.parametrize(("record", "line"), CORPUS)
def test_a_line_of_the_first_release_is_read(record, line):
    """Its checksum fits, and its members mean what they meant."""
    assert codec.intact(line.encode())
    assert codec.decode(line.encode())[1] == record


def test_every_kind_is_in_the_corpus():
    """Requests have a line of their own in the tests of the codec."""
    kinds = {type(record) for record, _ in CORPUS}
    assert kinds | {RequestEnded} == set(KINDS)


def test_a_record_cannot_be_changed():
    """It is a fact."""
    with pytest.raises(AttributeError):
        Dropped(1).count = 2
