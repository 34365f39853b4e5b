"""One request and its answer, as clients see them: bodies, HEAD, 100-continue, and applications that fail."""

import json
import logging

import pytest
import trio

HEAD = b"POST /echo HTTP/1.1\r\nHost: front\r\n"


def _answering(*messages, first=None):
    """An ASGI application that sends the given messages, whatever is asked."""

    async def app(scope, receive, send):
        if scope["type"] == "http":
            if first is not None:
                await first(receive)
            for message in messages:
                await send(message)

    return app


def _start(status=200, *fields):
    return {"type": "http.response.start", "status": status, "headers": list(fields)}


@pytest.mark.parametrize("size", [0, 1, 1000, 3_000_000])
async def test_a_sized_body_comes_back_whole(running, stage, size):
    """Bodies of any size reach the application and return."""
    payload = bytes(range(256)) * (size // 256 + 1)
    async with running(stage.app) as front, await front.connect() as client:
        for _ in range(2):
            head = HEAD + f"Content-Length: {size}\r\n\r\n".encode()
            await client.send(head + payload[:size])
            assert (await client.answer()).body == payload[:size]


async def test_a_chunked_body_comes_back_whole(running, stage):
    """Chunks, extensions and trailers are understood; the connection is usable behind them."""
    async with running(stage.app) as front, await front.connect() as client:
        for _ in range(2):
            await client.send(HEAD + b"Transfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n")
            await trio.sleep(0.01)
            await client.send(b"6\r\n world\r\n0\r\nExpires: never\r\n\r\n")
            assert (await client.answer()).body == b"hello world"


async def test_a_client_that_asks_first_is_told_to_continue(running, stage):
    """`Expect: 100-continue` gets its 100 before the body is sent, and then its answer."""
    async with running(stage.app) as front, await front.connect() as client:
        await client.send(HEAD + b"Expect: 100-continue\r\nContent-Length: 5\r\n\r\n")
        assert (await client.answer()).status == 100
        await client.send(b"hello")
        answer = await client.answer()
        assert (answer.status, answer.body) == (200, b"hello")
        assert (await client.ask()).status == 200


async def test_head_is_answered_without_a_body(running, stage):
    """The head of the answer is that of GET, and the connection is usable behind it."""
    async with running(stage.app) as front, await front.connect() as client:
        answer = await client.ask(method="HEAD")
        assert (answer.status, answer.headers["content-length"]) == (200, "5")
        assert (await client.ask()).body == b"hello"


async def test_an_answer_without_length_is_chunked_and_leaves_the_connection_usable(running):
    """Streams have an end that a client can tell from a broken connection."""
    pieces = [{"type": "http.response.body", "body": b"ab", "more_body": True}] * 3
    app = _answering(_start(), *pieces, {"type": "http.response.body"})
    async with running(app) as front, await front.connect() as client:
        for _ in range(2):
            answer = await client.ask()
            assert (answer.headers["transfer-encoding"], answer.body) == ("chunked", b"ababab")


async def test_answers_say_nothing_about_the_server(running, stage):
    """No `server` field, no `alt-svc`; a date."""
    async with running(stage.app) as front, await front.connect() as client:
        headers = (await client.ask()).headers
        assert "date" in headers
        assert not {"server", "alt-svc"} & set(headers)


async def test_an_application_that_fails_answers_500_in_the_usual_shape(
    running, plain_stage, caplog
):
    """The client learns nothing of the bug; the log learns where, once, without the request's values."""
    async with running(plain_stage.app) as front, await front.connect() as client:
        answer = await client.ask("/crash")
        assert (answer.status, answer.headers["connection"]) == (500, "close")
        error = json.loads(answer.body)["error"]
        assert (error["type"], error["code"]) == ("api_error", 500)
        assert await client.rest() == b""
    [record] = caplog.records
    assert (record.name, record.levelno) == ("gateway.front", logging.ERROR)
    assert "builtins.RuntimeError at" in record.getMessage()
    assert "secret" not in record.getMessage().replace('RuntimeError("secret of the request")', "")


async def test_a_failure_answers_head_without_a_body(running, plain_stage):
    """Not even an error has a body there."""
    async with running(plain_stage.app) as front, await front.connect() as client:
        assert (await client.ask("/crash", method="HEAD")).status == 500
        assert await client.rest() == b""


async def test_an_application_that_returns_without_an_answer_gave_an_error(running):
    """Silence is a bug, and the client is told so."""
    async with running(_answering()) as front, await front.connect() as client:
        assert (await client.ask()).status == 500


async def test_an_answer_that_cannot_be_sent_is_an_error(running):
    """A line break in a response's header is stopped, and never splits the answer."""
    app = _answering(_start(200, (b"x", b"a\r\nset-cookie: b")), {"type": "http.response.body"})
    async with running(app) as front, await front.connect() as client:
        answer = await client.ask()
        assert answer.status == 500
        assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("failing", [True, False], ids=["raises", "returns"])
async def test_an_answer_that_breaks_off_is_never_ended_cleanly(running, failing):
    """No terminator follows half an answer: the client can tell."""

    async def app(scope, receive, send):
        if scope["type"] == "http":
            await send(_start())
            await send({"type": "http.response.body", "body": b"half", "more_body": True})
            assert not failing

    async with running(app) as front, await front.connect() as client:
        await client.send(b"GET / HTTP/1.1\r\nHost: front\r\n\r\n")
        assert (await client.rest()).endswith(b"4\r\nhalf\r\n")


async def test_an_answer_shorter_than_it_promised_ends_the_connection(running):
    """The next answer would be read as the rest of it."""
    app = _answering(
        _start(200, (b"content-length", b"10")), {"type": "http.response.body", "body": b"short"}
    )
    async with running(app) as front, await front.connect() as client:
        await client.send(b"GET / HTTP/1.1\r\nHost: front\r\n\r\n")
        assert (await client.rest()).endswith(b"\r\n\r\nshort")


async def test_errors_and_cancellations_mixed_in_a_group_are_sorted_out(running, caplog):
    """A handler's nursery that fails as its client leaves harms nobody, and is no more than news."""
    caplog.set_level(logging.INFO, logger="gateway.front")
    entered = trio.Event()

    async def fail():
        try:
            entered.set()
            await trio.sleep_forever()
        finally:
            raise ValueError("failed while leaving")

    async def app(scope, receive, send):
        if scope["type"] == "http":
            async with trio.open_nursery() as nursery:
                nursery.start_soon(fail)
                nursery.start_soon(trio.sleep_forever)

    async with running(app) as front, await front.connect() as client:
        await client.send(b"GET / HTTP/1.1\r\nHost: front\r\n\r\n")
        await entered.wait()
        await client.stream.aclose()
        with trio.fail_after(2):
            while not caplog.records:
                await trio.sleep(0.01)
        assert not front.ended.is_set()
    [record] = caplog.records
    assert record.levelno == logging.INFO
    assert "builtins.ValueError at" in record.getMessage()


async def test_an_application_that_writes_on_to_nobody_does_not_spin(running):
    """Shielded from cancellation, it may go on; each of its writes takes a moment."""
    writes, entered, done = [], trio.Event(), trio.Event()

    async def app(scope, receive, send):
        if scope["type"] != "http":
            return
        entered.set()
        with trio.move_on_after(0.3, shield=True):
            while (await receive())["type"] != "http.disconnect":
                pass
            await send(_start())
            while True:
                await send({"type": "http.response.body", "body": b"x", "more_body": True})
                writes.append(1)
        done.set()

    async with running(app) as front:
        async with await front.connect() as client:
            await client.send(b"GET / HTTP/1.1\r\nHost: front\r\n\r\n")
            await entered.wait()
        with trio.fail_after(2):
            await done.wait()
    assert len(writes) < 10
