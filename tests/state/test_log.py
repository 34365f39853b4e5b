"""Writing under every failure: each system call fails, dies or loses power in turn."""

import errno
import random
import shutil

import attrs
import pytest

from state import Store, StoreUnavailable, look
from state.log import Log
from state.position import Position
from state.records import KeyRevoked, ProjectCreated
from state.tail import Tail


class Told:
    """What a client of the store was told: what it tried, and what it may rely on."""

    def __init__(self):
        self.tried, self.committed, self.posted = set(), set(), []

    def work(self, folder, options, make_request):
        """A few changes and requests, over several segments; refusals are taken and work goes on."""
        try:
            store = Store.open(folder, "serve", options)
        except StoreUnavailable:
            return
        try:
            for n in range(3):
                self._commit(store, f"p{n}")
                self._post(store, make_request(f"r{n}"))
                self._post(store, make_request(f"s{n}"))
        finally:
            self._close(store)

    def _commit(self, store, name):
        self.tried.add(name)
        try:
            store.commit_now(ProjectCreated(name, ("*",)))
        except StoreUnavailable:
            return
        self.committed.add(name)
        assert name in store.indexes.projects

    def _post(self, store, record):
        try:
            store.post(record)
        except StoreUnavailable:
            return
        self.posted.append(record.request)

    def _close(self, store):
        try:
            store.close()
        except StoreUnavailable:
            assert not store.healthy

    def check(self, folder, *, posted="all"):
        """What is in the state is what was told, or was at least tried."""
        indexes = look(folder).indexes
        assert self.committed <= set(indexes.projects) <= self.tried
        found = [record.request for record in indexes.recent]
        if posted == "all":
            assert found == self.posted
        assert len(set(found)) == len(found)
        assert indexes.total("demo").requests == len(found)


@pytest.mark.parametrize(
    ("code", "sticky"),
    [(errno.ENOSPC, False), (errno.ENOSPC, True), (errno.EIO, False)],
    ids=["full once", "full from then on", "broken once"],
)
def test_whichever_call_fails_nothing_acknowledged_is_lost(
    tmp_path, quick, disks, request_ended, code, sticky
):
    """And the log verifies clean at the next start; after a single failure without any repair."""
    nth, struck = 0, True
    while struck:
        nth += 1
        folder = tmp_path / str(nth)
        disk = disks["failing"](nth, code, sticky=sticky)
        told = Told()
        told.work(folder, attrs.evolve(quick, disk=disk, segment_size=1200), request_ended)
        struck = disk.struck
        assert disk.opened == set()
        with Store.open(folder, "serve", quick) as store:
            assert sticky or store.reports == ()
        told.check(folder)
    assert (len(told.committed), len(told.posted)) == (3, 6)
    assert len(list(folder.glob("logs/serve/*.jsonl"))) > 2
    assert nth > 35


@pytest.mark.parametrize("only", ["write", "sync"])
def test_a_single_failure_refuses_one_thing_and_the_next_succeeds(
    tmp_path, quick, disks, projects, only
):
    """No restart is needed; a failed sync is mended at once, unseen."""
    store = Store.open(tmp_path, "serve", quick)
    store.commit_now(projects(0))
    store._log.disk = disks["failing"](1, errno.EIO, only=only)
    if only == "write":
        with pytest.raises(StoreUnavailable):
            store.commit_now(projects(1))
        assert not store.healthy
    else:
        store.commit_now(projects(1))
    assert ("p1" in store.indexes.projects) == (only == "sync")
    store.commit_now(projects(2))
    assert store.healthy
    store.close()
    assert set(look(tmp_path).indexes.projects) == set(store.indexes.projects)


def test_a_failed_sync_is_never_tried_again_on_its_descriptor(tmp_path, quick, disks, projects):
    """The kernel would report success for data that it threw away."""

    class Watching(disks["failing"]):
        def __init__(self):
            super().__init__(1, errno.EIO, only="sync")
            self.failed, self.good = [], []

        def sync(self, fd):
            name = (fd, len(self.closed))
            try:
                super().sync(fd)
            except OSError:
                self.failed.append(name)
                raise
            self.good.append(name)

        closed = ()

        def close(self, fd):
            self.closed = (*self.closed, fd)
            super().close(fd)

    store = Store.open(tmp_path, "serve", quick)
    store.post(projects(0))
    disk = store._log.disk = Watching()
    store.commit_now(projects(1))
    ((bad, closed_before),) = disk.failed
    assert bad in disk.closed[closed_before:]
    assert all(closed > closed_before for fd, closed in disk.good if fd == bad)
    assert disk.good
    store.close()
    assert set(look(tmp_path).indexes.projects) == {"p0", "p1"}


def test_records_written_again_keep_their_numbers_and_bytes(tmp_path, quick, disks, projects):
    """A follower that read them already has nothing to take back."""
    store = Store.open(tmp_path, "serve", quick)
    store.commit_now(projects(0))
    store.post(projects(1))
    before = look(tmp_path)
    data = (tmp_path / f"logs/serve/{1:020d}.jsonl").read_bytes()
    store._log.disk = disks["failing"](1, errno.EIO, only="sync")
    store.commit_now(projects(2))
    after = (tmp_path / f"logs/serve/{1:020d}.jsonl").read_bytes()
    assert after.startswith(data)
    assert before.poll()
    assert before.indexes == store.indexes
    store.close()


def test_a_log_whose_durable_part_changed_stays_failed(tmp_path, quick, disks, projects):
    """Mending must not build on what is no longer there."""
    store = Store.open(tmp_path, "serve", quick)
    store.commit_now(projects(0))
    path = tmp_path / f"logs/serve/{1:020d}.jsonl"
    path.write_bytes(path.read_bytes().replace(b"p0", b"pX"))
    store._log.disk = disks["failing"](1, errno.EIO, only="sync")
    with pytest.raises(StoreUnavailable, match="no longer there"):
        store.commit_now(projects(1))
    with pytest.raises(StoreUnavailable):
        store.post(projects(2))
    with pytest.raises(StoreUnavailable):
        store.close()


def test_a_process_that_dies_at_any_call_loses_nothing_it_told(
    tmp_path, quick, disks, request_ended
):
    """Acknowledged changes and posted requests survive; at most an unfinished line is cut."""
    nth, died = 0, True
    while died:
        nth += 1
        folder = tmp_path / str(nth)
        disk = disks["dying"](nth)
        told = Told()
        try:
            told.work(folder, attrs.evolve(quick, disk=disk, segment_size=1200), request_ended)
            died = False
        except disks["killed"]:
            disk.abandon()
        with Store.open(folder, "serve", quick) as store:
            assert len(store.reports) <= 1
        check_after_death(told, folder)
    assert nth > 35


def check_after_death(told, folder):
    """The record whose call was interrupted may be there, although nobody was told."""
    indexes = look(folder).indexes
    assert told.committed <= set(indexes.projects) <= told.tried
    found = [record.request for record in indexes.recent]
    assert found[: len(told.posted)] == told.posted
    assert len(found) <= len(told.posted) + 1


@pytest.mark.parametrize("seed", range(2))
def test_a_power_cut_at_any_call_loses_no_acknowledged_change(
    tmp_path, quick, disks, request_ended, seed
):
    """Bytes and names that were not synced are gone, or there, or torn, or zeros."""
    rng = random.Random(seed)
    nth, died = 0, True
    while died:
        nth += 1
        folder, after = tmp_path / "state", tmp_path / "after"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(after, ignore_errors=True)
        disk = disks["power"](nth)
        told = Told()
        try:
            told.work(folder, attrs.evolve(quick, disk=disk, segment_size=1200), request_ended)
            died = False
        except disks["killed"]:
            disk.abandon()
        if not folder.exists():
            continue
        disk.after_power_cut(folder, after, rng)
        with Store.open(after, "serve", quick) as store:
            assert not any("empty" in r or "byte 0 " in r for r in store.reports)
            assert told.committed <= set(store.indexes.projects) <= told.tried
            found = [record.request for record in store.indexes.recent]
            assert found == told.posted[: len(found)] or len(found) == len(told.posted) + 1
    assert nth > 35


def test_what_a_dead_process_posted_is_made_durable_by_the_next(
    tmp_path, quick, disks, request_ended
):
    """It is in the kernel's hands only, until somebody syncs it."""
    folder, after = tmp_path / "state", tmp_path / "after"
    disk = disks["power"](0)
    options = attrs.evolve(quick, disk=disk)
    store = Store.open(folder, "serve", options)
    store.post(request_ended("r1"))
    disk.abandon()
    Store.open(folder, "serve", options)
    disk.abandon()
    disk.after_power_cut(folder, after, random.Random(0))
    assert look(after).indexes.request("r1")


def test_segments_are_closed_at_their_size_and_read_as_one_log(tmp_path, quick, request_ended):
    """No segment is over its size, and the numbering runs through all of them."""
    with Store.open(tmp_path, "serve", attrs.evolve(quick, segment_size=3000)) as store:
        for n in range(40):
            store.post(request_ended(f"r{n}"))
    files = sorted(tmp_path.glob("logs/serve/*.jsonl"))
    assert len(files) > 5
    assert all(file.stat().st_size <= 3000 for file in files)
    assert look(tmp_path).positions() == {"serve": 40}
    assert not (tmp_path / "logs/serve/next.tmp").exists()


def test_an_empty_segment_is_never_followed_by_another(tmp_path, quick, disks, request_ended):
    """Both would have the same name. Here the first record is refused, and each fills a segment."""
    full = disks["failing"](2, errno.ENOSPC, only="write")
    options = attrs.evolve(quick, segment_size=10)
    with Store.open(tmp_path, "serve", options) as store:
        store._log.disk = full
        with pytest.raises(StoreUnavailable):
            store.post(request_ended("refused"))
        store.post(*[request_ended(f"r{n}") for n in range(5)])
        store.post(request_ended("r5"))
    assert [int(file.stem) for file in sorted(tmp_path.glob("logs/serve/*.jsonl"))] == [1, 6, 7]
    after = look(tmp_path)
    assert after.positions() == {"serve": 7}
    assert (after.indexes.total("demo").requests, after.indexes.dropped) == (6, 1)


def test_a_segment_is_not_closed_while_its_sync_is_on_the_way(tmp_path, quick):
    """The kernel would tell a failure to only one of two syncs; the segment grows a little instead."""
    log = Log(Position(tmp_path), quick.disk, quick.clock, segment_size=100)
    log.append(b"a\n", 1)
    first = log.end.first
    sync = log.begin_sync()
    log.append(b"b\n", 1)
    assert log.end.first == first
    sync()
    log.end_sync(sync, None)
    log.append(b"c\n", 1)
    assert log.end.first == 3
    log.close()


def test_a_log_that_breaks_while_a_sync_is_on_the_way_keeps_its_descriptor_for_it(
    tmp_path, quick, disks
):
    """A closed number could be given to another file and that be synced instead."""
    log = Log(Position(tmp_path), quick.disk, quick.clock)
    log.append(b"a\n", 1)
    sync = log.begin_sync()
    log.disk = disks["failing"](1, errno.EIO, sticky=True)
    with pytest.raises(StoreUnavailable):
        log.append(b"b\n", 1)
    assert log.broken
    sync()
    log.end_sync(sync, None)
    assert log.durable == 1
    with pytest.raises(OSError, match="Bad file descriptor"):
        quick.disk.truncate(sync.fd, 0)
    log.close()


def test_files_are_for_their_owner_only(tmp_path, quick):
    """Names of projects and the habits of their users are nobody else's business."""
    folder = tmp_path / "state"
    with Store.open(folder, "serve", quick) as store:
        store.post(KeyRevoked("d"))
    with (folder / f"logs/serve/{1:020d}.jsonl").open("ab") as file:
        file.write(b"torn")
    Store.open(folder, "serve", quick).close()
    paths = [folder, *folder.rglob("*")]
    assert len(paths) == 8
    for path in paths:
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600)


def test_a_closed_log_takes_nothing_and_cannot_be_mended(tmp_path, quick):
    """Its next writer may be at work already."""
    store = Store.open(tmp_path, "serve", quick)
    store.post(KeyRevoked("d"))
    store.close()
    store.close()
    with pytest.raises(StoreUnavailable, match="is closed"):
        store.commit_now(KeyRevoked("e"))
    with pytest.raises(StoreUnavailable, match="is closed"):
        store.post(KeyRevoked("e"))
    assert look(tmp_path).positions() == {"serve": 1}


def test_nothing_is_created_before_the_first_record(tmp_path, quick):
    """A process that only reads leaves no segment behind."""
    Store.open(tmp_path, "serve", quick).close()
    assert list(tmp_path.glob("logs/serve/*.jsonl")) == []
    tail = Tail(Position(tmp_path / "logs/serve"), lambda _, *, seq: None)
    assert tail.settle() is None
