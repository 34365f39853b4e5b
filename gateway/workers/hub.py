"""The supervisor's ends of the links: each line goes on to whom it is for. Nothing here ever waits."""

import selectors
import socket
from collections.abc import Callable
from contextlib import suppress
from functools import partial

import attrs

from gateway.workers.news import HUB, OTHERS, Joined, Left, Message, line, whom

CHUNK = 1 << 16


@attrs.define(eq=False)
class Wire:
    """One end of a link that is read and written as far as is possible at once."""

    socket: socket.socket
    ended: bool = False
    _come: bytes = b""
    _unsent: bytearray = attrs.field(factory=bytearray)

    @property
    def waiting(self) -> int:
        """Bytes that the other end has not taken yet."""
        return len(self._unsent)

    def lines(self) -> list[bytes]:
        """The whole lines that have come, without their newlines."""
        pieces = [self._come]
        try:
            while data := self.socket.recv(CHUNK):
                pieces.append(data)
            self.ended = True
        except BlockingIOError:
            pass
        except OSError:
            self.ended = True
        *lines, self._come = b"".join(pieces).split(b"\n")
        return lines

    def send(self, data: bytes = b"") -> None:
        """Sends these bytes after those that still wait. What is sent to the dead is lost."""
        self._unsent += data
        try:
            while self._unsent:
                del self._unsent[: self.socket.send(self._unsent)]
        except BlockingIOError:
            pass
        except OSError:
            self._unsent.clear()


@attrs.define(eq=False)
class Hub:
    """All links, by worker. `hear` is told the messages that are for the supervisor itself."""

    selector: selectors.BaseSelector
    hear: Callable[[int, bytes], None]
    _wires: dict[int, Wire] = attrs.field(factory=dict)

    def join(self, worker: int) -> socket.socket:
        """A link for a new worker: gives the worker's end. The others are told."""
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        self.broadcast(Joined(worker))
        self._wires[worker] = Wire(ours)
        self.selector.register(ours, selectors.EVENT_READ, partial(self._turn, worker))
        return theirs

    def leave(self, worker: int) -> None:
        """A worker is dead: what it still said is handed on, then the others are told."""
        self._turn(worker)
        wire = self._wires.pop(worker)
        with suppress(KeyError):
            self.selector.unregister(wire.socket)
        wire.socket.close()
        self.broadcast(Left(worker))

    def tell(self, worker: int, message: Message) -> None:
        """A word of the supervisor's to one worker."""
        self._send(worker, line(HUB, message))

    def broadcast(self, message: Message) -> None:
        """A word of the supervisor's to all."""
        for worker in self._wires:
            self.tell(worker, message)

    def stuck(self, most: int) -> list[int]:
        """The workers that more than so many bytes wait for."""
        return [worker for worker, wire in self._wires.items() if wire.waiting > most]

    def close(self) -> None:
        """Gives the descriptors back; for a process that has only inherited them."""
        for wire in self._wires.values():
            wire.socket.close()

    def _turn(self, worker: int) -> None:
        wire = self._wires.get(worker)
        if wire is None:
            return  # its death came in the same moment and was seen first
        for text in wire.lines():
            self._hand_on(worker, text)
        self._send(worker, b"")
        if wire.ended:
            with suppress(KeyError):
                self.selector.unregister(wire.socket)

    def _hand_on(self, sender: int, text: bytes) -> None:
        to, rest = whom(text)
        if to == HUB:
            self.hear(sender, rest)
            return
        readers = [worker for worker in self._wires if worker != sender]
        for worker in readers if to == OTHERS else {to}.intersection(readers):
            self._send(worker, b"%d %b\n" % (sender, rest))

    def _send(self, worker: int, data: bytes) -> None:
        wire = self._wires[worker]
        wire.send(data)
        key = self.selector.get_map().get(wire.socket)
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if wire.waiting else 0)
        if key is not None and key.events != wanted:
            self.selector.modify(wire.socket, wanted, key.data)
