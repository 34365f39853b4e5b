"""Upstream and client in step, with something slow in between."""

import attrs
import httpx
import pytest
import trio

from benchmarks.gate.lockstep import LockStep


@attrs.define(eq=False)
class Slow:
    """Stands between client and upstream, and counts the words in each piece that it carries back."""

    port: int
    words: list[int] = attrs.field(factory=list)
    loses: bytes = b"\0"

    async def serve(self, client: trio.SocketStream) -> None:
        upstream = await trio.open_tcp_stream("127.0.0.1", self.port)
        async with upstream, trio.open_nursery() as nursery:
            nursery.start_soon(self._back, upstream, client)
            async for piece in client:
                await upstream.send_all(piece)
            nursery.cancel_scope.cancel()

    async def _back(self, upstream: trio.SocketStream, client: trio.SocketStream) -> None:
        async for piece in upstream:
            self.words.append(piece.count(b"green"))
            await trio.sleep(0.002)
            await client.send_all(piece.replace(self.loses, b"\0" * len(self.loses)))


async def asked(slow: Slow, model: str, *, stream: bool) -> list[int]:
    """The words in each piece of the answer to a request through it."""
    lockstep = LockStep()
    async with trio.open_nursery() as nursery, httpx.AsyncClient(trust_env=False) as http:
        slow.port = await lockstep.listen(nursery)
        listeners = await nursery.start(trio.serve_tcp, slow.serve, 0)
        url = f"http://127.0.0.1:{listeners[0].socket.getsockname()[1]}/v1"
        with trio.fail_after(10):
            await lockstep.ask(http, url, model, stream=stream)
            slow.words.clear()
            await lockstep.ask(
                http, url, model, stream=stream
            )  # the same connection, from the start
        nursery.cancel_scope.cancel()
    return slow.words


async def test_no_word_is_said_before_the_last_one_was_heard() -> None:
    """However slow it is, every word travels alone."""
    assert await asked(Slow(0), "say-64x1", stream=True) == [1] * 64


async def test_words_that_belong_together_come_at_once() -> None:
    """Here nobody waits for anybody."""
    assert await asked(Slow(0), "say-64x0", stream=True) == [64]


async def test_a_whole_answer_is_one_piece() -> None:
    """Its words are not said one by one."""
    assert await asked(Slow(0), "say-8x0", stream=False) == [8]


async def test_an_answer_that_lacks_words_is_no_measurement() -> None:
    """What is cheap because it is wrong must not pass."""
    with pytest.raises(ExceptionGroup) as caught:
        await asked(Slow(0, loses=b"green"), "say-8x0", stream=True)
    assert caught.group_contains(ValueError, match="say-8x0 was answered with 0 words")


async def test_models_are_listed() -> None:
    """As a gateway asks at its start."""
    async with trio.open_nursery() as nursery, httpx.AsyncClient(trust_env=False) as http:
        port = await LockStep().listen(nursery)
        listed = (await http.get(f"http://127.0.0.1:{port}/v1/models")).json()["data"]
        nursery.cancel_scope.cancel()
    assert "say-64x1" in [model["id"] for model in listed]
