"""The least a racing proxy in Python can be, for reference: Trio, llhttp on both sides, and nothing else.

`python -m benchmarks.overhead.bare UPSTREAM_PORT` prints its port. Every request has a nursery, a timer that
would start a backup, JSON parsed and JSON written; there are no keys, no limits, no journal, no metrics, no
errors and no streams. What the gateway takes beyond this is what those cost.
"""

import math
import sys
from contextlib import suppress

import attrs
import httptools
import msgspec
import trio

HEDGE_AFTER = 5.0


@attrs.define(eq=False)
class Message:
    """What a parser has understood so far: of a request or of an answer."""

    body: bytes = b""
    complete: bool = False

    def on_message_begin(self) -> None:
        self.body, self.complete = b"", False

    def on_body(self, data: bytes) -> None:
        self.body += data

    def on_message_complete(self) -> None:
        self.complete = True


@attrs.define(eq=False)
class Call:
    """A connection to the upstream."""

    stream: trio.SocketStream
    message: Message = attrs.field(factory=Message)
    parser: httptools.HttpResponseParser = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.parser = httptools.HttpResponseParser(self.message)

    async def __call__(self, body: bytes) -> bytes:
        head = b"POST /v1/chat/completions HTTP/1.1\r\nhost: upstream\r\ncontent-length: %d\r\n\r\n"
        self.message.complete = False
        await self.stream.send_all(head % len(body) + body)
        while not self.message.complete:
            data = await self.stream.receive_some(65536)
            if not data:
                raise trio.BrokenResourceError
            self.parser.feed_data(data)
        return self.message.body


@attrs.define(eq=False)
class Proxy:
    """Connections to one upstream, the newest used again first."""

    port: int
    idle: list[Call] = attrs.field(factory=list)

    async def serve(self, stream: trio.SocketStream) -> None:
        """One client's connection."""
        with suppress(trio.BrokenResourceError, trio.ClosedResourceError):
            await self._converse(stream)

    async def _converse(self, stream: trio.SocketStream) -> None:
        message = Message()
        parser = httptools.HttpRequestParser(message)
        while data := await stream.receive_some(65536):
            parser.feed_data(data)
            if message.complete:
                message.complete = False
                answer = await self._race(message.body)
                head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
                await stream.send_all(head + b"content-length: %d\r\n\r\n" % len(answer) + answer)

    async def _race(self, body: bytes) -> bytes:
        request = msgspec.json.encode(msgspec.json.decode(body))
        send, receive = trio.open_memory_channel[bytes](math.inf)
        answer = b""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._attempt, request, send)
            while not answer:
                with trio.move_on_after(HEDGE_AFTER):
                    answer = await receive.receive()
                    break
                nursery.start_soon(self._attempt, request, send)
            nursery.cancel_scope.cancel()
        return msgspec.json.encode(msgspec.json.decode(answer))

    async def _attempt(self, request: bytes, won: trio.MemorySendChannel[bytes]) -> None:
        with trio.CancelScope():
            call = self.idle.pop() if self.idle else await self._connect()
            answer = await call(request)
            self.idle.append(call)
            won.send_nowait(answer)

    async def _connect(self) -> Call:
        return Call(await trio.open_tcp_stream("127.0.0.1", self.port))


async def main(upstream: int) -> None:
    """Listens, says where, and serves; `upstream` is a port."""
    proxy = Proxy(upstream)
    listeners = await trio.open_tcp_listeners(0, host="127.0.0.1", backlog=1024)
    print(listeners[0].socket.getsockname()[1], flush=True)
    await trio.serve_listeners(proxy.serve, listeners)


if __name__ == "__main__":
    trio.run(main, int(sys.argv[1]))
