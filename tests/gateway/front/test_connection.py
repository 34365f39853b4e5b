"""What one client may rely on, and what no client can do, on one connection."""

import pytest
import trio

SOON = 1.0
"""Seconds in which a cancelled handler must be gone; it takes some milliseconds on an idle machine."""

WAIT = b"GET /wait HTTP/1.1\r\nHost: front\r\n\r\n"
HELLO = b"GET /hello HTTP/1.1\r\nHost: front\r\n\r\n"


async def test_a_connection_is_used_again_and_again(running, stage):
    """A hundred requests in a row share a connection."""
    async with running(stage.app) as front, await front.connect() as client:
        for _ in range(100):
            answer = await client.ask()
            assert (answer.status, answer.body) == (200, b"hello")
            assert "connection" not in answer.headers


async def test_pipelined_requests_are_answered_in_order(running, stage):
    """A slow first request is answered before a quick second one."""
    async with running(stage.app) as front, await front.connect() as client:
        await client.send(HELLO.replace(b"hello", b"slow") + HELLO * 2)
        bodies = [(await client.answer()).body for _ in range(3)]
        assert bodies == [b"slow", b"hello", b"hello"]


@pytest.mark.parametrize(
    "request_bytes",
    [HELLO[:-2] + b"Connection: close\r\n\r\n", b"GET /hello HTTP/1.0\r\n\r\n"],
    ids=["connection-close", "http-1.0"],
)
async def test_a_client_that_asks_for_it_gets_its_connection_closed(running, stage, request_bytes):
    """`Connection: close` and HTTP/1.0 end the connection behind the answer."""
    async with running(stage.app) as front, await front.connect() as client:
        await client.send(request_bytes)
        assert (await client.answer()).headers["connection"] == "close"
        assert await client.rest() == b""


async def test_an_idle_connection_is_closed_after_its_last_answer(running, stage):
    """The keep-alive timeout closes without a word."""
    async with running(stage.app, keep_alive=0.1) as front, await front.connect() as client:
        await client.ask()
        assert await client.rest() == b""


async def test_a_connection_that_never_says_anything_is_closed(running, plain_stage):
    """A new connection has a timeout of its own."""
    async with running(plain_stage.app, first_byte=0.1) as front, await front.connect() as client:
        assert await client.rest() == b""


async def test_a_request_at_work_outlives_the_keep_alive_timeout(running, stage):
    """The keep-alive timeout counts only between requests."""
    async with running(stage.app, keep_alive=0.05) as front, await front.connect() as client:
        assert (await client.ask("/slow")).body == b"slow"


@pytest.mark.parametrize("leave", ["half_close", "reset", "aclose"])
@pytest.mark.parametrize("behind", [b"", HELLO * 3], ids=["alone", "pipelined"])
async def test_a_client_that_leaves_cancels_its_handler(running, stage, leave, behind):
    """FIN, RST and half-close reach the handler, also with further requests queued behind it."""
    async with running(stage.app) as front, await front.connect() as client:
        await client.send(WAIT + behind)
        with trio.fail_after(SOON * 2):
            await stage.entered.wait()
        await (client.stream.aclose() if leave == "aclose" else getattr(client, leave)())
        with trio.fail_after(SOON):
            await stage.left.wait()


async def test_a_client_that_asks_and_leaves_at_once_leaves_no_handler_behind(running, stage):
    """Request and farewell may arrive together, before anything has begun."""
    async with running(stage.app, grace=30) as front:
        for leave in ("aclose", "half_close", "reset") * 5:
            async with await front.connect() as client:
                await client.send(WAIT)
                await (client.stream.aclose() if leave == "aclose" else getattr(client, leave)())
        await trio.sleep(0.05)
        front.stop.set()
        with trio.fail_after(SOON):
            await front.ended.wait()


@pytest.mark.parametrize("path", ["/sse", "/flood"])
async def test_a_client_that_leaves_mid_stream_cancels_the_stream(running, stage, path):
    """A streamed answer stops when nobody reads it any more."""
    async with running(stage.app) as front:
        async with await front.connect() as client:
            await client.send(WAIT.replace(b"/wait", path.encode()))
            await client.stream.receive_some()
        with trio.fail_after(SOON):
            await stage.left.wait()


async def test_an_application_hears_of_its_clients_leaving_before_it_is_cancelled(running):
    """`http.disconnect` is received, again and again, by an application that listens."""
    heard, told, entered = [], trio.Event(), trio.Event()

    async def app(scope, receive, send):
        if scope["type"] == "http":
            entered.set()
            heard.extend([(await receive())["type"] for _ in range(3)])
            told.set()

    async with running(app) as front:
        async with await front.connect() as client:
            await client.send(HELLO)
            await entered.wait()
        with trio.fail_after(SOON):
            await told.wait()
    assert heard == ["http.request", "http.disconnect", "http.disconnect"]


async def test_work_behind_a_complete_answer_is_not_cancelled_by_its_client(running):
    """What an application does after its last byte is nobody's business but its own."""
    finished = trio.Event()

    async def app(scope, receive, send):
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 204, "headers": []})
            await send({"type": "http.response.body"})
            await trio.sleep(0.15)
            finished.set()

    async with running(app) as front:
        async with await front.connect() as client:
            assert (await client.ask()).status == 204
        with trio.fail_after(SOON):
            await finished.wait()


async def test_a_client_that_stops_reading_is_cut_off(running, stage):
    """The write timeout ends the connection and the handler; meanwhile little is buffered."""
    async with running(stage.app, write_timeout=0.2) as front:
        async with await front.connect(receive_buffer=4096) as client:
            await client.send(WAIT.replace(b"/wait", b"/flood"))
            with trio.fail_after(SOON * 3):
                await stage.left.wait()
        assert stage.sent < 8 * 1024 * 1024


async def test_the_application_waits_for_a_slow_reader(running, stage):
    """Back-pressure: what a client does not read is not produced."""
    async with running(stage.app) as front, await front.connect(receive_buffer=4096) as client:
        await client.send(WAIT.replace(b"/wait", b"/flood"))
        await trio.sleep(0.1)
        first = stage.sent
        await trio.sleep(0.1)
        assert 0 < stage.sent == first


async def test_a_slow_head_is_cut_though_every_byte_is_in_time(running, stage):
    """The header timeout counts from the first byte to the last; others are served meanwhile."""
    async with (
        running(stage.app, header_timeout=0.2) as front,
        await front.connect() as client,
        await front.connect() as other,
        trio.open_nursery() as nursery,
    ):
        nursery.start_soon(_drip, client, HELLO)
        assert (await other.ask()).status == 200
        answer = await client.answer()
        assert (answer.status, answer.headers["connection"]) == (400, "close")
        nursery.cancel_scope.cancel()


async def _drip(client, data):
    try:
        for byte in data:
            await client.send(bytes([byte]))
            await trio.sleep(0.05)
    except trio.BrokenResourceError:
        pass


@pytest.mark.parametrize(
    "start",
    [b"Content-Length: 10\r\n\r\nabc", b"Transfer-Encoding: chunked\r\n\r\n5\r\nabc"],
    ids=["sized", "chunked"],
)
async def test_a_body_that_stops_coming_is_cut(running, stage, start):
    """The body timeout answers 400, cancels the handler and closes."""
    async with running(stage.app, body_idle=0.1) as front, await front.connect() as client:
        await client.send(b"POST /wait HTTP/1.1\r\nHost: front\r\n" + start)
        assert (await client.answer()).status == 400
        assert await client.rest() == b""
        with trio.fail_after(SOON):
            await stage.left.wait()


async def test_a_slow_body_may_come_as_long_as_it_keeps_coming(running, quart_stage):
    """The body timeout counts only silence."""
    async with running(quart_stage.app, body_idle=0.5) as front, await front.connect() as client:
        await client.send(b"POST /echo HTTP/1.1\r\nHost: front\r\nContent-Length: 20\r\n\r\n")
        for _ in range(20):
            await client.send(b"x")
            await trio.sleep(0.03)
        assert (await client.answer()).body == b"x" * 20


async def test_one_empty_line_before_a_request_is_forgiven(running, plain_stage):
    """Some old clients end a body with a line end that is not part of it."""
    async with running(plain_stage.app) as front, await front.connect() as client:
        await client.send(b"\r")
        await trio.sleep(0.02)
        await client.send(b"\n" + HELLO)
        assert (await client.answer()).status == 200


async def test_a_flood_of_pipelined_requests_is_not_read_ahead_without_bound(running, plain_stage):
    """While a request works, the client's next megabytes stay with the client."""
    async with running(plain_stage.app) as front, await front.connect() as client:
        await client.send(WAIT)
        sent = 0
        with trio.move_on_after(0.3):
            while sent < 64 * 1024 * 1024:
                await client.send(bytes(256 * 1024))
                sent += 256 * 1024
        assert sent < 32 * 1024 * 1024


async def test_an_answer_arrives_though_the_client_is_still_uploading(running, plain_stage):
    """Closing behind an early answer does not reset it away."""
    async with running(plain_stage.app) as front, await front.connect() as client:
        head = b"POST /hello HTTP/1.1\r\nHost: front\r\nContent-Length: 4000000\r\n\r\n"
        await client.send(head + bytes(4_000_000))
        answer = await client.answer()
        assert (answer.status, answer.headers["connection"]) == (200, "close")
        assert await client.rest() == b""
