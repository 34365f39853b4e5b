"""Websockets go Hypercorn's way, behind the same barrier."""

import random

import pytest
import trio
import trio_websocket

SOON = 1.0
UPGRADE = (
    b"GET /ws HTTP/1.1\r\nHost: front\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)


def _frame(opcode, payload):
    """A masked frame, with a mask of zeros."""
    return bytes([0x80 | opcode, 0x80 | len(payload)]) + bytes(4) + payload


async def test_a_websocket_carries_messages_both_ways(running, quart_stage):
    """A Quart websocket route talks with an ordinary client, which then closes in good order."""
    async with running(quart_stage.app) as front:
        url = f"ws://127.0.0.1:{front.port}/ws"
        with trio.fail_after(5):
            async with trio_websocket.open_websocket_url(url) as socket:
                for message in ("merhaba", b"\x00\x01", "x" * 100_000):
                    await socket.send_message(message)
                    assert await socket.get_message() == message
        with trio.fail_after(SOON):
            await quart_stage.left.wait()


async def test_a_silent_websocket_is_not_idle(running, quart_stage):
    """The timeouts between requests and within bodies do not apply."""
    limits = {"keep_alive": 0.05, "body_idle": 0.05, "first_byte": 0.05, "header_timeout": 0.05}
    async with running(quart_stage.app, **limits) as front, await front.connect() as client:
        await client.send(UPGRADE + b"\r\n")
        assert (await client.answer()).status == 101
        await trio.sleep(0.2)
        await client.send(_frame(1, b"still here"))
        with trio.fail_after(SOON):
            while not client.data.endswith(b"\x81\x0astill here"):
                client.data += await client.stream.receive_some()


async def test_a_websocket_client_that_leaves_ends_the_handler(running, quart_stage):
    """Without a closing handshake, too."""
    async with running(quart_stage.app) as front:
        async with await front.connect() as client:
            await client.send(UPGRADE + b"\r\n")
            assert (await client.answer()).status == 101
        with trio.fail_after(SOON):
            await quart_stage.left.wait()


async def test_compression_is_never_agreed_to(running, quart_stage):
    """A client that offers it is answered without."""
    async with running(quart_stage.app) as front, await front.connect() as client:
        await client.send(UPGRADE + b"Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n")
        answer = await client.answer()
        assert answer.status == 101
        assert "sec-websocket-extensions" not in answer.headers


@pytest.mark.parametrize(
    "broken",
    [
        UPGRADE.replace(b"Version: 13", b"Version: 8"),
        UPGRADE.replace(b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", b""),
        UPGRADE.replace(b"HTTP/1.1", b"HTTP/1.0"),
    ],
    ids=["version", "no-key", "http-1.0"],
)
async def test_a_handshake_that_is_none_is_refused_and_closed(running, quart_stage, broken):
    """400, and no application is started."""
    async with running(quart_stage.app) as front, await front.connect() as client:
        await client.send(broken + b"\r\n")
        assert (await client.answer()).status == 400
        assert await client.rest() == b""
        assert not quart_stage.entered.is_set()


async def test_frames_sent_before_the_handshake_is_accepted_wait_for_it(running, quart_stage):
    """An impatient client is served all the same."""
    async with running(quart_stage.app) as front, await front.connect() as client:
        await client.send(UPGRADE + b"\r\n" + _frame(1, b"early"))
        assert (await client.answer()).status == 101
        with trio.fail_after(SOON):
            while not client.data.endswith(b"\x81\x05early"):
                client.data += await client.stream.receive_some()


async def test_frames_sent_to_a_websocket_that_is_not_accepted_are_dropped(
    running, quart_stage, caplog
):
    """There is one answer, the application's, and then the end."""
    async with running(quart_stage.app) as front, await front.connect() as client:
        await client.send(UPGRADE.replace(b"/ws", b"/none") + b"\r\n" + _frame(1, b"early"))
        assert (await client.answer()).status == 404
        assert await client.rest() == b""
    assert not [record for record in caplog.records if record.name == "gateway.front"]


async def test_a_message_above_the_limit_ends_the_websocket(running, quart_stage):
    """Close code 1009 and the end, not megabytes in memory; the handler goes too."""
    size = 1_100_000
    async with running(quart_stage.app) as front, await front.connect() as client:
        await client.send(UPGRADE + b"\r\n")
        assert (await client.answer()).status == 101
        await client.send(b"\x82\xff" + size.to_bytes(8, "big") + bytes(4) + bytes(size))
        assert (await client.rest()).endswith(b"\x88\x02\x03\xf1")
        with trio.fail_after(SOON):
            await quart_stage.left.wait()


async def test_an_application_that_fails_closes_its_websocket(running, caplog):
    """Close code 1011 where it was accepted, 500 where not."""

    async def app(scope, receive, send):
        if scope["type"] == "websocket":
            if scope["path"] == "/accept":
                await send({"type": "websocket.accept"})
            raise RuntimeError

    async with running(app) as front:
        async with await front.connect() as client:
            await client.send(UPGRADE.replace(b"/ws", b"/accept") + b"\r\n")
            assert (await client.answer()).status == 101
            assert await client.rest() == b"\x88\x02\x03\xf3"
        async with await front.connect() as client:
            await client.send(UPGRADE + b"\r\n")
            assert (await client.answer()).status == 500
    assert [record.name for record in caplog.records] == ["gateway.front"] * 2


async def test_no_frame_harms_anybody_else(running, quart_stage, caplog):
    """Random and nearly valid frames end one websocket at most, without an error of ours."""
    rng = random.Random(2)
    async with running(quart_stage.app) as front, await front.connect() as other:
        for _ in range(60):
            async with await front.connect() as client:
                await client.send(UPGRADE + b"\r\n")
                assert (await client.answer()).status == 101
                await _send_noise(client, rng)
            assert (await other.ask()).status == 200
    assert not [record for record in caplog.records if record.name == "gateway.front"]


async def _send_noise(client, rng):
    try:
        for _ in range(rng.randint(1, 4)):
            frame = bytearray(_frame(rng.randrange(16), rng.randbytes(rng.randrange(100))))
            for _ in range(rng.randrange(3)):
                frame[rng.randrange(len(frame))] = rng.randrange(256)
            await client.send(bytes(frame))
        if rng.random() < 0.5:
            await client.half_close()
        with trio.move_on_after(0.01):
            await client.stream.receive_some()
    except trio.BrokenResourceError:
        pass
