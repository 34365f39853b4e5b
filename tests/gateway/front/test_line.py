"""The writing side: in order, in time, and silent for good once a message was cut short."""

import trio
import trio.testing
from trio.testing import lockstep_stream_pair

from gateway.front.line import Line

TIMEOUT = 10.0


def _line():
    """A line whose other end must read every byte before a write returns."""
    ours, theirs = lockstep_stream_pair()
    return Line(ours, TIMEOUT), theirs


async def _read(stream, into):
    while data := await stream.receive_some():
        into.append(data)


async def test_messages_of_several_writers_are_not_mixed(nursery):
    """Each is complete before the next begins."""
    line, client = _line()
    for letter in (b"a", b"b", b"c"):
        nursery.start_soon(line.write, letter * 200_000)
    received = b""
    while len(received) < 600_000:
        received += await client.receive_some()
    assert [received.count(letter * 200_000) for letter in (b"a", b"b", b"c")] == [1, 1, 1]


async def test_a_client_that_reads_nothing_breaks_the_line_in_time(autojump_clock):
    """The reader's scope is cancelled, so that whoever watches it learns."""
    line, _client = _line()
    started = trio.current_time()
    await line.write(b"hello")
    assert trio.current_time() - started == TIMEOUT
    assert line.broken
    assert line.reading.cancel_called


async def test_a_client_that_reads_slowly_is_given_time(nursery, autojump_clock):
    """The timeout counts while nothing moves, not for the whole."""
    line, client = _line()

    async def read_slowly():
        while True:
            await trio.sleep(TIMEOUT * 0.9)
            await client.receive_some(64 * 1024)

    nursery.start_soon(read_slowly)
    await line.write(bytes(640 * 1024))
    assert trio.current_time() > TIMEOUT * 5
    assert not line.broken
    nursery.cancel_scope.cancel()


async def test_nothing_follows_a_write_that_was_cancelled(nursery, autojump_clock):
    """Half a message is the last thing a client gets."""
    line, client = _line()
    with trio.move_on_after(1):
        await line.write(b"half")
    received = []
    nursery.start_soon(_read, client, received)
    await line.write(b"after")
    await trio.testing.wait_all_tasks_blocked()
    assert line.broken
    assert b"after" not in b"".join(received)
    nursery.cancel_scope.cancel()


async def test_nothing_follows_the_last_message(nursery):
    """Not even what waited for its turn already."""
    line, client = _line()
    received = []
    async with trio.open_nursery() as writers:
        writers.start_soon(lambda: line.write(b"bye", last=True))
        await trio.testing.wait_all_tasks_blocked()
        writers.start_soon(line.write, b"too late")
        await trio.testing.wait_all_tasks_blocked()
        nursery.start_soon(_read, client, received)
    assert received == [b"bye"]
    assert not line.broken
    nursery.cancel_scope.cancel()


async def test_a_closed_connection_breaks_the_line_quietly():
    """Whose end was closed does not matter."""
    for side in (0, 1):
        pair = lockstep_stream_pair()
        await trio.aclose_forcefully(pair[side])
        line = Line(pair[0], TIMEOUT)
        await line.write(b"hello")
        assert line.broken
