"""A worker's end of its link."""

import pytest
import trio
from trio.testing import memory_stream_pair

from gateway.workers.link import MOST_WAITING, Link
from gateway.workers.news import HUB, OTHERS, Count, Joined, Message, Up, line


async def test_messages_arrive_in_their_order_and_in_pieces() -> None:
    """Whatever the stream makes of them."""
    heard: list[tuple[int, Message]] = []
    ours, theirs = memory_stream_pair()
    link = Link(ours, lambda *said: heard.append(said))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(link.run)
        data = line(HUB, Joined(2)) + line(2, Count(1)) + line(2, Count(2))
        for at in range(len(data)):
            await theirs.send_all(data[at : at + 1])
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    assert heard == [(HUB, Joined(2)), (2, Count(1)), (2, Count(2))]


async def test_what_is_posted_is_sent() -> None:
    """To all others where nothing else is said."""
    ours, theirs = memory_stream_pair()
    link = Link(ours, lambda *_: None)
    link.post(Count(1))
    link.post(Up("hello"), HUB)
    expected = line(OTHERS, Count(1)) + line(HUB, Up("hello"))
    got = b""
    async with trio.open_nursery() as nursery:
        nursery.start_soon(link.run)
        while len(got) < len(expected):
            got += await theirs.receive_some()
        nursery.cancel_scope.cancel()
    assert got == expected


async def test_it_ends_with_the_supervisor() -> None:
    """However much is still to be said."""
    ours, theirs = memory_stream_pair()
    link = Link(ours, lambda *_: None)
    await theirs.aclose()
    link.post(Count(1))
    with trio.fail_after(5):
        await link.run()


async def test_a_supervisor_that_takes_nothing_is_noticed() -> None:
    """Instead of memory that grows for ever."""
    ours, _theirs = memory_stream_pair()
    link = Link(ours, lambda *_: None)
    for number in range(MOST_WAITING):
        link.post(Count(number))
    with pytest.raises(trio.WouldBlock):
        link.post(Count(0))
