"""Listening sockets."""

import pytest
import trio

from gateway import front


async def test_any_free_port_can_be_had():
    """Port 0 gives a listener on a port of the kernel's choice."""
    [listener] = await front.bind("127.0.0.1", 0)
    assert listener.socket.getsockname()[1] > 0
    await listener.aclose()


async def test_an_address_in_use_is_named():
    """The error says which address, so that the operator need not guess."""
    [listener] = await front.bind("127.0.0.1", 0)
    port = listener.socket.getsockname()[1]
    with pytest.raises(front.AddressUnavailable, match=f"127.0.0.1:{port}: .*in use"):
        await front.bind("127.0.0.1", port)
    await listener.aclose()


@pytest.mark.parametrize(("host", "port"), [("127.0.0.1", 70000), ("192.0.2.1", 0), ("", -1)])
async def test_an_address_that_cannot_be_ours_is_an_error_of_the_same_kind(host, port):
    """Impossible ports and foreign addresses are named like an address in use."""
    with pytest.raises(OSError, match=f"{host}:{port}"):
        await front.bind(host, port)


async def test_listeners_belong_to_trio():
    """What is given can be handed to `serve`."""
    listeners = await front.bind("localhost", 0)
    assert all(isinstance(listener, trio.SocketListener) for listener in listeners)
    for listener in listeners:
        await listener.aclose()
