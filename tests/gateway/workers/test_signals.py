"""Signals as something that can be selected."""

import multiprocessing
import os
import signal

from gateway.workers.signals import caught, held_back, released


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
    """SIGTERM ends it, Ctrl-C at the terminal does not; its parent is told of neither."""
    fork = multiprocessing.get_context("fork")
    read, written = fork.Pipe(duplex=False)
    with caught() as signals:
        with held_back():
            child = fork.Process(target=_child, args=(written,))
            child.start()
        assert read.recv() == "alive after SIGINT"
        assert child.pid is not None
        os.kill(child.pid, signal.SIGTERM)
        child.join(10)
        signals.socket.settimeout(0.0)
        assert child.exitcode == -signal.SIGTERM
        assert _taken(signals.socket.recv) == 0
    for each in (read, written):
        each.close()


def _child(told: "multiprocessing.connection.Connection") -> None:
    released()
    os.kill(os.getpid(), signal.SIGINT)
    told.send("alive after SIGINT")
    signal.pause()


def _taken(receive: object) -> int:
    assert callable(receive)
    try:
        return len(receive(1024))
    except BlockingIOError:
        return 0
