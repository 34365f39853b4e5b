"""One address that several processes accept on, each on sockets of its own (SO_REUSEPORT).

The kernel deals new connections out by a hash of their addresses, so each process gets its share however
busy it is. On one socket that all accept from, whoever is woken first takes the connection, and with epoll
that is mostly the same one; a connection, once taken, stays. Sockets of one's own also die with their
process: what is opened from then on goes to the others at once.

Only Linux and FreeBSD (as SO_REUSEPORT_LB) deal out so; elsewhere one process may get everything.
"""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import attrs

from gateway.front.listen import HIGHEST_PORT, AddressUnavailable

BACKLOG = 2048


@attrs.frozen
class SharedAddress:
    """Where all listen: a socket address for each that the name has. The ports are definite."""

    places: tuple[tuple[socket.AddressFamily, Any], ...]

    def listen(self) -> list[socket.socket]:
        """Sockets of this process's own, that accept connections from now on.

        Raises:
            OSError: somebody else is there, for the address was given up.
        """
        sockets = [_bound(family, place, shared=True) for family, place in self.places]
        for each in sockets:
            each.listen(BACKLOG)
        return sockets


@contextmanager
def reserved(host: str, port: int) -> Iterator[SharedAddress]:
    """Takes the address for the processes of this user, and keeps it taken while they come and go.

    `port` 0 is any free one. The sockets that hold the place do not listen: they get no connections.

    Raises:
        AddressUnavailable: the address is in use, not ours, or not an address.
    """
    held = _hold(host, port)
    try:
        yield SharedAddress(tuple((each.family, each.getsockname()) for each in held))
    finally:
        for each in held:
            each.close()


def _hold(host: str, port: int) -> list[socket.socket]:
    if not 0 <= port <= HIGHEST_PORT:
        raise AddressUnavailable(f"Cannot listen on {host}:{port}: no such port")
    held: list[socket.socket] = []
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        held += [_bound(family, place, shared=False) for family, *_, place in found]
    except OSError as error:
        for each in held:
            each.close()
        reason = error.strerror or str(error)
        raise AddressUnavailable(f"Cannot listen on {host}:{port}: {reason}") from error
    return held


def _bound(family: socket.AddressFamily, place: Any, *, shared: bool) -> socket.socket:
    """A socket that others may share the address with; unless `shared`, only if nobody has it yet."""
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        if shared:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        made.bind(place)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    except BaseException:
        made.close()
        raise
    return made
