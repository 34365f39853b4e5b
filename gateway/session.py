"""A realtime session, once an upstream has one: messages both ways, until either side closes.

Messages are passed on as they are; what the answers have used is added up in passing. Each direction waits for
its receiver, so that a slow one slows the other side and fills no memory.
"""

from collections.abc import Callable, Sequence
from typing import Protocol, cast

import attrs
import trio

from gateway.account import Account
from gateway.answer import Answer
from gateway.errors import from_provider
from gateway.relay import Settled
from gateway.ticket import Ticket
from policies.mock_session import MockSession
from providers.types import Closed, Ended, Event, Failed, Frame, Usage, UsageSeen

LONGEST = 3600.0
"""Seconds that a session may last: OpenAI ends them after as many."""

NORMAL, GOING_AWAY, BROKEN = 1000, 1001, 1011
"""Codes with which websockets are closed (RFC 6455, 7.4.1)."""

UNSAID = (1005, 1006, 1015)
"""Codes that stand for none, and may not be sent (RFC 6455, 7.4.1)."""


class Line(Protocol):
    """The client's end, accepted when there is a session to be had."""

    @property
    def stop(self) -> trio.Event:
        """Set when the process is about to end."""

    @property
    def left(self) -> tuple[int, str] | None:
        """With which code and reason the client has left, if it has."""

    async def accept(self) -> None:
        """Accepts the client."""

    async def receive(self) -> str | bytes:
        """The client's next message. One that leaves cancels whoever waits."""

    async def send(self, data: str | bytes) -> None:
        """Sends a message; waits while the client is slower."""

    async def end(self, code: int, reason: str = "") -> None:
        """Closes the client's websocket."""


class Session(Protocol):
    """The upstream's end: `providers.socket.SocketExchange`, or a script in its place."""

    leaving: Callable[[], tuple[int, str]]
    """With which code and reason it is closed when it is left."""

    async def receive(self) -> Sequence[Event]:
        """The next message and what it means; the last is `Ended` or `Failed`."""

    async def send(self, data: str | bytes) -> None:
        """Sends a message."""


@attrs.define(eq=False)
class Conversation:
    """One session's messages. `settle` is called once, when it is over, unless the client left."""

    line: Line
    settle: Callable[[Settled], None]
    note: Callable[[Sequence[Event]], None] = lambda _: None
    _usage: Usage = attrs.field(factory=Usage)
    _closed: Closed = attrs.field(factory=lambda: Closed(NORMAL))

    def so_far(self) -> Settled:
        """What was used by now, as the upstream has said."""
        return Settled(self._usage, estimated=False)

    async def __call__(self, session: Session, opening: Sequence[Event]) -> Event:
        """Carries messages until the session is over; gives its last event.

        `opening` is what has come already.
        """
        session.leaving = self._leaving
        await self.line.accept()
        last: Event = Ended()
        with trio.move_on_after(LONGEST) as limit:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._up, session)
                nursery.start_soon(self._until_stopped, nursery.cancel_scope)
                last = await self._down(session, opening)
                nursery.cancel_scope.cancel()
        if limit.cancelled_caught:
            self._closed = Closed(NORMAL, "the session has lasted as long as it may")
        await self._finish(last)
        return last

    def _leaving(self) -> tuple[int, str]:
        return self.line.left or (self._closed.code, self._closed.reason)

    async def _down(self, session: Session, events: Sequence[Event]) -> Event:
        while True:
            for event in events:
                match event:
                    case Frame():
                        await self.line.send(event.data)
                    case UsageSeen():
                        self._usage = event.usage
                    case Closed():
                        self._closed = event
                    case Ended() | Failed():
                        return event
            events = await session.receive()
            self.note(events)

    async def _up(self, session: Session) -> None:
        while True:
            await session.send(await self.line.receive())

    async def _until_stopped(self, everything: trio.CancelScope) -> None:
        await self.line.stop.wait()
        self._closed = Closed(GOING_AWAY, "the gateway is restarting")
        everything.cancel()

    async def _finish(self, last: Event) -> None:
        """Accounts for the session, and then tells the client that it is over."""
        settled = self.so_far()
        if isinstance(last, Failed):
            settled = attrs.evolve(settled, error=from_provider(last.error))
        self.settle(settled)
        code = BROKEN if self._closed.code in UNSAID else self._closed.code
        await self.line.end(code, self._closed.reason)


async def converse(answer: Answer, line: Line, account: Account) -> None:
    """Carries a race's winner's session to its end."""
    attempt = answer.attempt
    conversation = Conversation(line, account.settle, attempt.note)
    account.so_far = conversation.so_far
    opening, attempt.pending = attempt.pending, []
    last = await conversation(cast("Session", attempt.exchange), opening)
    answer.over = True
    if isinstance(last, Failed):
        attempt.fail(last.error)


@attrs.define(eq=False)
class Rehearsal:
    """A session of test mode, which answers by itself. Implements `Session`."""

    script: MockSession
    leaving: Callable[[], tuple[int, str]] = lambda: (NORMAL, "")
    _said: trio.MemorySendChannel[str] = attrs.field(init=False)
    _to_say: trio.MemoryReceiveChannel[str] = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._said, self._to_say = trio.open_memory_channel[str](0)

    async def receive(self) -> Sequence[Event]:
        """The next thing that it says."""
        return (Frame(await self._to_say.receive()),)

    async def send(self, data: str | bytes) -> None:
        """Hears the client, and answers as fast as the client listens."""
        for said in self.script.hear(data):
            await self._said.send(said)


async def rehearse(ticket: Ticket, line: Line, account: Account) -> None:
    """Plays a session of test mode to its end."""
    conversation = Conversation(line, account.settle)
    account.so_far = conversation.so_far
    script = MockSession(ticket.call.model)
    await conversation(Rehearsal(script), (Frame(script.open()),))
