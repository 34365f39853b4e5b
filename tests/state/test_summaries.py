"""Summaries are written beside the work, whole or not at all, and never stand in its way."""

import errno

import attrs
import pytest
import trio

from state import look
from state.position import segments, summary_path
from state.store import Store
from state.summary import load


async def test_a_running_store_writes_the_summary_of_a_segment_it_has_closed(
    tmp_path, quick, request_ended
):
    """In the background, within a moment."""
    options = attrs.evolve(quick, segment_size=3000, tell_interval=0.001)
    folder = tmp_path / "logs" / "serve"
    with Store.open(tmp_path, "serve", options) as store:
        async with trio.open_nursery() as nursery:
            await nursery.start(store.run)
            for n in range(4):
                store.post(request_ended(f"r{n}"))
            with trio.fail_after(5):
                while not summary_path(folder, 1).exists():  # noqa: ASYNC110 - a thread makes it
                    await trio.sleep(0.001)
            nursery.cancel_scope.cancel()
    assert load(folder, 1).header.last == segments(folder)[1] - 1


@pytest.mark.parametrize("call", ["open", "write", "sync", "rename"])
def test_a_disk_that_refuses_summaries_costs_only_time(tmp_path, quick, disks, request_ended, call):
    """Every record is there without them."""
    options = attrs.evolve(quick, segment_size=3000)
    with Store.open(tmp_path, "serve", options) as store:
        store.post(request_ended("before"))
        disk = disks["failing"](1, errno.ENOSPC, sticky=True, only=call)
        store._summaries.disk = disk
        for n in range(9):
            store.post(request_ended(f"r{n}"))
    assert disk.struck
    assert not list(tmp_path.glob("logs/serve/*.summary"))
    assert len(look(tmp_path).indexes.recent) == 10


def test_a_process_that_dies_while_it_writes_one_leaves_none_that_is_half(
    tmp_path, quick, disks, request_ended
):
    """Whichever call it dies at; the next start makes what is missing."""
    nth, died = 0, True
    options = attrs.evolve(quick, segment_size=3000)
    while died:
        nth += 1
        state, disk, posted = tmp_path / str(nth), disks["dying"](nth), 0
        store = Store.open(state, "serve", options)
        store._summaries.disk = disk
        try:
            for posted in range(1, 10):
                store.post(request_ended(f"r{posted}"))
            died = False
        except disks["killed"]:
            disk.abandon()
        store._log.close()
        store._claim.release(quick.disk)
        seen = look(state)
        assert (seen.reports, len(seen.indexes.recent)) == ([], posted)
        Store.open(state, "serve", options).close()
        assert look(state).indexes == look(state, summaries=False).indexes
    assert nth > 8
