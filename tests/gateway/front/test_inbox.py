"""The buffer of what a client has sent: bounded, and never losing a byte or a farewell."""

import pytest
import trio
from trio.testing import memory_stream_pair, wait_all_tasks_blocked

from gateway.front.inbox import ClientGone, Inbox


async def test_reading_stops_at_the_limit_and_goes_on_when_more_is_wanted(nursery):
    """What is not wanted stays with the kernel, and so with the client."""
    client, server = memory_stream_pair()
    inbox = Inbox(limit=10)
    nursery.start_soon(inbox.fill, server)
    for _ in range(5):
        await client.send_all(b"12345")
        await wait_all_tasks_blocked()
    assert inbox.data == b"1234512345"
    await inbox.more()  # tells of what came before
    inbox.data.clear()
    await inbox.more()
    assert inbox.data == b"1234512345"


async def test_what_came_meanwhile_is_not_waited_for(nursery):
    """A wait begun after the bytes have come returns at once."""
    client, server = memory_stream_pair()
    inbox = Inbox(limit=100)
    nursery.start_soon(inbox.fill, server)
    await client.send_all(b"early")
    await wait_all_tasks_blocked()
    with trio.fail_after(1):
        await inbox.more()
    assert inbox.data == b"early"


async def test_the_end_is_told_to_everybody_who_asks():
    """Before, during and after a wait."""
    inbox = Inbox(limit=100)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_expect_gone, inbox)
        await wait_all_tasks_blocked()
        inbox.end()
    await _expect_gone(inbox)


async def _expect_gone(inbox):
    with pytest.raises(ClientGone):
        await inbox.more()


async def test_a_broken_connection_is_an_end_like_any_other():
    """A reset and a close of our own side both just stop the filling."""
    client, server = memory_stream_pair()
    await trio.aclose_forcefully(client)
    await trio.aclose_forcefully(server)
    await Inbox(limit=100).fill(server)
