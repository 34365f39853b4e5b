"""A small server on loopback that misbehaves as its paths say, and counts its connections."""

import attrs
import trio

HELLO = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello"
BURST = 50


@attrs.define(eq=False)
class Server:
    """Answers GETs by their path, and counts. `open` connections, `most` of them at once, `made` ever."""

    url: str = ""
    open: int = 0
    most: int = 0
    made: int = 0
    _waiting: int = 0
    _all_here: trio.Event = attrs.field(factory=trio.Event)

    async def _together(self) -> None:
        """Nobody of a burst is answered before all have asked: one behind another would wait for ever."""
        self._waiting += 1
        if self._waiting == BURST:
            self._all_here.set()
            self._waiting, self._all_here = 0, trio.Event()
        else:
            await self._all_here.wait()

    async def serve(self, *, task_status: trio.TaskStatus[None]) -> None:
        listeners = await trio.open_tcp_listeners(0, host="127.0.0.1", backlog=512)
        self.url = f"http://127.0.0.1:{listeners[0].socket.getsockname()[1]}"
        task_status.started()
        await trio.serve_listeners(self._client, listeners)

    async def _client(self, stream: trio.SocketStream) -> None:
        self.open += 1
        self.made += 1
        self.most = max(self.most, self.open)
        try:
            while request := await stream.receive_some(65536):
                if not await self._answer(stream, bytes(request).split(b" ")[1]):
                    return
        except trio.BrokenResourceError:
            pass
        finally:
            self.open -= 1
            await trio.aclose_forcefully(stream)

    async def _answer(self, stream: trio.SocketStream, path: bytes) -> bool:
        """Whether the connection goes on."""
        if path == b"/silence":
            await stream.receive_some(1)
            return False
        if path == b"/slow":
            await trio.sleep(0.02)
        if path == b"/together":
            await self._together()
        if path == b"/half":
            await stream.send_all(HELLO[:-2])
            return False
        if path == b"/more":
            await stream.send_all(HELLO[:-2])
            await stream.receive_some(1)
            return False
        await stream.send_all(HELLO)
        return path != b"/bye"


async def settled(server: Server, count: int) -> bool:
    """Whether the server comes to have so many connections."""
    with trio.move_on_after(2.0):
        while server.open != count:
            await trio.sleep(0.005)
    return server.open == count
