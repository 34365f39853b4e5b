"""One connection at the byte: every cut of an answer, and everything that is none."""

import httpx
import pytest
import trio
from trio.testing import memory_stream_pair

from providers.transport import Connection

SIZED = b"HTTP/1.1 200 OK\r\nX-A: 1\r\nx-a: 2\r\nContent-Length: 5\r\n\r\nhello"
CHUNKED = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\nT: 1\r\n\r\n"
)
INTERIM = b"HTTP/1.1 103 Early\r\nlink: x\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" + SIZED
EMPTY = b"HTTP/1.1 204 No Content\r\n\r\n"
UNFRAMED = b"HTTP/1.1 200 OK\r\n\r\nhello"


async def hear(answer: list[bytes], *, closing: bool = False) -> tuple[Connection, bytes]:
    """A connection that was sent these pieces, and the body that it made of them."""
    near, far = memory_stream_pair()
    connection = Connection(near)

    async def say() -> None:
        assert await far.receive_some() == b"request"
        for piece in answer:
            await far.send_all(piece)
            await trio.testing.wait_all_tasks_blocked()
        if closing:
            await far.aclose()

    body = b""
    async with trio.open_nursery() as nursery:
        nursery.cancel_scope.deadline = trio.current_time() + 5.0
        nursery.start_soon(say)
        await connection.ask(b"request")
        while piece := await connection.receive():
            body += piece
    assert not nursery.cancel_scope.cancelled_caught, "it waits for ever"
    return connection, body


@pytest.mark.parametrize("answer", [SIZED, CHUNKED, INTERIM], ids=["sized", "chunked", "interim"])
async def test_an_answer_is_the_same_however_it_is_cut(answer: bytes) -> None:
    """At every byte; and the connection can be used again behind it."""
    for at in range(1, len(answer)):
        connection, body = await hear([answer[:at], answer[at:]])
        assert (connection.status, body) == (200, b"hello")
        assert connection.reusable
        assert "link" not in connection.headers
        if answer is not CHUNKED:
            assert connection.headers["x-a"] == "1, 2"


async def test_an_answer_may_have_no_body() -> None:
    """Then its end has come with its head."""
    connection, body = await hear([EMPTY])
    assert (connection.status, body, connection.reusable) == (204, b"", True)


async def test_an_answer_without_framing_ends_with_the_connection() -> None:
    """Which is then of no more use."""
    connection, body = await hear([UNFRAMED], closing=True)
    assert (body, connection.complete, connection.reusable) == (b"hello", True, False)


@pytest.mark.parametrize("answer", [SIZED, CHUNKED], ids=["sized", "chunked"])
async def test_an_answer_that_is_cut_off_is_an_error(answer: bytes) -> None:
    """Wherever the connection closed before the end."""
    for at in range(len(answer)):
        with pytest.raises(httpx.RemoteProtocolError):
            await _alone(hear, [answer[:at]], closing=True)


async def _alone(ask, *args, **kwargs):  # type: ignore[no-untyped-def]
    """Takes a single error out of its group."""
    try:
        return await ask(*args, **kwargs)
    except BaseExceptionGroup as group:
        raise group.exceptions[0] from None


@pytest.mark.parametrize(
    "answer",
    [
        b"nonsense\r\n\r\n",
        b"HTTP/2 200 OK\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\nxx",
        b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nxx",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nZ\r\n",
        b"HTTP/1.1 200 OK\r\nbad header\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nx: " + 200_000 * b"x" + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + 20_000 * b"x: 123\r\n" + b"\r\n",
    ],
    ids=["words", "http2", "upgrade", "lengths", "chunk", "header", "huge", "many"],
)
async def test_what_is_no_answer_is_an_error(answer: bytes) -> None:
    """With the name httpx has for it, and not the answer's text."""
    with pytest.raises(httpx.RemoteProtocolError) as caught:
        await _alone(hear, [answer])
    assert "nonsense" not in str(caught.value)


@pytest.mark.parametrize(
    "answer",
    [
        SIZED + b"x",
        SIZED + SIZED,
        CHUNKED + SIZED,
        b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n",
    ],
    ids=["a byte more", "two", "chunked and one more", "close", "1.0"],
)
async def test_a_connection_that_said_more_than_its_answer_is_not_used_again(answer: bytes) -> None:
    """Or that said that it would not go on."""
    try:
        connection, body = await _alone(hear, [answer])
    except httpx.RemoteProtocolError:
        return
    assert body in (b"hello", b"")
    assert not connection.reusable


async def test_a_connection_that_is_closed_cannot_be_asked() -> None:
    """The error is the network's."""
    near, far = memory_stream_pair()
    await far.aclose()
    with pytest.raises(httpx.NetworkError):
        await Connection(near).ask(b"request")


async def test_a_call_that_was_cut_off_leaves_nothing_to_use_again() -> None:
    """Cancelled at the head, cancelled in the body."""
    for sent in (SIZED[:10], SIZED[:-1]):
        near, far = memory_stream_pair()
        connection = Connection(near)
        await far.send_all(sent)
        with trio.move_on_after(0.01):
            await connection.ask(b"request")
            await connection.receive()
            await connection.receive()
        assert not connection.reusable
