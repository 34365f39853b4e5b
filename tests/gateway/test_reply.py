"""Where an answer goes: one head, then bytes as fast as the client takes them."""

import msgspec
import pytest
import trio

from gateway.errors import ApiError
from gateway.frames import COMMENT
from gateway.reply import Body, Head, QueuedReply, stream_headers
from gateway.voice import OPENAI


async def test_a_whole_answer_is_its_head(autojump_clock: trio.testing.MockClock) -> None:
    """Status, type and bytes at once; nothing was begun that could fail in the middle."""
    begun: list[bool] = []

    async def answer(*, task_status: trio.TaskStatus[Head]) -> None:
        reply = QueuedReply(task_status, 15.0)
        reply.whole(b'{"a":1}')
        begun.append(reply.begun)
        reply.close()

    async with trio.open_nursery() as nursery:
        head = await nursery.start(answer)
    assert head == Head(200, {"content-type": "application/json"}, b'{"a":1}')
    assert begun == [False]


async def test_a_stream_is_a_head_and_then_its_pieces(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """In their order, until it is closed; no cache and no proxy may hold it back."""

    async def answer(*, task_status: trio.TaskStatus[Head]) -> None:
        reply = QueuedReply(task_status, 15.0)
        reply.begin()
        assert reply.begun
        for piece in (b"a", b"b", b"c"):
            await reply.write(piece)
        reply.close()
        reply.close()

    async with trio.open_nursery() as nursery:
        head = await nursery.start(answer)
        assert (head.status, head.headers) == (200, stream_headers(OPENAI))
        assert isinstance(head.body, Body)
        assert [piece async for piece in head.body] == [b"a", b"b", b"c"]


async def test_writing_waits_for_a_slow_client(autojump_clock: trio.testing.MockClock) -> None:
    """Nothing piles up here: a piece is handed over when it is taken."""
    written: list[float] = []

    async def answer(*, task_status: trio.TaskStatus[Head]) -> None:
        reply = QueuedReply(task_status, 15.0)
        reply.begin()
        for _ in range(3):
            await reply.write(b"x")
            written.append(trio.current_time())
        reply.close()

    async with trio.open_nursery() as nursery:
        head = await nursery.start(answer)
        assert isinstance(head.body, Body)
        await trio.sleep(5.0)
        async for _ in head.body:
            await trio.sleep(2.0)
    assert written == [5.0, 7.0, 9.0]


async def test_a_pause_is_filled_with_comments(autojump_clock: trio.testing.MockClock) -> None:
    """One for every so many seconds of silence, and none while pieces come."""
    heard: list[tuple[float, bytes]] = []

    async def answer(*, task_status: trio.TaskStatus[Head]) -> None:
        reply = QueuedReply(task_status, 15.0)
        reply.begin()
        for pause in (10.0, 40.0, 14.0):
            await trio.sleep(pause)
            await reply.write(b"x")
        reply.close()

    async with trio.open_nursery() as nursery:
        head = await nursery.start(answer)
        assert isinstance(head.body, Body)
        async for piece in head.body:
            heard.append((trio.current_time(), piece))  # noqa: PERF401 - the clock is read each time
    assert heard == [
        *[(10.0, b"x"), (25.0, COMMENT), (40.0, COMMENT)],
        *[(50.0, b"x"), (64.0, b"x")],
    ]


async def test_a_failure_after_the_beginning_is_told_in_the_body(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """One error event is the last thing that comes."""
    error = ApiError(503, "broken")

    async def answer(*, task_status: trio.TaskStatus[Head]) -> None:
        reply = QueuedReply(task_status, 15.0)
        reply.begin()
        await reply.write(b"data: {}\n\n")
        await reply.fail(error)

    async with trio.open_nursery() as nursery:
        head = await nursery.start(answer)
        assert isinstance(head.body, Body)
        *_, last = [piece async for piece in head.body]
    assert msgspec.json.decode(last.removeprefix(b"data: ")) == error.body()


async def test_a_client_that_leaves_takes_the_writer_with_it(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """The request's scope is cancelled, and a writer that waits for the client does not hang."""

    async def answer(*, task_status: trio.TaskStatus[Head]) -> None:
        reply = QueuedReply(task_status, 15.0)
        reply.begin()
        await reply.write(b"never taken")

    async with trio.open_nursery() as nursery:
        await nursery.start(answer)
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()


async def test_writing_before_the_beginning_is_a_bug() -> None:
    """Bytes without a head have nowhere to go."""
    with pytest.raises(AssertionError, match="begin"):
        await QueuedReply(trio.TASK_STATUS_IGNORED, 15.0).write(b"x")


async def test_closing_what_never_began_does_nothing() -> None:
    """So that it can stand in a `finally`."""
    QueuedReply(trio.TASK_STATUS_IGNORED, 15.0).close()


async def test_a_stream_that_ends_ends_for_good(autojump_clock: trio.testing.MockClock) -> None:
    """Asked again after its end, a body says so again."""

    async def answer(*, task_status: trio.TaskStatus[Head]) -> None:
        reply = QueuedReply(task_status, 15.0)
        reply.begin()
        reply.close()

    async with trio.open_nursery() as nursery:
        head = await nursery.start(answer)
    assert isinstance(head.body, Body)
    for _ in range(2):
        with pytest.raises(StopAsyncIteration):
            await anext(head.body)
