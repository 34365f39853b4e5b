"""What processes use is read from the system."""

import os
import socket
import subprocess
import sys
import time

from benchmarks.overhead import cpu

BUSY = (
    "import time; end = time.process_time() + 0.3\nwhile time.process_time() < end: pass\ninput()"
)


def test_time_of_the_whole_family_is_counted() -> None:
    """A child's work is its parent's."""
    mine = os.getpid()
    before = cpu.used(mine)
    with subprocess.Popen([sys.executable, "-c", BUSY], stdin=subprocess.PIPE) as child:
        assert child.pid in cpu.family(mine)
        give_up = time.monotonic() + 20.0
        while cpu.used(child.pid) < 0.3:
            assert time.monotonic() < give_up
            time.sleep(0.01)
        assert cpu.used(mine) >= before + 0.3
        assert 1e6 < cpu.resident(child.pid) < cpu.resident(mine)
        child.communicate(b"\n")
    assert cpu.used(child.pid) == cpu.resident(child.pid) == 0


def test_the_one_who_listens_is_found_by_the_port() -> None:
    """If it is somebody whom we may ask."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        assert cpu.listener(port) == os.getpid()
    assert cpu.listener(port) is None


def test_a_process_stays_where_it_is_put() -> None:
    """What is measured and what measures share a processor only where there is one."""
    measured, measuring = cpu.cores()
    allowed = os.sched_getaffinity(0)
    assert measured | measuring == allowed
    assert len(allowed) == 1 or not measured & measuring
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        cpu.pin(child.pid, measured)
        assert os.sched_getaffinity(child.pid) == measured
        child.communicate(b"\n")
