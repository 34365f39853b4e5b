"""An upstream and its client in one process, in step: the next word is said when the last one was heard.

However slow what stands between them is, it sees the same: every event on its own, or all at once. An
upstream with a clock would be ahead of a slow gateway, which then relays several events for the price of one.
Models are named as those of `benchmarks/overhead/upstream.py`: `say-64x1` is in step, `say-64x0` all at once.
"""

import json
import re
from contextlib import suppress
from functools import partial

import attrs
import httptools
import httpx
import trio

from benchmarks.overhead.bare import Message
from benchmarks.overhead.upstream import DELTA, ROLE, STREAM_HEAD, last, models, whole

_WORD = b"green"
_SAY = re.compile(rb"say-(\d+)x(\d+)")
_STREAM = re.compile(rb'"stream": *true')


@attrs.define(eq=False)
class LockStep:
    """Both ends of one conversation at a time."""

    heard: int = 0
    _news: trio.lowlevel.ParkingLot = attrs.field(factory=trio.lowlevel.ParkingLot)

    async def listen(self, nursery: trio.Nursery) -> int:
        """Answers as the upstream from now on, in this nursery; gives the port."""
        serve = partial(trio.serve_tcp, self.serve, 0, host="127.0.0.1")
        listeners: list[trio.SocketListener] = await nursery.start(serve)
        port: int = listeners[0].socket.getsockname()[1]
        return port

    async def serve(self, stream: trio.SocketStream) -> None:
        """The upstream's side of a connection."""
        with suppress(trio.BrokenResourceError, trio.ClosedResourceError):
            await self._answer_all(stream)

    async def _answer_all(self, stream: trio.SocketStream) -> None:
        message = Message()
        parser = httptools.HttpRequestParser(message)
        while data := await stream.receive_some(65536):
            parser.feed_data(data)
            if message.complete:
                message.complete = False
                if parser.get_method() == b"GET":
                    await stream.send_all(models())
                else:
                    await self._answer(stream, message.body)

    async def _answer(self, stream: trio.SocketStream, asked: bytes) -> None:
        say = _SAY.search(asked)
        words, apart = (int(say[1]), say[2] != b"0") if say else (1, False)
        if not _STREAM.search(asked):
            await stream.send_all(whole(words))
            return
        if not apart:
            await stream.send_all(STREAM_HEAD + ROLE + words * DELTA + last(words))
            return
        await stream.send_all(STREAM_HEAD + ROLE + DELTA)
        for said in range(1, words):
            while self.heard < said:
                await self._news.park()
            await stream.send_all(DELTA if said + 1 < words else DELTA + last(words))

    async def ask(self, http: httpx.AsyncClient, url: str, model: str, *, stream: bool) -> None:
        """A request for this model's answer, read to its end.

        Raises:
            httpx.HTTPStatusError: it is not answered with 200.
            ValueError: the answer has not all its words.
        """
        body = {"model": model, "messages": [{"role": "user", "content": "Say something green."}]}
        self.heard, said = 0, b""
        sent = json.dumps({**body, "stream": stream})
        async with http.stream("POST", f"{url}/chat/completions", content=sent) as response:
            response.raise_for_status()
            async for piece in response.aiter_raw():
                said += piece
                self.heard = said.count(_WORD)
                self._news.unpark_all()
        expected = int(model.removeprefix("say-").partition("x")[0])
        if self.heard != expected:
            raise ValueError(f"{model} was answered with {self.heard} words")
