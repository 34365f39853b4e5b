"""One writer a log, however many start at once."""

import os
import subprocess
import sys
import threading
import time

import attrs
import pytest

from state import StateLocked, Store
from state.lock import claim_free, claim_turn
from state.records import KeyRevoked


def test_twenty_that_start_at_once_get_twenty_logs(tmp_path, quick):
    """In threads here: the kernel's lock belongs to the open file, not to the process."""
    barrier = threading.Barrier(20)
    names, fds = [], []

    def start():
        barrier.wait()
        claim = claim_free(tmp_path / "logs", "serve", quick.disk)
        names.append(claim.name)
        fds.append(claim)

    threads = [threading.Thread(target=start) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(names) == sorted(["serve", *(f"serve-{n}" for n in range(2, 21))])
    for claim in fds:
        claim.release(quick.disk)


def test_a_log_is_taken_again_when_its_writer_is_gone(tmp_path, quick):
    """The lowest free name first, so that logs do not multiply with restarts."""
    first = Store.open(tmp_path, "serve", quick)
    second = Store.open(tmp_path, "serve", quick)
    assert (first.writer, second.writer) == ("serve", "serve-2")
    first.close()
    with Store.open(tmp_path, "serve", quick) as third:
        assert third.writer == "serve"
    second.close()


def test_the_number_of_logs_of_a_name_is_bounded(tmp_path, quick):
    """A program that never lets go must not fill the disk with folders."""
    claims = [claim_free(tmp_path / "logs", "serve", quick.disk, most=2) for _ in range(2)]
    with pytest.raises(StateLocked, match="2 processes"):
        claim_free(tmp_path / "logs", "serve", quick.disk, most=2)
    for claim in claims:
        claim.release(quick.disk)
        claim.release(quick.disk)


def test_the_command_line_waits_for_its_turn(tmp_path, quick):
    """Two commands at once run one after the other, in one log."""
    first = Store.open(tmp_path, "cli", quick)
    release = threading.Timer(0.1, first.close)
    release.start()
    begun = time.monotonic()
    with Store.open(tmp_path, "cli", attrs.evolve(quick, patience=10.0)) as second:
        assert second.writer == "cli"
        second.commit_now(KeyRevoked("d"))
    assert time.monotonic() - begun > 0.05
    release.join()


def test_patience_ends_with_the_name_of_the_holder(tmp_path, quick):
    """So that a person can see who it is."""
    with (
        Store.open(tmp_path, "cli", quick),
        pytest.raises(StateLocked, match=f"process {os.getpid()} "),
    ):
        claim_turn(tmp_path / "logs", "cli", quick.disk, 0.05)


def test_the_lock_of_a_killed_process_is_free(tmp_path, quick):
    """Whoever holds it, the kernel lets go of it when the process ends."""
    program = (
        "import sys, pathlib, time, state\n"
        "store = state.Store.open(pathlib.Path(sys.argv[1]), 'serve')\n"
        "print(store.writer, flush=True)\n"
        "time.sleep(60)\n"
    )
    child = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE)
    try:
        assert child.stdout.readline() == b"serve\n"
        with Store.open(tmp_path, "serve", quick) as other:
            assert other.writer == "serve-2"
    finally:
        child.kill()
        child.communicate()
    with Store.open(tmp_path, "serve", quick) as heir:
        assert heir.writer == "serve"
