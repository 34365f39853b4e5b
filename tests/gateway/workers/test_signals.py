"""Signals as something that can be selected."""

import os
import signal
import subprocess
import sys

from gateway.workers.signals import caught
from tests.gateway_process import ROOT

FORKED = """
import multiprocessing, os, signal
from gateway.workers.signals import caught, held_back, released

def live(told):
    released()
    os.kill(os.getpid(), signal.SIGINT)
    told.send("alive")
    signal.pause()

fork = multiprocessing.get_context("fork")
read, written = fork.Pipe(duplex=False)
with caught() as signals:
    with held_back():
        child = fork.Process(target=live, args=(written,))
        child.start()
    said = read.recv()
    os.kill(child.pid, signal.SIGTERM)
    child.join(10)
    os.kill(os.getpid(), signal.SIGINT)
    print(said, child.exitcode, signals.take())
"""


def test_each_signal_is_counted_and_the_old_handlers_come_back() -> None:
    """Two before anybody looked are two."""
    before = signal.getsignal(signal.SIGTERM)
    with caught() as signals:
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGINT)
        assert signals.take() == 2
    assert signal.getsignal(signal.SIGTERM) is before
    assert signal.set_wakeup_fd(-1) == -1


def test_a_child_answers_for_itself() -> None:
    """SIGTERM ends it, Ctrl-C does not; its parent is told of neither, only of its own."""
    command = [sys.executable, "-W", "error", "-c", FORKED]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=30, cwd=ROOT, check=False
    )
    assert done.stdout.split() == ["alive", str(-signal.SIGTERM), "1"], done.stderr
