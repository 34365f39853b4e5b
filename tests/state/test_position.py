"""Names of segments, and the header each one must have."""

import hashlib

from state.codec import SegmentHeader
from state.position import Position, segment_path, segments


def test_segments_are_found_in_the_order_of_their_records(tmp_path):
    """Names have leading zeros, so that other tools sort them, too."""
    for first in (101, 1, 20):
        segment_path(tmp_path, first).touch()
    (tmp_path / "notes.jsonl").touch()
    (tmp_path / "next.tmp").touch()
    assert segments(tmp_path) == [1, 20, 101]
    assert segment_path(tmp_path, 20).name == "00000000000000000020.jsonl"


def test_a_header_continues_what_came_before(tmp_path):
    """By number, by name and by the hash of every byte."""
    at = Position(tmp_path)
    assert at.next_header(7) == SegmentHeader(1, "", 0, "", 7)
    at.enter_next(b"header\n")
    at.go_on(b"one\ntwo\n", 2)
    digest = hashlib.sha256(b"header\none\ntwo\n").hexdigest()
    assert at.next_header(8) == SegmentHeader(3, at.path.name, 2, digest, 8)
    assert (at.offset, at.next_path) == (15, segment_path(tmp_path, 3))
    at.enter_next(b"second\n")
    assert (at.first, at.offset, at.path) == (3, 7, segment_path(tmp_path, 3))
