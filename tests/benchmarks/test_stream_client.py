"""The load generator's own HTTP client, against a server that splits its answer everywhere."""

import pytest
import trio

from benchmarks.stream_client import FirstContent, post, send

BODY = (
    b'data: {"choices":[{"delta":{"role":"assistant","content":""}}]}\n\n'
    b'data: {"choices":[{"delta":{"content":"word"}}]}\n\ndata: [DONE]\n\n'
)
HEAD = b"HTTP/1.1 200 OK\r\nX-Hedgerow-Hedged: won\r\nContent-Length: %d\r\n\r\n" % len(BODY)


async def _answer(stream: trio.SocketStream, pieces: list[bytes]) -> None:
    await stream.receive_some()
    for piece in pieces:
        await stream.send_all(piece)
        await trio.sleep(0.001)
    await stream.aclose()


async def _exchange(pieces: list[bytes]) -> tuple[int, dict[str, str], FirstContent, bool]:
    first = FirstContent()
    async with trio.open_nursery() as nursery:
        serve = trio.serve_tcp
        listeners = await nursery.start(serve, lambda s: _answer(s, pieces), 0)
        port = listeners[0].socket.getsockname()[1]
        response = await send(post(f"http://127.0.0.1:{port}/v1", {"A": "b"}, b"{}"), first)
        nursery.cancel_scope.cancel()
    return response.status, response.headers, first, response.complete


@pytest.mark.parametrize("size", [7, 64, 100_000])
async def test_an_answer_is_understood_however_it_is_cut(size: int) -> None:
    """Status, headers, the moment of the first content and the end marker."""
    data = HEAD + BODY
    pieces = [data[start : start + size] for start in range(0, len(data), size)]

    status, headers, first, complete = await _exchange(pieces)

    assert (status, headers["x-hedgerow-hedged"], complete) == (200, "won", True)
    assert first.at is not None
    assert first.done


async def test_an_answer_that_is_cut_is_not_complete() -> None:
    """A role-only delta is no content, and a missing end shows."""
    role_only = BODY.split(b"\n\n")[0] + b"\n\n"

    status, _, first, complete = await _exchange([HEAD + role_only])

    assert (status, first.at, first.done, complete) == (200, None, False, False)
