"""The door: what each way of writing promises while the store runs."""

import errno
import threading

import attrs
import pytest
import trio

from state import RecordRefused, Store, StoreUnavailable, codec, look
from state.records import (
    Dropped,
    KeyIssued,
    KeyRevoked,
    KeyStateChanged,
    ProjectChanged,
    ProjectCreated,
)


@pytest.fixture
def store(tmp_path, quick):
    """Open, not running."""
    store = Store.open(tmp_path, "serve", quick)
    yield store
    store.close()


@pytest.fixture
async def running(store, nursery):
    """Open and running."""
    await nursery.start(store.run)
    yield store
    nursery.cancel_scope.cancel()


async def until(condition, seconds=5.0):
    """Wait for something another thread or task does."""
    with trio.fail_after(seconds):
        while not condition():
            await trio.sleep(0.005)


class Gate:
    """Holds every sync that a thread does until it is opened, and counts them."""

    def __init__(self, disk):
        self.open = threading.Event()
        self.begun = 0
        self._sync = disk.sync
        disk.sync = self.sync

    def sync(self, fd):
        if threading.current_thread() is not threading.main_thread():
            self.begun += 1
            assert self.open.wait(10)
        self._sync(fd)


async def test_a_commit_is_in_the_indexes_only_when_it_is_on_the_disk(running, quick, projects):
    """Nobody may act on a change that a power cut could take back."""
    gate = Gate(quick.disk)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(running.commit, projects(1))
        await until(lambda: gate.begun)
        assert running.indexes.projects == {}
        gate.open.set()
    assert "p1" in running.indexes.projects
    assert running.statistics().durable == running.statistics().written == 1


async def test_commits_that_come_together_share_syncs(running, quick, projects):
    """While the first is on its way to the disk, all others gather behind it."""
    gate = Gate(quick.disk)
    async with trio.open_nursery() as nursery:
        for n in range(100):
            nursery.start_soon(running.commit, projects(n))
        await until(lambda: running.statistics().written == 100)
        gate.open.set()
    assert len(running.indexes.projects) == 100
    assert running.statistics().syncs <= 3


async def test_a_cancelled_commit_is_not_taken_back(running, quick, projects, tmp_path):
    """The one who asked is gone; the record belongs to the log."""
    gate = Gate(quick.disk)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(running.commit, projects(1))
        await until(lambda: gate.begun)
        nursery.cancel_scope.cancel()
    gate.open.set()
    await until(lambda: "p1" in running.indexes.projects)
    assert "p1" in look(tmp_path).indexes.projects


async def test_a_post_is_in_the_file_and_the_indexes_before_it_returns(
    running, request_ended, tmp_path
):
    """It survives the death of the process from here on."""
    running.post(request_ended("r1"))
    assert running.indexes.request("r1")
    assert look(tmp_path).indexes == running.indexes


async def test_posts_are_synced_within_the_interval(running, request_ended):
    """Many of them by one sync."""
    for n in range(50):
        running.post(request_ended(f"r{n}"))
    assert running.statistics().durable == 0
    await until(lambda: running.statistics().durable == 50)
    assert running.statistics().syncs <= 2


async def test_what_is_told_is_written_soon(running, tmp_path):
    """Within a second, and the indexes know it then."""
    running.tell(KeyStateChanged("k", "resting", "429"))
    assert running.statistics().waiting == 1
    with trio.fail_after(1):
        await until(lambda: running.indexes.key_states)
    assert look(tmp_path).indexes.key_states["k"].state == "resting"


def test_what_is_told_happened_when_it_was_told(tmp_path, quick):
    """Not when its turn to be written came."""
    times = iter(range(100, 200))
    with Store.open(tmp_path, "serve", attrs.evolve(quick, clock=lambda: next(times))) as store:
        store.tell(KeyStateChanged("k", "resting", "429"))
        told = next(times)
    assert look(tmp_path).indexes.key_states["k"].ts < told


def test_what_is_told_too_fast_is_dropped_and_counted(tmp_path, quick):
    """The count is in the journal."""
    with Store.open(tmp_path, "serve", attrs.evolve(quick, tell_bound=3)) as store:
        for n in range(10):
            store.tell(KeyStateChanged(f"k{n}", "resting", "429"))
    indexes = look(tmp_path).indexes
    assert list(indexes.key_states) == ["k0", "k1", "k2"]
    assert indexes.dropped == 7


async def test_being_cancelled_flushes_everything(tmp_path, quick, projects, request_ended):
    """A graceful stop leaves nothing behind, not even telemetry, and frees those who wait."""
    store = Store.open(tmp_path, "serve", attrs.evolve(quick, sync_interval=60, tell_interval=60))
    waiting = trio.Event()

    async def commit_late():
        waiting.set()
        with trio.CancelScope(shield=True):
            await store.commit(projects(1))

    async with trio.open_nursery() as nursery:
        await nursery.start(store.run)
        store.post(request_ended("r1"))
        store.tell(KeyStateChanged("k", "resting", "429"))
        nursery.start_soon(commit_late)
        await waiting.wait()
        nursery.cancel_scope.cancel()
    assert store.statistics().durable == store.statistics().written == 3
    assert "p1" in store.indexes.projects
    assert look(tmp_path).indexes == store.indexes
    store.close()


async def test_a_commit_works_before_and_after_the_store_is_run(tmp_path, quick, projects):
    """It then syncs by itself, as the command line does."""
    store = Store.open(tmp_path, "serve", quick)
    await store.commit(projects(1))
    async with trio.open_nursery() as nursery:
        await nursery.start(store.run)
        with pytest.raises(RuntimeError):
            store.commit_now(projects(2))
        with pytest.raises(RuntimeError):
            store.close()
        nursery.cancel_scope.cancel()
    await store.commit(projects(3))
    store.close()
    assert set(look(tmp_path).indexes.projects) == {"p1", "p3"}


async def test_an_empty_commit_and_post_do_nothing(running):
    """No record, no line."""
    await running.commit()
    running.post()
    assert running.statistics().written == 0


async def test_records_of_one_call_are_refused_together(running):
    """One bad record keeps its good neighbours out, too."""
    with pytest.raises(RecordRefused):
        await running.commit(ProjectCreated("good", ()), ProjectCreated(7, ()))
    with pytest.raises(RecordRefused):
        running.tell(KeyStateChanged("k", None, "why"))
    assert running.statistics().written == running.statistics().waiting == 0
    assert running.healthy


async def test_a_full_disk_refuses_and_recovers_without_a_restart(
    running, quick, disks, projects, request_ended, tmp_path
):
    """Also when nobody asks any more because the gateway refuses everything."""
    await running.commit(projects(1))
    full = disks["failing"](1, errno.ENOSPC, sticky=True, only="write")
    running._log.disk = full
    with pytest.raises(StoreUnavailable, match="No space left"):
        await running.commit(projects(2))
    with pytest.raises(StoreUnavailable):
        running.post(request_ended("r1"))
    running.tell(KeyStateChanged("k", "resting", "429"))
    assert not running.healthy
    assert "No space left" in running.statistics().trouble
    await trio.sleep(0.2)
    assert not running.healthy
    full.sticky = False
    await until(lambda: running.healthy)
    assert set(running.indexes.projects) == {"p1"}
    assert running.indexes.dropped == 1
    assert running.indexes.key_states["k"]
    assert look(tmp_path).indexes == running.indexes


async def test_a_store_with_nothing_to_write_tries_the_disk_by_itself(
    running, disks, projects, tmp_path
):
    """Its own record for that counts no loss."""
    running._log.disk = disks["failing"](1, errno.ENOSPC, only="write")
    with pytest.raises(StoreUnavailable):
        await running.commit(projects(1))
    await until(lambda: running.healthy)
    assert running.statistics().written == 1
    assert look(tmp_path).indexes.dropped == Dropped(0).count


async def test_a_failed_sync_is_mended_behind_a_commit(running, disks, projects, tmp_path):
    """The commit returns only after all was written again through a fresh descriptor."""
    await running.commit(projects(0))
    running._log.disk = disks["failing"](1, errno.EIO, only="sync")
    await running.commit(projects(1))
    assert running._log.disk.struck
    assert running.healthy
    assert "p1" in look(tmp_path).indexes.projects


async def test_a_disk_that_stays_broken_refuses_and_is_mended_when_it_is_well(
    running, disks, projects, request_ended, tmp_path
):
    """What was not acknowledged may still be kept; what was acknowledged is."""
    await running.commit(projects(1))
    broken = running._log.disk = disks["failing"](1, errno.EIO, sticky=True, only="sync")
    with pytest.raises(StoreUnavailable, match="not saved"):
        await running.commit(projects(2))
    with pytest.raises(StoreUnavailable):
        running.post(request_ended("r1"))
    with pytest.raises(StoreUnavailable):
        await running.commit(projects(3))
    assert set(running.indexes.projects) == {"p1"}
    broken.sticky = False
    await until(lambda: running.healthy)
    await running.commit(projects(4))
    assert set(running.indexes.projects) == {"p1", "p2", "p4"}
    await until(lambda: running.indexes.dropped == 1)
    assert look(tmp_path).indexes == running.indexes


def test_a_state_that_cannot_be_opened_says_why(tmp_path, quick):
    """Here a file stands where the folder should be."""
    (tmp_path / "logs").write_bytes(b"")
    with pytest.raises(StoreUnavailable, match="cannot be opened"):
        Store.open(tmp_path, "serve", quick)


def test_a_change_is_later_than_all_it_could_have_seen(tmp_path, quick):
    """A clock that was set back does not make a revocation lose against what it revokes."""
    future = attrs.evolve(quick, clock=lambda: 2_000_000_000_000)
    with Store.open(tmp_path, "serve", future) as server:
        server.commit_now(ProjectCreated("p", ("a",)), KeyIssued("p", "d", "live", "h"))
    past = attrs.evolve(quick, clock=lambda: 1_000)
    with Store.open(tmp_path, "cli", past) as cli:
        cli.commit_now(KeyRevoked("d"))
        cli.commit_now(ProjectChanged("p", ("b",)))
        cli.commit_now(ProjectChanged("p", ("c",)))
        assert cli.indexes.key("d").revoked
        assert cli.indexes.projects["p"].models == ("c",)
    assert look(tmp_path).indexes.projects["p"].models == ("c",)


def test_requests_are_stamped_with_the_time_as_it_is(tmp_path, quick, request_ended):
    """Usage by day must not stick to the future because a clock was there once."""
    with Store.open(tmp_path, "serve", attrs.evolve(quick, clock=lambda: 1_000)) as store:
        store.commit_now(ProjectCreated("p", (), ts=2_000_000_000_000))
        store.post(request_ended("r1"))
        assert store.indexes.request("r1").ts == 1_000


def test_unknown_kinds_are_reported(store, tmp_path, quick):
    """A newer version was here; its records are kept."""
    store.post(KeyRevoked("d"))
    store.close()
    with (tmp_path / f"logs/serve/{1:020d}.jsonl").open("ab") as file:
        file.write(codec._seal(b'{"t":"novelty","v":1,"seq":2,"ts":1,"x":[]'))
    for writer in ("serve", "other"):
        with Store.open(tmp_path, writer, quick) as again:
            assert "1 records of kinds that this version does not know" in again.reports[0]
            assert again.statistics().unknown == 1


async def test_statistics_say_what_the_store_is_doing(running, tmp_path, quick, projects):
    """Numbers for the status page."""
    with Store.open(tmp_path, "cli", quick) as cli:
        cli.commit_now(projects(1))
        await running.commit(projects(2))
        await until(lambda: running.statistics().followed == {"cli": 1})
    statistics = running.statistics()
    assert (statistics.writer, statistics.written, statistics.durable) == ("serve", 1, 1)
    assert (statistics.waiting, statistics.unknown, statistics.trouble) == (0, 0, None)
