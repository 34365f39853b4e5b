"""One client's connection: requests in, answers out in order, and an eye on whether the client is there.

Answers that are due at once are sent by the task that reads. An answer with waiting in it is delivered
by a second task, so that reading goes on and the client's leaving is noticed at once, whatever the
answer is waiting for. The end of the client's bytes counts as leaving: no client of an API half-closes.
"""

import socket
import struct
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import TypeAlias

import trio

from providers.simulator.answering import Turn
from providers.simulator.delivery import Then
from providers.simulator.requests import Request, RequestReader, Unreadable

READ_SIZE = 64 * 1024
MOST_WAITING = 256
"""Pipelined requests beyond this are not read until those before them are answered."""

DRAIN_SECONDS = 1.0
"""How long a client may go on sending after it was told that its request is refused unread."""

_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_NO_LINGER = struct.pack("ii", 1, 0)

Respond: TypeAlias = Callable[[Request | Unreadable], Turn]


class Connection:
    """Serves one client until either side has had enough. `respond` must not block."""

    def __init__(self, stream: trio.abc.Stream, respond: Respond) -> None:
        self._stream = stream
        self._respond = respond
        self._turns: deque[Turn] = deque()
        self._open = True
        # Set while a second task delivers; the event comes when it is done.
        self._delivering: trio.Event | None = None

    async def run(self) -> None:
        """Serve. Returns when the connection is over; closing the stream is the caller's part."""
        try:
            async with trio.open_nursery() as nursery:
                with suppress(trio.BrokenResourceError, trio.ClosedResourceError):
                    await self._read(nursery)
                nursery.cancel_scope.cancel()
        finally:
            for turn in self._turns:
                turn.abandoned()

    async def _read(self, nursery: trio.Nursery) -> None:
        reader = RequestReader()
        while self._open and (data := await self._stream.receive_some(READ_SIZE)):
            self._turns.extend(map(self._respond, reader.feed(bytes(data))))
            if reader.expects_continue and not self._turns:
                await self._stream.send_all(_CONTINUE)
            await self._advance(nursery)

    async def _advance(self, nursery: trio.Nursery) -> None:
        """Send what is due now; have the rest delivered beside the reading."""
        if self._delivering is None:
            await self._deliver(nursery.cancel_scope, only_immediate=True)
        if self._turns and self._open and self._delivering is None:
            self._delivering = trio.Event()
            nursery.start_soon(self._deliver_beside, nursery.cancel_scope, self._delivering)
        if self._delivering is not None and len(self._turns) > MOST_WAITING:
            await self._delivering.wait()

    async def _deliver_beside(self, scope: trio.CancelScope, done: trio.Event) -> None:
        try:
            await self._deliver(scope)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            self._open = False
        if not self._open:
            scope.cancel()
        self._delivering = None
        done.set()

    async def _deliver(self, scope: trio.CancelScope, *, only_immediate: bool = False) -> None:
        while self._turns and self._open:
            turn = self._turns[0]
            if only_immediate and not turn.delivery.immediate:
                return
            await self._send(turn)
            turn.delivered()
            self._turns.popleft()
            self._afterwards(turn.delivery.then, scope)

    async def _send(self, turn: Turn) -> None:
        due = trio.current_time()
        for delay, data in turn.delivery.frames:
            if delay:
                due += delay
                await trio.sleep_until(due)
            if data:
                await self._stream.send_all(data)
        if turn.delivery.then is Then.HANG:
            await trio.sleep_forever()

    def _afterwards(self, then: Then, scope: trio.CancelScope) -> None:
        if then is Then.DRAIN:
            scope.deadline = trio.current_time() + DRAIN_SECONDS
            return
        self._open = then is Then.KEEP
        if then is Then.RESET and isinstance(self._stream, trio.SocketStream):
            self._stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
