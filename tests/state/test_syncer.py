"""Group commit on its own: who waits is told, whatever becomes of the task."""

import errno
import threading

import pytest
import trio

from state import StoreUnavailable
from state.log import Log
from state.position import Position
from state.syncer import Syncer


@pytest.fixture
def log(tmp_path, quick):
    log = Log(Position(tmp_path), quick.disk, quick.clock)
    yield log
    log.close()


@pytest.fixture
def syncer(log):
    return Syncer(log, 60, lambda: None)


async def test_one_who_waits_does_not_wait_for_the_interval(log, syncer, nursery):
    """The interval, a minute here, is for those who do not."""
    await nursery.start(syncer.run)
    log.append(b"a\n", 1)
    syncer.appended()
    with trio.fail_after(5):
        await syncer.durable()
    assert log.durable == 1
    nursery.cancel_scope.cancel()


async def test_nothing_to_sync_is_durable_already(syncer, nursery):
    """No system call is needed to say so."""
    await nursery.start(syncer.run)
    with trio.fail_after(5):
        await syncer.durable()
    assert syncer.syncs == 0
    nursery.cancel_scope.cancel()


async def test_finishing_frees_all_who_wait(log, syncer):
    """Also those who came while the last sync was on its way."""
    freed = []

    async def wait(name):
        await syncer.durable()
        freed.append(name)

    async with trio.open_nursery() as nursery:
        log.append(b"a\n", 1)
        nursery.start_soon(wait, "one")
        nursery.start_soon(wait, "two")
        await trio.testing.wait_all_tasks_blocked()
        await syncer.finish()
    assert sorted(freed) == ["one", "two"]
    assert not syncer.running


async def test_finishing_waits_for_those_who_come_while_it_syncs(log, syncer, quick):
    """A commit that was begun before the end is acknowledged before the end."""
    begun, go_on = threading.Event(), threading.Event()

    def sync(fd):
        begun.set()
        assert go_on.wait(10)

    log.append(b"a\n", 1)
    quick.disk.sync = sync
    with trio.fail_after(10):
        await finish_with_a_late_commit(log, syncer, begun, go_on)
    assert log.durable == 2


async def finish_with_a_late_commit(log, syncer, begun, go_on):
    async with trio.open_nursery() as nursery:
        nursery.start_soon(syncer.finish)
        assert await trio.to_thread.run_sync(begun.wait, 10)
        log.append(b"b\n", 1)
        nursery.start_soon(syncer.durable)
        await trio.testing.wait_all_tasks_blocked()
        go_on.set()


async def test_a_failure_is_told_to_each_who_waited(log, syncer, disks):
    """And to nobody else: the next one has its own sync."""
    log.append(b"a\n", 1)
    log.disk = disks["failing"](1, errno.EIO, sticky=True)
    refused = []

    async def wait():
        try:
            await syncer.durable()
        except StoreUnavailable as error:
            refused.append(str(error))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(wait)
        nursery.start_soon(wait)
        await trio.testing.wait_all_tasks_blocked()
        await syncer.sync()
    assert refused == ["not saved: [Errno 5] Input/output error"] * 2
    log.disk = disks["quiet"]()
    await syncer.sync()
    assert not log.broken
    assert log.durable == 1
