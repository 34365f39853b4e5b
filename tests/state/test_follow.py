"""What other processes write is seen, and what they leave unfinished does no harm."""

import random
import resource
import signal
import subprocess
import sys
import time

import attrs
import pytest
import trio

from state import StateDamaged, Store, codec, keys, look, projects
from state.records import KeyRevoked

WORKER = """
import itertools, pathlib, sys
from state import Store
from state.records import KeyIssued, ProjectCreated
store = Store.open(pathlib.Path(sys.argv[1]), "serve")
print("open", store.writer, flush=True)
for n in itertools.count():
    store.commit_now(ProjectCreated(f"{store.writer}.{n}", ()))
    print("acked", n, flush=True)
    store.post(KeyIssued("p", f"{store.writer}.d{n}", "live", "h"))
    print("posted", n, flush=True)
"""


def command(tmp_path, name):
    """What `project create` does, in a process of its own."""
    program = (
        "import pathlib, sys\n"
        "from state import Store, projects\n"
        "with Store.open(pathlib.Path(sys.argv[1]), 'cli') as store:\n"
        "    records, fresh = projects.new_project(store.indexes, sys.argv[2], ['*'])\n"
        "    store.commit_now(*records)\n"
        "    print(fresh.live_key)\n"
    )
    return [sys.executable, "-c", program, str(tmp_path), name]


async def test_a_running_store_sees_what_a_command_does_within_a_second(tmp_path, quick):
    """A key works as soon as it was printed, and stops working as soon as it was revoked."""
    with Store.open(tmp_path, "serve", quick) as store:
        async with trio.open_nursery() as nursery:
            await nursery.start(store.run)
            done = await trio.run_process(command(tmp_path, "demo"), capture_stdout=True)
            digest = keys.digest(done.stdout.decode().strip())
            with trio.fail_after(1):
                while store.indexes.key(digest) is None:
                    await trio.sleep(0.01)
            assert not store.indexes.key(digest).revoked
            with Store.open(tmp_path, "cli", quick) as cli:
                cli.commit_now(*projects.revoke(cli.indexes, "demo"))
            with trio.fail_after(1):
                while not store.indexes.key(digest).revoked:
                    await trio.sleep(0.01)
            nursery.cancel_scope.cancel()


async def test_two_stores_see_each_other(tmp_path, quick, request_ended):
    """Each counts what both served."""
    with Store.open(tmp_path, "serve", quick) as one, Store.open(tmp_path, "serve", quick) as two:
        async with trio.open_nursery() as nursery:
            await nursery.start(one.run)
            await nursery.start(two.run)
            for n in range(500):
                (one, two)[n % 2].post(request_ended(f"r{n}"))
            with trio.fail_after(3):
                while (
                    one.indexes.total("demo").requests + two.indexes.total("demo").requests < 1000
                ):
                    await trio.sleep(0.01)
            nursery.cancel_scope.cancel()
        assert one.indexes == two.indexes
        assert one.indexes == look(tmp_path).indexes


def test_a_follower_reads_over_the_ends_of_segments(tmp_path, quick, request_ended):
    """While they are being written, in pieces of any size."""
    options = attrs.evolve(quick, segment_size=4000)
    with Store.open(tmp_path, "serve", options) as store:
        follower = look(tmp_path)
        rng = random.Random(1)
        for n in range(60):
            store.post(request_ended(f"r{n}"))
            if rng.random() < 0.3:
                while follower.poll():
                    pass
        while follower.poll():
            pass
        assert follower.indexes == store.indexes
        assert follower.reports == []


def test_a_half_written_line_is_waited_for(small_log):
    """It is complete at the next poll, or the one after."""
    path = small_log(1)
    follower = look(path.parents[2])
    line, _ = codec.encode(KeyRevoked("d0"), 2, 1)
    with path.open("ab", buffering=0) as file:
        file.write(line[:40])
        for _ in range(60):
            assert not follower.poll()
        file.write(line[40:])
    assert follower.poll()
    assert follower.positions() == {"serve": 2}
    assert follower.reports == []


def test_damage_in_a_followed_log_is_reported_once_and_others_go_on(small_log, quick):
    """A running server does not fall over another process's disk."""
    path = small_log(1)
    state = path.parents[2]
    with Store.open(state, "other", quick) as other:
        follower = look(state)
        good, _ = codec.encode(KeyRevoked("d0"), 3, 1)
        with path.open("ab") as file:
            file.write(b"garbage\n" + good)
        for _ in range(120):
            follower.poll()
        (report,) = follower.reports
        assert f"{path}, line 3" in report
        assert "not followed any more" in report
        other.post(KeyRevoked("x"))
        assert follower.poll()
    with pytest.raises(StateDamaged):
        look(state)


def test_an_intact_line_out_of_order_is_reported_at_once(small_log):
    """There is nothing to wait for."""
    path = small_log(1)
    follower = look(path.parents[2])
    with path.open("ab") as file:
        file.write(codec.encode(KeyRevoked("d0"), 9, 1)[0])
    assert not follower.poll()
    assert not follower.poll()
    (report,) = follower.reports
    assert "record 9 stands where record 2 belongs" in report


def test_a_log_that_cannot_be_read_now_is_tried_again(small_log):
    """Its file may be away for a moment, or descriptors may have run out."""
    path = small_log(2)
    follower = look(path.parents[2])
    away = path.rename(path.with_suffix(".away"))
    assert not follower.poll()
    away.rename(path)
    with path.open("ab") as file:
        file.write(codec.encode(KeyRevoked("d0"), 3, 1)[0])
    assert follower.poll()
    assert follower.reports == []


def test_a_folder_that_cannot_be_listed_now_is_tried_again(small_log):
    """Descriptors may have run out; the server must not fall over it."""
    path = small_log(1)
    state = path.parents[2]
    follower = look(state)
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    with path.open("ab") as file:
        file.write(codec.encode(KeyRevoked("d0"), 2, 1)[0])
    resource.setrlimit(resource.RLIMIT_NOFILE, (1, limits[1]))
    try:
        assert not follower.poll()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    assert follower.poll()


def test_a_state_that_is_not_there_is_empty(tmp_path):
    """Looking creates nothing."""
    follower = look(tmp_path / "none")
    assert not follower.poll()
    assert follower.indexes.projects == {}
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_killed_writers_lose_nothing_they_told(tmp_path, quick):
    """Ten times: two processes write, both are killed at any moment; a third one checks."""
    rng = random.Random(7)
    told = set()
    for _ in range(5):
        told |= kill_two_writers(tmp_path, rng.uniform(0.01, 0.1))
        for writer in ("serve", "serve"):  # each cuts what its log was left with
            Store.open(tmp_path, writer, quick).close()
        indexes = look(tmp_path).indexes
        known = {f"p {name}" for name in indexes.projects}
        known |= {f"k {key.digest}" for key in indexes.keys_of("p")}
        assert told <= known
    assert len(told) > 40


def kill_two_writers(folder, after):
    """What they had told when they died."""
    children = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER, str(folder)], stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    names = [child.stdout.readline().split()[1] for child in children]
    assert sorted(names) == ["serve", "serve-2"]
    time.sleep(after)
    told = set()
    for child, name in zip(children, names, strict=True):
        child.send_signal(signal.SIGKILL)
        whole, _, _ = child.communicate()[0].rpartition("\n")
        for line in whole.splitlines():
            kind, n = line.split()
            told.add(f"p {name}.{n}" if kind == "acked" else f"k {name}.d{n}")
    return told
