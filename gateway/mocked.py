"""Test-mode answers. Everything `pk_test_` comes through here, and nothing here can reach a provider.

That is by construction: a `Mocked` holds no HTTP client, no pool and no credential, and what it answers is a
pure function of the request (`policies.mock`). Only the pacing is real.
"""

from collections.abc import Sequence
from typing import TypeAlias, cast

import attrs
import trio

from gateway.account import Account
from gateway.catalog import Offer
from gateway.errors import ApiError, bad_request
from gateway.relay import Relay
from gateway.reply import Reply
from gateway.session import Line, rehearse
from gateway.ticket import Ticket
from gateway.tokens import prompt_tokens
from gateway.wire import MAX_INPUTS
from policies import mock, mock_plain
from providers.errors import BrokenAnswer
from providers.types import (
    Call,
    ChatCall,
    CountCall,
    Counted,
    EmbedCall,
    Ended,
    Event,
    Failed,
    Made,
    PlainCall,
    SessionCall,
    Started,
    Usage,
    UsageSeen,
    Verbatim,
)

WINNER = "mock"

MOST_NUMBERS = MAX_INPUTS * 3072
"""Numbers in one answer with embeddings: OpenAI's largest request for its largest model fits."""

Step: TypeAlias = tuple[float, Sequence[Event]]


@attrs.define(eq=False)
class Script:
    """A mock answer as a source of events, each at its time."""

    steps: Sequence[Step]
    _next: int = 0

    async def receive(self) -> Sequence[Event]:
        """The next events, when they are due; empty after the last."""
        if self._next >= len(self.steps):
            await trio.lowlevel.checkpoint()
            return ()
        delay, events = self.steps[self._next]
        self._next += 1
        await trio.sleep(delay)
        return events


@attrs.frozen
class Mocked:
    """Answers from the script of the request itself."""

    async def answer(self, ticket: Ticket, _offer: Offer, account: Account, reply: Reply) -> None:
        """Plays the answer, or the error that the request demanded by `x-hedgerow-mock`.

        Raises:
            ApiError: the demanded error.
        """
        fault = _demanded(ticket.knobs.mock)
        if fault is not None and fault.status is not None:
            raise ApiError(fault.status, fault.message, retry_after=fault.retry_after)
        if isinstance(ticket.call, SessionCall):
            ticket.trail.winner = WINNER
            await rehearse(ticket, cast("Line", reply), account)
            return
        (first, opening), *rest = await _script(ticket.call, fault)
        relay = Relay(ticket.api, ticket.call, ticket.heading, reply, account.settle)
        with trio.move_on_at(ticket.deadline):
            await trio.sleep(first)
            ticket.trail.winner = WINNER
            ticket.trail.upstream = first
            ticket.trail.ttft = trio.current_time() - ticket.trail.arrived
            account.so_far = relay.so_far
            await relay(Script([(0.0, opening), *rest]))
            return
        raise ApiError(503, "No answer within the request's total time")


async def _script(call: Call, fault: mock.MockFault | None) -> list[Step]:
    """The script; for embeddings in a thread, as there may be millions of numbers to make up."""
    if not isinstance(call, EmbedCall):
        return script(call, fault)
    if mock.dimensions(call) * len(call.inputs) > MOST_NUMBERS:
        raise bad_request("Test mode does not make up so many numbers at once", "input")
    return await trio.to_thread.run_sync(script, call, fault)


def script(call: Call, fault: mock.MockFault | None) -> list[Step]:
    """The batches of events of a mock answer, each with the seconds to wait before it.

    As with a real answer, the first batch holds the first semantic event, and an answer that is not
    streamed comes in one.
    """
    if isinstance(call, CountCall):
        counted = Counted(prompt_tokens(call.chat))
        return [(_first(0.0, fault), [counted, UsageSeen(Usage()), Ended()])]
    if isinstance(call, PlainCall):
        said = _made(call)
        return [(_first(0.0, fault), [said, Made(len(said.data)), UsageSeen(Usage()), Ended()])]
    if isinstance(call, EmbedCall):
        made = mock.embed(call)
        events: list[Event] = [made.vectors, UsageSeen(made.usage), Ended()]
        return [(_first(made.first, fault), events)]
    assert isinstance(call, ChatCall), "sessions have no script"
    answer = mock.answer(call)
    opening, *pieces = answer.events()
    end: list[Event] = [UsageSeen(answer.usage), Ended()]
    if fault is not None and fault.cut:
        pieces, end = pieces[: len(pieces) // 2], [_CUT]
    first = _first(answer.first, fault)
    if not call.stream:
        return [(first, [Started(), opening, *pieces, *end])]
    paced: list[Step] = [(answer.between, [piece]) for piece in pieces]
    return [(first, [Started(), opening]), *paced, (0.0, end)]


def _made(call: PlainCall) -> Verbatim:
    try:
        return mock_plain.answer(call)
    except ValueError as error:
        raise bad_request(str(error), "response_format") from error


_CUT = Failed(BrokenAnswer("Test mode: the answer breaks off, as demanded"))


def _first(usual: float, fault: mock.MockFault | None) -> float:
    return usual if fault is None or fault.delay is None else fault.delay


def _demanded(knob: str | None) -> mock.MockFault | None:
    if knob is None:
        return None
    try:
        return mock.demanded(knob)
    except ValueError as error:
        raise bad_request(str(error), "x-hedgerow-mock") from error
