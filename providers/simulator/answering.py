"""From a request to the delivery of its answer: the desk where language, key and chance come together.

Synchronous and without I/O: time is handed in, chance is the simulator's generator. A call is opened in
the ledger here and must be closed by whoever delivers.
"""

import random

import attrs

from providers.simulator.control import control, is_control
from providers.simulator.delivery import (
    Delivery,
    Framing,
    Pace,
    Then,
    deliver_stream,
    deliver_whole,
)
from providers.simulator.dialect import (
    Chat,
    Dialect,
    Embed,
    Problem,
    ProblemKind,
    Refused,
    Streamed,
    Told,
    Whole,
)
from providers.simulator.faults import Fault
from providers.simulator.keys import Keyring, SimulatedKey
from providers.simulator.ledger import Entry
from providers.simulator.prose import any_passage
from providers.simulator.requests import Request, Unreadable
from providers.simulator.routes import Route, credential, dialect_of, route
from providers.simulator.spoil import spoil


@attrs.frozen
class Turn:
    """One answer that is due on a connection, with its line in the ledger if it is a call's."""

    delivery: Delivery
    entry: Entry | None = None

    def delivered(self) -> None:
        """Everything was sent."""
        if self.entry:
            self.entry.close(self.delivery.outcome, self.delivery.status)

    def abandoned(self) -> None:
        """The client left before that. Does nothing once `delivered`."""
        if self.entry:
            self.entry.close("cancelled")


@attrs.define(eq=False)
class Desk:
    """Answers requests."""

    _ring: Keyring
    _rng: random.Random

    def turn(self, request: Request | Unreadable, now: float) -> Turn:
        """The answer to a request that came in completely at `now`."""
        if isinstance(request, Unreadable) or is_control(request):
            return aside(self._ring, request)
        framing = Framing(request.chunks, request.keep_alive)
        found, name = route(request), credential(request)
        if (other := self._no_call(found, name)) is not None:
            return Turn(deliver_whole(other, framing))
        key = self._ring.key(name)
        return Turn(self._call(found, request, key, now), key.tally.open())

    def _no_call(self, found: Route, name: str) -> Whole | None:
        """The answer where no model is called."""
        if found.target.operation == "unknown":
            return found.dialect.error(Problem("no_such_path"))
        if not name:
            return found.dialect.error(Problem("no_credential"))
        if found.target.operation == "models":
            models = self._ring.key(name).plan.models
            return found.dialect.model_list(found.dialect.models if models is None else models)
        return None

    def _call(self, found: Route, request: Request, key: SimulatedKey, now: float) -> Delivery:
        dialect = found.dialect
        framing = Framing(request.chunks, request.keep_alive)
        try:
            ask = dialect.read(found.target, request)
            key.admit(ask.model, now)
        except Refused as refused:
            return deliver_whole(dialect.error(refused.problem), framing)
        fault = key.next_fault(self._rng)
        if fault and fault.problem:
            return deliver_whole(dialect.error(fault.problem), framing, fault.after)
        prompt_tokens = ask.tokens if isinstance(ask, Embed) else ask.prompt_tokens
        first = key.plan.first_token(self._rng, now, prompt_tokens, request.body)
        answer, pace = self._good_answer(ask, dialect, key, first)
        if fault := fault or self._hang(answer, key):
            return spoil(answer, fault, dialect.spoiled, framing, pace)
        if isinstance(answer, Streamed):
            return deliver_stream(answer, framing, pace)
        return deliver_whole(answer, framing, pace.first)

    def _good_answer(
        self, ask: Chat | Embed, dialect: Dialect, key: SimulatedKey, first: float
    ) -> tuple[Whole | Streamed, Pace]:
        if isinstance(ask, Embed):
            return _with_quota(dialect.vectors(ask), dialect, key), Pace(first)
        answer, pace = self._speech(ask, dialect, key, first)
        return _with_quota(answer, dialect, key), pace

    def _speech(
        self, chat: Chat, dialect: Dialect, key: SimulatedKey, first: float
    ) -> tuple[Whole | Streamed, Pace]:
        words, cut = key.plan.length(self._rng, chat.max_tokens)
        passages = tuple(any_passage(self._rng, words) for _ in range(chat.choices))
        told = Told(b"%024x" % self._rng.getrandbits(96), passages, cut)
        gaps = key.plan.gaps(self._rng, words)
        if chat.stream:
            answer = dialect.streamed(chat, told)
            # What is said in one piece is sent when all of it is known.
            return answer, Pace(first, gaps) if len(answer.words) > 1 else Pace(first + sum(gaps))
        return dialect.whole(chat, told), Pace(first + sum(gaps))

    def _hang(self, answer: Whole | Streamed, key: SimulatedKey) -> Fault | None:
        if isinstance(answer, Whole) or not key.plan.hangs(self._rng):
            return None
        return Fault("stall", words=self._rng.randrange(len(answer.words)))


def aside(ring: Keyring, request: Request | Unreadable) -> Turn:
    """The answer to what no provider is asked: nonsense, and the simulator's own endpoints."""
    if isinstance(request, Unreadable):
        return Turn(_unreadable(request))
    framing = Framing(request.chunks, request.keep_alive)
    return Turn(deliver_whole(control(ring, request), framing))


def _with_quota(answer: Whole | Streamed, dialect: Dialect, key: SimulatedKey) -> Whole | Streamed:
    if key.bucket is None:
        return answer
    lines = dialect.quota(key.bucket.limit.burst, key.bucket.remaining, key.bucket.reset)
    return attrs.evolve(answer, headers=answer.headers + lines)


def _unreadable(request: Unreadable) -> Delivery:
    kind: ProblemKind = "too_large" if request.status == 413 else "bad_request"
    answer = dialect_of(request.path).error(Problem(kind, request.reason))
    closing = deliver_whole(answer, Framing(keep_alive=False))
    return attrs.evolve(closing, then=Then.DRAIN)
