"""A TCP connection that waits only where there is something to wait for.

Trio's own stream yields to the scheduler before and after every operation, which is fair to everybody and costs
as much as the system call. Here a send that the kernel takes at once is over at once; whoever sends in a loop
must yield by itself. Measured: 9 % of a whole answer's CPU, both sides of the gateway together.
"""

import socket

import trio

RECEIVE = 65_536


class EagerStream(trio.abc.HalfCloseableStream):
    """Implements Trio's stream; one task sends and one receives at a time. Takes the socket over."""

    def __init__(self, stream: trio.SocketStream) -> None:
        self.socket = socket.socket(fileno=stream.socket.detach())
        self.socket.setblocking(False)

    def send_now(self, data: bytes | memoryview) -> int:
        """Sends what the kernel takes at once; gives how many bytes that were.

        Raises:
            trio.BrokenResourceError, trio.ClosedResourceError: there is no connection any more.
        """
        try:
            return self.socket.send(data)
        except BlockingIOError:
            return 0
        except OSError as error:
            raise self._trouble(error) from error

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """Sends all of it; a checkpoint only where it has to wait.

        Raises:
            trio.BrokenResourceError, trio.ClosedResourceError: there is no connection any more.
        """
        with memoryview(data) as rest:
            sent = self.send_now(rest)
            while sent < len(rest):
                await trio.lowlevel.wait_writable(self.socket)
                sent += self.send_now(rest[sent:])

    async def wait_send_all_might_not_block(self) -> None:
        """Waits until the kernel takes something."""
        if self.socket.fileno() < 0:
            raise trio.ClosedResourceError
        await trio.lowlevel.wait_writable(self.socket)

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        """Waits for the next bytes; none at the end.

        Raises:
            trio.BrokenResourceError, trio.ClosedResourceError: there is no connection any more.
        """
        while True:
            if self.socket.fileno() < 0:
                raise trio.ClosedResourceError
            await trio.lowlevel.wait_readable(self.socket)
            try:
                return self.socket.recv(max_bytes or RECEIVE)
            except BlockingIOError:
                continue
            except OSError as error:
                raise self._trouble(error) from error

    async def send_eof(self) -> None:
        """Says that nothing more will be sent."""
        await trio.lowlevel.checkpoint()
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError as error:
            raise self._trouble(error) from error

    async def aclose(self) -> None:
        """Closes; whoever waits on the other tasks' side is told."""
        if self.socket.fileno() >= 0:
            trio.lowlevel.notify_closing(self.socket)
            self.socket.close()
            await trio.lowlevel.checkpoint()

    def _trouble(self, error: OSError) -> trio.BrokenResourceError | trio.ClosedResourceError:
        if self.socket.fileno() < 0:
            return trio.ClosedResourceError("this connection was closed already")
        return trio.BrokenResourceError(f"the connection broke: {error}")
