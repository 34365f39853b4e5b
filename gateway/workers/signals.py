"""Signals for a program without an event loop: each becomes a byte in a socket, selected with the rest."""

import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import attrs

NUMBERS = (signal.SIGTERM, signal.SIGINT)


@attrs.frozen(eq=False)
class Signals:
    """The signals that came. `socket` can be read when there is one."""

    socket: socket.socket

    def take(self) -> int:
        """How many have come since the last time."""
        return len(self.socket.recv(1024))


@contextmanager
def caught() -> Iterator[Signals]:
    """Collects SIGTERM and SIGINT in the block, which must be in the main thread."""
    read, written = socket.socketpair()
    read.setblocking(False)
    written.setblocking(False)
    before = {number: signal.signal(number, lambda *_: None) for number in NUMBERS}
    wake = signal.set_wakeup_fd(written.fileno())
    try:
        yield Signals(read)
    finally:
        signal.set_wakeup_fd(wake)
        for number, handler in before.items():
            signal.signal(number, handler)
        read.close()
        written.close()


@contextmanager
def held_back() -> Iterator[None]:
    """Lets no signal in during the block, where a process forks: parent and child would both be told of it."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, NUMBERS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def released() -> None:
    """In a child that was forked meanwhile: a signal is its own again. A terminal's Ctrl-C is not for it, but
    for its parent."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, NUMBERS)
