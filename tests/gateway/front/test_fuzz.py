"""The property behind everything: no input on one connection ends another connection, or the process.

Seeded, so that a failure is one again. Requests are built from parts that have made parsers differ, then
broken at random places, cut at random places, and left in random ways.
"""

import random

import pytest
import trio

LINES = [
    b"GET /hello HTTP/1.1",
    b"POST /echo HTTP/1.1",
    b"HEAD /hello HTTP/1.1",
    b"GET /sse HTTP/1.1",
    b"GET /wait HTTP/1.1",
    b"OPTIONS * HTTP/1.1",
    b"GET http://front/hello HTTP/1.0",
    b"GET /%00%ff%zz//../?&&== HTTP/1.1",
    b"DELETE /none HTTP/1.1",
    b"CONNECT front:1 HTTP/1.1",
    b"PRI * HTTP/2.0",
]
FIELDS = [
    b"Host: front",
    b"Content-Length: 5",
    b"Content-Length: 0",
    b"Transfer-Encoding: chunked",
    b"Expect: 100-continue",
    b"Connection: close",
    b"Connection: upgrade, keep-alive",
    b"Upgrade: websocket",
    b"Upgrade: h2c",
    b"HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA",
    b"Sec-WebSocket-Version: 13",
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    b"Content-Type: application/json",
    b"Cookie: \xff\xfe=\xf0\x9f\x8c\xbf",
    b"Accept-Encoding: gzip",
]
BODIES = [
    b"",
    b"hello",
    b"5\r\nhello\r\n0\r\n\r\n",
    b"0\r\n\r\n",
    b"\x81\x80\x00\x00\x00\x00",
    b"{}",
]


def _request(rng):
    fields = [FIELDS[0], *rng.sample(FIELDS, rng.randrange(5))]
    head = b"\r\n".join([rng.choice(LINES), *fields]) + b"\r\n\r\n"
    return head + rng.choice(BODIES)


def _broken(rng, data):
    damaged = bytearray(data)
    for _ in range(rng.choice([0, 0, 1, 1, 2, 8])):
        at = rng.randrange(len(damaged))
        match rng.randrange(4):
            case 0:
                damaged[at] = rng.randrange(256)
            case 1:
                damaged[at:at] = rng.choice([b"\r", b"\n", b"\r\n", b"\x00", b" ", b"\t", b":"])
            case 2:
                del damaged[at : at + rng.randint(1, 4)]
            case _:
                damaged[at:at] = damaged[: rng.randrange(len(damaged))]
        damaged = damaged or bytearray(b"\n")
    return bytes(damaged)


def _input(rng):
    if rng.random() < 0.1:
        return rng.randbytes(rng.randrange(1, 2000))
    return _broken(rng, b"".join(_request(rng) for _ in range(rng.randint(1, 3))))


async def _visit(front, rng):
    client = await front.connect()
    try:
        data = _input(rng)
        for piece in range(0, len(data), step := rng.choice([1 << 16, 50, 7])):
            await client.send(data[piece : piece + step])
        with trio.move_on_after(rng.choice([0, 0.005, 0.02])):
            await client.stream.receive_some()
        if rng.random() < 0.3:
            await client.half_close()
    except trio.BrokenResourceError:
        pass
    finally:
        await (client.reset() if rng.random() < 0.3 else trio.aclose_forcefully(client.stream))


@pytest.mark.parametrize("seed", range(3))
async def test_no_input_harms_anybody_else(running, stage, seed, caplog):
    """A bystander is served throughout, a new client at the end, and nothing failed inside the front."""
    rng = random.Random(seed)
    limits = {"header_timeout": 0.3, "body_idle": 0.3, "keep_alive": 5.0}
    async with running(stage.app, **limits) as front, await front.connect() as bystander:
        for _ in range(20):
            async with trio.open_nursery() as nursery:
                for _ in range(4):
                    nursery.start_soon(_visit, front, random.Random(rng.random()))
            answer = await bystander.ask()
            assert (answer.status, answer.body) == (200, b"hello")
        async with await front.connect() as client:
            assert (await client.ask()).status == 200
        assert not front.ended.is_set()
    assert not [record for record in caplog.records if record.name == "gateway.front"]
