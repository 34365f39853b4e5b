"""One address, several sockets on it."""

import socket
from collections import Counter

import pytest

from gateway.front.listen import AddressUnavailable
from gateway.workers.address import reserved


def port_of(place: object) -> int:
    """The port in a socket address."""
    assert isinstance(place, tuple)
    port = place[1]
    assert isinstance(port, int)
    return port


def test_connections_are_dealt_out_and_a_closed_socket_gets_none() -> None:
    """Each of two listeners has its part of 100; what comes after one is closed, the other has."""
    with reserved("127.0.0.1", 0) as address:
        (first,), (second,) = address.listen(), address.listen()
        clients = [socket.create_connection(first.getsockname()) for _ in range(100)]
        first.setblocking(False)
        second.setblocking(False)
        shares = Counter({"first": len(accepted(first)), "second": len(accepted(second))})
        place = first.getsockname()
        first.close()
        clients += [socket.create_connection(place) for _ in range(20)]
        late = len(accepted(second))
        for each in (*clients, second):
            each.close()

    assert shares.total() == 100
    assert min(shares.values()) >= 25
    assert late == 20


def accepted(listener: socket.socket) -> list[None]:
    """One for each connection that waits at the listener; they are closed."""
    seen: list[None] = []
    while True:
        try:
            listener.accept()[0].close()
        except BlockingIOError:
            return seen
        seen.append(None)


def test_a_reserved_address_is_nobody_elses_while_a_worker_listens() -> None:
    """A second gateway is refused, as is one where any program listens; afterwards the address is free."""
    with reserved("127.0.0.1", 0) as address:
        (listener,) = address.listen()
        port = port_of(address.places[0][1])
        with pytest.raises(AddressUnavailable, match=f"127.0.0.1:{port}: Address already in use"):
            reserved("127.0.0.1", port).__enter__()
        listener.close()
    with reserved("127.0.0.1", port) as again:
        assert port_of(again.places[0][1]) == port


def test_a_reservation_alone_accepts_nothing() -> None:
    """Where no worker listens clients are refused at once instead of waiting."""
    with reserved("127.0.0.1", 0) as address, pytest.raises(ConnectionRefusedError):
        socket.create_connection(address.places[0][1])


@pytest.mark.parametrize(
    ("host", "port", "why"),
    [
        ("127.0.0.1", 65536, "no such port"),
        ("192.0.2.1", 0, "Cannot assign"),
        ("no.such.host.invalid", 0, "192.0.2.1"),
    ],
)
def test_an_address_that_cannot_be_had_is_named(host: str, port: int, why: str) -> None:
    """With the system's reason."""
    why = why if host[0].isdigit() else f"Cannot listen on {host}:{port}"
    with pytest.raises(AddressUnavailable, match=why):
        reserved(host, port).__enter__()


def test_every_address_of_a_name_is_listened_on() -> None:
    """IPv6 too, where the machine has it, and on no more than that."""
    with reserved("::1", 0) as address:
        (listener,) = address.listen()
        with socket.create_connection(listener.getsockname()[:2]):
            pass
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", listener.getsockname()[1]))
        listener.close()
