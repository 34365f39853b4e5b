"""The account of one request: closed once, into the journal and the metrics, whatever ended it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import attrs
import trio

from gateway.attempt import Attempt
from gateway.attempt_record import Clockwork, attempt_record, bill, paid
from gateway.catalog import Offer
from gateway.errors import ApiError
from gateway.metrics import Metrics
from gateway.relay import Settled
from gateway.ticket import Ticket
from gateway.tokens import estimated_usage
from gateway.trials import Placed
from policies import cost
from policies.contest import Skip
from policies.cost import CancelBilling
from providers.types import Usage
from state.errors import StoreUnavailable
from state.records import AttemptEnded, RequestEnded, Skipped
from state.store import Store

CLIENT_GONE = 499
"""nginx's word for a client that left before it had its answer; never sent to anybody."""


@attrs.frozen
class Books:
    """Where accounts are closed into. `kinds` gives the kind of each provider by name, `billing` what its
    cancelled calls cost.

    `serve_unmetered` lets requests be answered while the journal cannot be written.
    """

    store: Store
    metrics: Metrics
    kinds: Mapping[str, str]
    serve_unmetered: bool = False
    billing: Mapping[str, CancelBilling] = attrs.field(factory=dict)


@attrs.frozen
class Ending:
    """How a request ended. `status` is what the client saw, `error` the type of what went wrong."""

    usage: Usage
    status: int
    error: str | None = None
    estimated: bool = False
    client_gone: bool = False


class Admission(Protocol):
    """What a request holds of its project's limits."""

    def extra(self, tokens: int, nano_usd: int, /) -> bool:
        """Holds so much for one more attempt, if the limits allow it."""

    def settle(self, tokens: int, /) -> None:
        """The request has used so many tokens in all; its money counts from its record on."""


@attrs.frozen
class Unlimited:
    """The admission of what is limited by nothing."""

    def extra(self, _tokens: int, _nano_usd: int) -> bool:
        """Always."""
        return True

    def settle(self, _tokens: int) -> None:
        """Nobody counts."""


class Raced(Protocol):
    """What a record says of a race: see `race.Race`."""

    @property
    def attempts(self) -> Sequence[Attempt]:
        """All of them."""

    @property
    def winner(self) -> Attempt | None:
        """The one that answered."""

    @property
    def skips(self) -> Sequence[Skip]:
        """The hedges that were wanted and refused."""


@attrs.define(eq=False)
class Account:
    """What is known of a request so far; closed the first time that an ending is told.

    `race` is the request's, where there is one; `so_far` gives what was answered up to now, once an answer
    is on its way. The price is the winner's, or else the offer's.
    """

    ticket: Ticket
    books: Books
    offer: Offer
    admission: Admission = Unlimited()
    race: Raced | None = None
    policy_id: str = ""
    so_far: Callable[[], Settled] | None = None
    closed: bool = False

    def settle(self, settled: Settled) -> None:
        """The answer is complete, or broke after it had begun.

        Raises:
            StoreUnavailable: it could not be written down.
        """
        error = None if settled.error is None else settled.error.type
        self._close(Ending(settled.usage, 200, error, settled.estimated))

    def refuse(self, error: ApiError) -> None:
        """No answer: the client gets this error, and pays nothing.

        Raises:
            StoreUnavailable: it could not be written down.
        """
        self._close(Ending(Usage(), error.status, error.type))

    def break_off(self, error: ApiError) -> None:
        """An answer that had begun goes no further. The client has used what it was given.

        Raises:
            StoreUnavailable: it could not be written down.
        """
        self.settle(attrs.evolve(self._used(), error=error))

    def abandon(self) -> None:
        """The client left. It has used what was answered, and the prompt once a call was sent.

        Raises:
            StoreUnavailable: it could not be written down.
        """
        if self.closed:
            return
        used = self._used()
        self._close(
            Ending(used.usage, CLIENT_GONE, "client_gone", used.estimated, client_gone=True)
        )

    def _used(self) -> Settled:
        if self.so_far is not None:
            return self.so_far()
        if self._attempts:
            return Settled(estimated_usage(self.ticket.call, 0), estimated=True)
        return Settled(Usage(), estimated=False)

    @property
    def _attempts(self) -> Sequence[Attempt]:
        return () if self.race is None else self.race.attempts

    def _close(self, ending: Ending) -> None:
        if self.closed:
            return
        self.closed = True
        self.so_far = None  # whose owner settles here: a request must not end as a cycle
        record = self._record(ending)
        self.admission.settle(_tokens(record))
        try:
            self.books.store.post(record)
        except StoreUnavailable:
            if not self.books.serve_unmetered:
                self._count(attrs.evolve(record, status=503, error="service_unavailable"))
                raise
        self._count(record)

    def _count(self, record: RequestEnded) -> None:
        trail, books = self.ticket.trail, self.books
        overhead = None if trail.ttft is None else trail.ttft - trail.upstream
        books.metrics.request_ended(record, self.offer.label, overhead)
        for attempt in record.attempts:
            kind = books.kinds.get(attempt.provider, "")
            books.metrics.attempt_ended(attempt, self.offer.label, kind)

    def _record(self, ending: Ending) -> RequestEnded:
        ticket, trail = self.ticket, self.ticket.trail
        clock = Clockwork(trail.arrived, trio.current_time())
        main = self._main(ending)
        attempts = tuple(self._attempt(made, clock, ending, main) for made in self._attempts)
        pairs = zip(self._attempts, attempts, strict=True)
        taxes = [record for made, record in pairs if made is not main]
        return RequestEnded(
            request=trail.id,
            project=ticket.principal.project,
            key=ticket.principal.key,
            environment=ticket.principal.environment,
            operation=ticket.operation,
            model=ticket.call.model,
            status=ending.status,
            streamed=ticket.call.stream,
            policy=ticket.policy.name,
            hedged=trail.hedged,
            winner=trail.winner,
            ttft_ms=None if trail.ttft is None else trail.ttft * 1000,
            duration_ms=clock.ms(clock.now),
            prompt_tokens=ending.usage.prompt,
            completion_tokens=ending.usage.completion,
            nano_usd=self._cost(ending.usage),
            client_gone=ending.client_gone,
            error=ending.error,
            hedge_delay_ms=attempts[0].delay_ms if attempts else None,
            tags=() if ticket.knobs.no_log else ticket.knobs.tags,
            attempts=attempts,
            tax_low=sum(attempt.nano_usd_low for attempt in taxes),
            tax_high=sum(attempt.nano_usd_high for attempt in taxes),
            **self._decided(clock),
        )

    def _decided(self, clock: Clockwork) -> dict[str, Any]:
        """What decided the race, for the members of the record that are named so."""
        features, place = self.ticket.features, self.ticket.place
        skips = () if self.race is None else self.race.skips
        return {
            "policy_id": self.policy_id,
            "coin": features.coin,
            "arm": features.arm,
            "prompt_estimate": features.prompt_tokens,
            "output_estimate": features.output_tokens,
            "affinity": features.affinity,
            "unhedgeable": features.unhedgeable,
            "deadline_ms": clock.ms(self.ticket.deadline),
            "hedge_skip": skips[-1].why if skips else None,
            **({} if place is None else _side(place)),
            "skips": tuple(Skipped(clock.ms(skip.at), skip.why, skip.level) for skip in skips),
        }

    def _main(self, ending: Ending) -> Attempt | None:
        """The attempt that the request's own usage is of; the others' is what was paid beside it."""
        if self.race is not None and self.race.winner is not None:
            return self.race.winner
        return self._attempts[0] if ending.client_gone and self._attempts else None

    def _attempt(
        self, attempt: Attempt, clock: Clockwork, ending: Ending, main: Attempt | None
    ) -> AttemptEnded:
        if attempt is main:
            known = paid(attempt, ending.usage, estimated=ending.estimated)
            return attempt_record(attempt, clock, known)
        rule = self.books.billing.get(attempt.target.provider, "unknown")
        return attempt_record(attempt, clock, bill(attempt, self.ticket.features, rule))

    def _cost(self, usage: Usage) -> int:
        """Billionths of a dollar; nothing in test mode, nor where no price is known."""
        winner = None if self.race is None else self.race.winner
        price = self.offer.price if winner is None else winner.target.price or self.offer.price
        if price is None or self.ticket.principal.environment == "test":
            return 0
        return cost.charge(price, usage)


def _side(place: Placed) -> dict[str, str]:
    """Where the request stood in an experiment, for the members of the record that are named so."""
    return {"experiment": place.experiment, "side": place.side, "unit": place.unit}


def _tokens(record: RequestEnded) -> int:
    """What counts against the project's rate: what the client got, and what hedges are known to have used."""
    beside = (
        attempt.prompt_tokens + attempt.completion_tokens
        for attempt in record.attempts
        if attempt.outcome == "lost"
    )
    return record.prompt_tokens + record.completion_tokens + sum(beside)
