"""Torn tails: cut, kept aside, told; by the log's owner and by nobody else."""

import errno

import attrs
import pytest

from state import Store, StoreUnavailable, look
from state.records import KeyRevoked


def reopen(path, options):
    """Open the state a log's file is in, add a record, and return what was there before."""
    with Store.open(path.parents[2], "serve", options) as store:
        before = store.statistics().written
        store.post(KeyRevoked("after"))
        return before, store.reports


def whole_records(data):
    return max(0, data.count(b"\n") - 1)


def tears(good):
    """Every way in which the end can be missing: cut off, or zeros where it should be."""
    for at in range(len(good)):
        yield good[:at], at
        yield good[:at] + bytes(len(good) - at), at


def test_a_log_torn_at_any_byte_is_cut_to_its_last_whole_record(small_log, quick):
    """With zeros after the tear or without; nothing whole is lost, and writing goes on."""
    path = small_log(2)
    good = path.read_bytes()
    state = path.parents[2]
    for torn, at in tears(good):
        for old in (path, *state.glob("quarantine/serve/*")):
            old.unlink()
        path.write_bytes(torn)
        before, reports = reopen(path, quick)
        assert before == whole_records(good[:at])
        kept = good[: good.rfind(b"\n", 0, at) + 1]
        assert path.read_bytes().startswith(kept)
        aside = [file.read_bytes() for file in state.glob("quarantine/serve/*")]
        assert aside == ([torn[len(kept) :]] if torn != kept else [])
        assert len(reports) == (torn != kept or at == 0)
        after = look(state)
        assert (after.reports, after.positions()) == ([], {"serve": before + 1})


def test_the_report_names_file_byte_and_last_record(small_log, quick):
    """One sentence a person can act on."""
    path = small_log(3)
    size = path.stat().st_size
    path.write_bytes(path.read_bytes() + b'{"t":"half')
    _, (report,) = reopen(path, quick)
    assert f"serve/{path.name} ended in 10 bytes" in report
    assert f"from byte {size} on" in report
    assert "last whole record is 3" in report


def test_tearing_twice_at_one_place_keeps_both_pieces(small_log, quick):
    """What was put aside is never overwritten."""
    path = small_log(1)
    good = path.read_bytes()
    for piece in (b"one", b"two"):
        path.write_bytes(good + piece)
        reopen(path, quick)
    aside = sorted(file.read_bytes() for file in path.parents[2].glob("quarantine/serve/*"))
    assert aside == [b"one", b"two"]


def test_a_torn_header_of_a_later_segment_costs_nothing(small_log, quick):
    """The file held no record yet; it is removed, and begun again when needed."""
    path = small_log(30, segment_size=1000)
    folder = path.parent
    last = max(folder.glob("*.jsonl"))
    records = whole_records(last.read_bytes())
    for torn in (last.read_bytes()[:50], b"", bytes(100)):
        last.write_bytes(torn)
        options = attrs.evolve(quick, segment_size=1000)
        with Store.open(folder.parents[1], "serve", options) as store:
            assert store.statistics().written == 30 - records
            assert len(store.reports) == 1
            assert not last.exists()
            store.post(*[KeyRevoked(f"n{n}") for n in range(records)])
        assert look(folder.parents[1]).positions() == {"serve": 30}


def test_damage_changes_nothing_and_frees_the_log(small_log, quick):
    """The file is as it was, nothing is put aside, and the lock is not left behind."""
    path = small_log(3)
    damaged = path.read_bytes().replace(b"d1", b"dX")
    path.write_bytes(damaged)
    for _ in range(2):
        with pytest.raises(Exception, match="line 3"):
            Store.open(path.parents[2], "serve", quick)
        assert path.read_bytes() == damaged
    assert not (path.parents[2] / "quarantine").exists()
    assert [folder.name for folder in path.parents[1].iterdir()] == ["serve"]


def test_the_torn_tail_of_another_log_is_left_to_its_owner(small_log, quick):
    """It may be in the middle of writing it."""
    path = small_log(3)
    torn = path.read_bytes()[:-5]
    path.write_bytes(torn)
    with Store.open(path.parents[2], "other", quick) as store:
        (report,) = store.reports
        assert "left to the log's next writer" in report
        assert store.statistics().followed == {"serve": 2}
    assert path.read_bytes() == torn


def test_a_cut_that_fails_leaves_the_tail_for_the_next_start(small_log, quick, disks):
    """Whatever call fails: the whole records stay, and a later start finishes the job."""
    path = small_log(3)
    torn = path.read_bytes()[:-5]
    tried = 0
    while True:
        tried += 1
        path.write_bytes(torn)
        disk = disks["failing"](tried, errno.EIO)
        try:
            Store.open(path.parents[2], "serve", attrs.evolve(quick, disk=disk)).close()
        except StoreUnavailable:
            assert disk.struck
        assert disk.opened == set()
        assert reopen(path, quick)[0] == 2
        if not disk.struck:
            break
    assert tried > 10
