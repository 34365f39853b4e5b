"""Reading a log: damage is refused with its place, and never skipped."""

import pytest

from state import StateDamaged, codec, look
from state.indexes import Indexes
from state.position import Position, segment_path
from state.records import KeyRevoked
from state.tail import Tail, Torn


def read(path):
    """What a reader makes of a log's file: the numbers it applied, and the verdict."""
    seen = []
    tail = Tail(Position(path.parent), lambda _, *, seq: seen.append(seq))
    return seen, tail.settle()


def damage(path):
    with pytest.raises(StateDamaged) as caught:
        read(path)
    return caught.value


def overwrite(file, at, byte):
    file.seek(at)
    file.write(bytes([byte]))


def test_a_whole_log_is_read_in_order(small_log):
    """And nothing is found behind it."""
    assert read(small_log(4)) == ([1, 2, 3, 4], None)


def test_every_flipped_bit_is_refused_or_cuts_the_last_record_only(small_log):
    """No flip is silently accepted, no flip costs a second record, none passes for a torn tail.

    Of the header's bytes one bit each, of the records' all.
    """
    path = small_log(2)
    good = path.read_bytes()
    header = good.index(b"\n")
    last = good[:-1].rindex(b"\n") + 1
    with path.open("r+b", buffering=0) as file:
        for at in range(len(good)):
            for bit in range(8) if at >= header else [at % 8]:
                overwrite(file, at, good[at] ^ (1 << bit))
                if at >= last:
                    assert read(path) == ([1], Torn(path, last, len(good) - last))
                else:
                    assert str(path) in str(damage(path))
            overwrite(file, at, good[at])


def test_damage_is_told_with_file_line_byte_and_numbers(small_log):
    """So that a person can look at it: here the second of four records, on the third line."""
    path = small_log(4)
    lines = path.read_bytes().splitlines(keepends=True)
    lines[2] = lines[2].replace(b"d1", b"dX")
    path.write_bytes(b"".join(lines))
    found = damage(path)
    assert found.place.line == 3
    assert found.place.offset == len(lines[0]) + len(lines[1])
    assert found.records == (2, 2)
    assert f"{path}, line 3, byte {found.place.offset}" in str(found)
    assert "record 2 in doubt" in str(found)


@pytest.mark.parametrize(
    "order",
    [
        pytest.param([0, 1, 3, 4], id="deleted"),
        pytest.param([0, 2, 3, 4], id="first deleted"),
        pytest.param([0, 1, 3, 2, 4], id="swapped"),
        pytest.param([0, 1, 2, 2, 3, 4], id="doubled"),
        pytest.param([0, 1, 2, 3, 4, 4], id="last doubled"),
        pytest.param([0, 1, 2, 3, 4, 1], id="replayed"),
        pytest.param([1, 2, 3, 4], id="no header"),
        pytest.param([0, 0, 1, 2, 3, 4], id="two headers"),
    ],
)
def test_lines_out_of_place_are_refused(small_log, order):
    """Each line is intact; only their numbers tell."""
    path = small_log(4)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[at] for at in order))
    assert str(path) in str(damage(path))


def test_a_line_of_another_log_is_refused(small_log):
    """An intact line that does not fit its kind is damage, not something to skip."""
    path = small_log(1)
    line, _ = codec.encode(KeyRevoked("d"), 2, 1)
    with path.open("ab") as file:
        file.write(codec._seal(line.rpartition(b",")[0].replace(b'"d"', b"7")))
    found = damage(path)
    assert (found.place.line, found.records) == (3, (2, None))


def test_missing_foreign_and_stale_segments_are_refused(small_log):
    """A header names the segment before it, by number and by hash."""
    path = small_log(30, segment_size=1000)
    files = sorted(path.parent.glob("*.jsonl"))
    assert len(files) >= 4
    assert read(path)[0] == list(range(1, 31))
    second = files[1].read_bytes()

    files[1].unlink()
    assert "is missing" in damage(path).why
    assert damage(path).records[1] == int(files[2].stem) - 1

    files[1].write_bytes(second[: second.rindex(b"\n", 0, -1) + 1])
    assert "missing" in damage(path).why

    lines = second.splitlines(keepends=True)
    stale, _ = codec.encode(KeyRevoked("other"), int(files[2].stem) - 1, 1)
    files[1].write_bytes(b"".join(lines[:-1]) + stale)
    assert "does not continue" in damage(path).why
    assert damage(path).place.file == str(files[2])

    files[1].write_bytes(second)
    files[0].unlink()
    assert "is missing" in damage(path).why


@pytest.mark.parametrize("tear", [lambda whole: whole[:-3], lambda whole: whole + bytes(9)])
def test_a_torn_end_of_a_segment_that_is_not_the_last_is_damage(small_log, tear):
    """It was whole when the next one began."""
    path = small_log(30, segment_size=1000)
    path.write_bytes(tear(path.read_bytes()))
    assert "not the end" in damage(path).why
    assert damage(path).place.file == str(path)


def test_damage_before_the_header_of_another_segment_names_no_last_record(small_log):
    """The witness has no number: a header was copied to where it does not belong."""
    path = small_log(1)
    header = path.read_bytes().splitlines(keepends=True)[0]
    with path.open("ab") as file:
        file.write(b"garbage\n" + header)
    assert damage(path).records == (2, None)


def test_a_segment_that_does_not_belong_is_refused(small_log):
    """Its records would be counted twice, or never."""
    path = small_log(4)
    segment_path(path.parent, 3).write_bytes(path.read_bytes())
    assert "missing" in damage(path).why or "belong" in damage(path).why
    segment_path(path.parent, 3).unlink()
    segment_path(path.parent, 0).write_bytes(b"")
    assert "does not belong" in damage(path).why


def test_a_header_of_a_newer_format_is_refused(small_log):
    """A change of the segment's own format cannot be skipped."""
    path = small_log(2)
    header, rest = path.read_bytes().split(b"\n", 1)
    newer = codec._seal(header.rpartition(b",")[0].replace(b'"v":1', b'"v":2'))
    path.write_bytes(newer + rest)
    assert "not a segment's header" in damage(path).why


def test_other_files_in_the_folder_are_left_alone(small_log):
    """A draft, a lock, somebody's notes."""
    path = small_log(2)
    for name in ("next.tmp", "notes.jsonl", "1.jsonl", "²" * 20 + ".jsonl"):
        (path.parent / name).write_bytes(b"?")
    assert read(path) == ([1, 2], None)


def test_a_record_longer_than_one_read_is_read(tmp_path, small_log):
    """Up to the longest that is written."""
    path = small_log(1)
    lines = [
        codec.encode(KeyRevoked("x" * size), seq, 1)[0] for seq, size in [(2, 900_000), (3, 9)]
    ]
    with path.open("ab") as file:
        file.write(b"".join(lines))
    assert read(path) == ([1, 2, 3], None)


def test_garbage_without_an_end_is_torn_and_does_not_fill_memory(small_log):
    """A reader waits for a newline only so far."""
    path = small_log(1)
    size = path.stat().st_size
    with path.open("ab") as file:
        file.write(b"x" * 2_000_000)
    assert read(path) == ([1], Torn(path, size, 2_000_000))


def test_records_of_kinds_unknown_here_are_counted_and_skipped(small_log):
    """The numbering goes on over them."""
    path = small_log(1)
    with path.open("ab") as file:
        file.write(codec._seal(b'{"t":"novelty","v":1,"seq":2,"ts":1,"x":[]'))
        file.write(codec.encode(KeyRevoked("d0"), 3, 1)[0])
    follower = look(path.parents[2])
    assert follower.unknown == 1
    assert follower.indexes.key("d0").revoked


def test_reading_goes_on_where_it_stopped(small_log):
    """Half a line is not consumed; the rest of it completes it."""
    path = small_log(1)
    seen = []
    tail = Tail(Position(path.parent), lambda _, *, seq: seen.append(seq))
    assert tail.settle() is None
    line, _ = codec.encode(KeyRevoked("d"), 2, 1)
    with path.open("ab", buffering=0) as file:
        for at in range(len(line)):
            assert not tail.advance()
            file.write(line[at : at + 1])
    assert tail.advance()
    assert seen == [1, 2]


def test_an_empty_folder_is_an_empty_log(tmp_path):
    """The first record will be number 1."""
    tail = Tail(Position(tmp_path), Indexes().apply)
    assert tail.settle() is None
    assert tail.at.next_header(5) == codec.SegmentHeader(1, "", 0, "", 5)
