"""The socket that waits only where there is something to wait for."""

import socket

import pytest
import trio

from providers.transport import EagerStream


async def _pair() -> tuple[EagerStream, EagerStream]:
    near, far = socket.socketpair(socket.AF_UNIX)
    return tuple(
        EagerStream(trio.SocketStream(trio.socket.from_stdlib_socket(end))) for end in (near, far)
    )


async def test_what_the_kernel_takes_is_sent_without_a_pause() -> None:
    """Nobody else has run meanwhile, not even a cancellation was looked for."""
    near, far = await _pair()
    async with near, far:
        with trio.CancelScope() as scope:
            scope.cancel()
            await near.send_all(b"at once")
        assert not scope.cancelled_caught
        assert await far.receive_some() == b"at once"


async def test_more_than_the_kernel_takes_waits_for_the_reader() -> None:
    """And arrives whole."""
    near, far = await _pair()
    data, got = bytes(range(256)) * 20_000, bytearray()

    async def read() -> None:
        while len(got) < len(data):
            got.extend(await far.receive_some())

    async with near, far, trio.open_nursery() as nursery:
        nursery.start_soon(read)
        await near.send_all(data)
    assert got == data


async def test_what_was_said_before_the_end_is_read_and_then_nothing() -> None:
    """The other direction stays open."""
    near, far = await _pair()
    async with near, far:
        await near.send_all(b"bye")
        await near.send_eof()
        assert [await far.receive_some(), await far.receive_some()] == [b"bye", b""]
        await far.send_all(b"so long")
        assert await near.receive_some() == b"so long"


async def test_a_broken_connection_is_said_to_be_broken_and_a_closed_one_closed() -> None:
    """In both directions."""
    near, far = await _pair()
    await far.aclose()
    with pytest.raises(trio.BrokenResourceError):
        await near.send_all(b"nobody")
    await near.aclose()
    await near.aclose()
    with pytest.raises(trio.ClosedResourceError):
        await near.send_all(b"nobody")
    with pytest.raises(trio.ClosedResourceError):
        await near.receive_some()


async def test_closing_wakes_whoever_waits_for_bytes() -> None:
    """It is told that the connection is closed."""
    near, far = await _pair()

    async def read() -> None:
        with pytest.raises(trio.ClosedResourceError):
            await near.receive_some()

    async with far, trio.open_nursery() as nursery:
        nursery.start_soon(read)
        await trio.testing.wait_all_tasks_blocked()
        await near.aclose()
