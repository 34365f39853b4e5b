"""The accept loop: the cap, stopping in time, and what is left behind."""

import socket
import sys
from pathlib import Path

import pytest
import trio
from trio.testing import open_stream_to_socket_listener

from gateway import front as front_package
from gateway.front.connection import Connection
from gateway.front.line import Line
from gateway.front.site import Site

GRACE = 0.4
SLACK = 2.0
"""Seconds past the grace time that `serve` promises at most."""


async def test_a_connection_above_the_cap_is_told_and_closed(running, stage):
    """503 with the usual error body and Retry-After; the seats taken are not disturbed."""
    async with (
        running(stage.app, max_connections=2) as front,
        await front.connect() as first,
        await front.connect() as second,
    ):
        assert (await first.ask()).status == (await second.ask()).status == 200
        async with await front.connect() as third:
            answer = await third.answer()
            assert (answer.status, answer.headers["retry-after"]) == (503, "1")
            assert b'"type":"service_unavailable","code":503' in answer.body
            assert await third.rest() == b""
        assert (await first.ask()).status == 200


async def test_a_seat_that_is_free_again_is_taken(running, plain_stage):
    """The cap counts connections that are, not that were."""
    async with running(plain_stage.app, max_connections=1) as front:
        for _ in range(5):
            async with await front.connect() as client:
                await client.send(
                    b"GET /hello HTTP/1.1\r\nHost: front\r\nConnection: close\r\n\r\n"
                )
                assert (await client.answer()).status == 200
                await client.rest()


async def test_a_crowd_above_the_cap_is_turned_away_without_piling_up(running, plain_stage):
    """Beyond those that are told at the same time, connections are just closed."""
    async with running(plain_stage.app, max_connections=1) as front, await front.connect() as seat:
        await seat.ask()
        crowd = [await front.connect() for _ in range(100)]
        heard = [await client.rest() for client in crowd]
        assert 0 < sum(answer.startswith(b"HTTP/1.1 503") for answer in heard) <= 100
        for client in crowd:
            await client.stream.aclose()
        assert (await seat.ask()).status == 200


async def test_a_stop_lets_short_requests_finish_and_cuts_endless_ones(running, stage):
    """The short one is complete and says it is the last; the endless one ends at the grace time."""
    async with (
        running(stage.app, grace=GRACE) as front,
        await front.connect() as short,
        await front.connect() as endless,
    ):
        await endless.send(b"GET /sse HTTP/1.1\r\nHost: front\r\n\r\n")
        with trio.fail_after(SLACK):
            await stage.entered.wait()
        await short.send(b"GET /slow HTTP/1.1\r\nHost: front\r\n\r\n")
        await trio.sleep(0.05)
        stopped = trio.current_time()
        front.stop.set()
        answer = await short.answer()
        assert (answer.body, answer.headers["connection"]) == (b"slow", "close")
        assert b"first" in await endless.rest()
        with trio.fail_after(SLACK):
            await front.ended.wait()
        assert GRACE * 0.9 < trio.current_time() - stopped < GRACE + SLACK
        assert stage.left.is_set()


async def test_a_stop_closes_idle_connections_and_returns_at_once(running, stage):
    """Used and unused connections close; nobody waits for the grace time."""
    async with (
        running(stage.app, grace=30) as front,
        await front.connect() as used,
        await front.connect() as fresh,
    ):
        await used.ask()
        await trio.sleep(0.02)
        front.stop.set()
        with trio.fail_after(SLACK):
            assert await used.rest() == await fresh.rest() == b""
            await front.ended.wait()


async def test_a_stop_starts_no_request_that_waits_behind_another(running):
    """An answer begun before the stop is completed; the pipelined request behind it is not begun."""
    begun, go_on, paths = trio.Event(), trio.Event(), []

    async def app(scope, receive, send):
        if scope["type"] == "http":
            paths.append(scope["path"])
            await send({"type": "http.response.start", "status": 200, "headers": []})
            begun.set()
            await go_on.wait()
            await send({"type": "http.response.body", "body": b"whole"})

    async with running(app, grace=5) as front, await front.connect() as client:
        await client.send(
            b"".join(b"GET /%b HTTP/1.1\r\nHost: front\r\n\r\n" % p for p in (b"a", b"b"))
        )
        await begun.wait()
        front.stop.set()
        await trio.sleep(0.02)
        go_on.set()
        assert (await client.answer()).body == b"whole"
        assert await client.rest() == b""
    assert paths == ["/a"]


async def test_a_connection_that_comes_in_with_the_stop_is_not_waited_for(plain_stage):
    """Accepted just before, it is closed like the other idle ones."""
    [listener] = await front_package.bind("127.0.0.1", 0)
    async with listener, await open_stream_to_socket_listener(listener) as client:
        site = Site(
            plain_stage.app, front_package.FrontSettings(), deadline=trio.current_time() + 30
        )
        with trio.fail_after(SLACK):
            await Connection(site, Line.over(await listener.accept(), timeout=1.0)).run()
            assert await client.receive_some() == b""


async def test_a_request_whose_client_has_left_is_not_begun(plain_stage):
    """It may have waited behind another whose answer was complete just then."""
    [listener] = await front_package.bind("127.0.0.1", 0)
    async with listener, await open_stream_to_socket_listener(listener):
        site = Site(plain_stage.app, front_package.FrontSettings())
        connection = Connection(site, Line.over(await listener.accept(), timeout=1.0))
        connection._inbox.data += b"GET /wait HTTP/1.1\r\nHost: front\r\n\r\n"
        connection._inbox.end()
        with trio.fail_after(SLACK):
            await connection.run()
    assert not plain_stage.entered.is_set()


async def test_a_bug_on_one_connection_ends_that_connection(plain_stage, caplog):
    """Whatever is raised there is logged, and the next client is served."""

    class Faulty:
        """A stream whose reading fails as no stream may."""

        def __init__(self, stream):
            self.socket, self.aclose = stream.socket, stream.aclose

        async def receive_some(self, _):
            await trio.lowlevel.checkpoint()
            raise LookupError("a bug")

    class FaultyFirst(trio.abc.Listener):
        def __init__(self):
            self.accepted = 0

        async def accept(self):
            stream = await inner.accept()
            self.accepted += 1
            return Faulty(stream) if self.accepted == 1 else stream

        async def aclose(self):
            await inner.aclose()

    [inner] = await front_package.bind("127.0.0.1", 0)
    stop = trio.Event()
    async with trio.open_nursery() as nursery:
        settings = front_package.FrontSettings(grace=0.1)
        nursery.start_soon(
            lambda: front_package.serve(plain_stage.app, [FaultyFirst()], settings, stop=stop)
        )
        async with await open_stream_to_socket_listener(inner) as client:
            with trio.fail_after(SLACK):
                assert await client.receive_some() == b""
        async with await open_stream_to_socket_listener(inner) as client:
            await client.send_all(b"GET /hello HTTP/1.1\r\nHost: front\r\n\r\n")
            assert (await client.receive_some()).startswith(b"HTTP/1.1 200")
            stop.set()
    [record] = caplog.records
    assert record.getMessage().startswith("A connection failed: builtins.LookupError at")


async def test_a_stop_ends_what_is_accepted_at_once(running, stage):
    """While running requests finish, a new client is refused by the kernel."""
    async with running(stage.app, grace=GRACE) as front, await front.connect() as client:
        await client.send(b"GET /wait HTTP/1.1\r\nHost: front\r\n\r\n")
        await stage.entered.wait()
        front.stop.set()
        await trio.sleep(0.05)
        assert not front.ended.is_set()
        with pytest.raises(OSError, match="all attempts"):
            await trio.open_tcp_stream("127.0.0.1", front.port)


async def test_a_client_that_stopped_reading_cannot_hold_up_a_stop(running, stage):
    """A blocked write is cut at the grace time, long before its own timeout."""
    async with (
        running(stage.app, grace=0.2, write_timeout=60) as front,
        await front.connect(receive_buffer=4096) as client,
    ):
        await client.send(b"GET /flood HTTP/1.1\r\nHost: front\r\n\r\n")
        await trio.sleep(0.1)
        front.stop.set()
        with trio.fail_after(0.2 + SLACK):
            await front.ended.wait()


async def test_half_a_request_cannot_hold_up_a_stop(running, stage):
    """Neither an unfinished head nor an unfinished body outlives the grace time."""
    async with (
        running(stage.app, grace=0.2) as front,
        await front.connect() as head,
        await front.connect() as body,
    ):
        await head.send(b"GET /hello HT")
        await body.send(b"POST /echo HTTP/1.1\r\nHost: front\r\nContent-Length: 5\r\n\r\nab")
        await trio.sleep(0.05)
        front.stop.set()
        with trio.fail_after(0.2 + SLACK):
            await front.ended.wait()


def _descriptors():
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="counts descriptors in /proc")
async def test_idle_connections_leave_no_descriptor_behind(running, quart_stage):
    """Three hundred connections, some of them used, are gone after the keep-alive timeout."""
    async with running(quart_stage.app, keep_alive=2.5, first_byte=2.5) as front:
        before = _descriptors()
        clients = [await front.connect() for _ in range(300)]
        for client in clients[:30]:
            await client.ask()
        assert _descriptors() > before + 300
        for client in clients:
            assert await client.rest() == b""
            await client.stream.aclose()
        with trio.fail_after(SLACK):
            while _descriptors() > before:
                await trio.sleep(0.01)


async def test_small_pieces_are_sent_at_once(running, stage):
    """A piece of a stream arrives although the next one never comes."""
    async with running(stage.app) as front, await front.connect() as client:
        await client.send(b"GET /sse HTTP/1.1\r\nHost: front\r\n\r\n")
        with trio.fail_after(1):
            while b"data: first\n\n" not in client.data:
                client.data += await client.stream.receive_some()


async def test_accepted_sockets_do_not_delay_small_writes():
    """TCP_NODELAY is set on what carries an answer."""
    [listener] = await front_package.bind("127.0.0.1", 0)
    async with listener, await open_stream_to_socket_listener(listener):
        line = Line.over(await listener.accept(), timeout=1.0)
        assert line.stream.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        await trio.aclose_forcefully(line.stream)
