"""A worker as it sees itself: its number, where it listens, and its link to the supervisor."""

import socket

import attrs
import trio

from gateway.workers.address import SharedAddress


@attrs.frozen(eq=False)
class Worker:
    """One of `of` processes that serve an address together. `number` counts from 1, and stays when the worker
    is started again."""

    number: int
    of: int
    address: SharedAddress
    link: socket.socket

    @property
    def is_first(self) -> bool:
        """Whether it does what is to be done once: it begins alone, the others when it is up."""
        return self.number == 1

    def listen(self) -> list[trio.SocketListener]:
        """Listens on sockets of its own.

        Raises:
            OSError: the supervisor is gone, and somebody else has the address.
        """
        sockets = self.address.listen()
        return [trio.SocketListener(trio.socket.from_stdlib_socket(each)) for each in sockets]
