"""The account of one request: closed once, into the journal and the metrics, whatever ended it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Literal, TypeAlias

import attrs
import trio

from gateway.attempt import Attempt
from gateway.catalog import Offer
from gateway.errors import ApiError
from gateway.metrics import Metrics
from gateway.relay import Settled
from gateway.ticket import Ticket
from gateway.tokens import estimated_usage
from providers.types import Usage
from state.errors import StoreUnavailable
from state.records import AttemptEnded, RequestEnded
from state.store import Store

UsageSource: TypeAlias = Literal["reported", "estimated", "none"]

CLIENT_GONE = 499
"""nginx's word for a client that left before it had its answer; never sent to anybody."""


@attrs.frozen
class Books:
    """Where accounts are closed into. `kinds` gives the kind of each provider by name.

    `serve_unmetered` lets requests be answered while the journal cannot be written.
    """

    store: Store
    metrics: Metrics
    kinds: Mapping[str, str]
    serve_unmetered: bool = False


@attrs.frozen
class Ending:
    """How a request ended. `status` is what the client saw, `error` the type of what went wrong."""

    usage: Usage
    status: int
    error: str | None = None
    estimated: bool = False
    client_gone: bool = False


@attrs.define(eq=False)
class Account:
    """What is known of a request so far; closed the first time that an ending is told.

    `so_far` gives what was answered up to now, once an answer is on its way. The price is the offer's.
    """

    ticket: Ticket
    books: Books
    offer: Offer
    on_close: Callable[[Usage], None] = lambda _: None
    attempts: Sequence[Attempt] = ()
    hedge_delay: float | None = None
    hedge_skip: str | None = None
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
        if self.attempts:
            return Settled(estimated_usage(self.ticket.call, 0), estimated=True)
        return Settled(Usage(), estimated=False)

    def _close(self, ending: Ending) -> None:
        if self.closed:
            return
        self.closed = True
        self.on_close(ending.usage)
        record = self._record(ending)
        try:
            self.books.store.post(record)
        except StoreUnavailable:
            if not self.books.serve_unmetered:
                self._count(attrs.evolve(record, status=503, error="service_unavailable"))
                raise
        self._count(record)

    def _count(self, record: RequestEnded) -> None:
        trail, kinds = self.ticket.trail, self.books.kinds
        overhead = None if trail.ttft is None else trail.ttft - trail.upstream
        self.books.metrics.request_ended(record, self.offer.label, overhead)
        for ended, attempt in zip(record.attempts, self.attempts, strict=True):
            kind = kinds.get(attempt.target.provider, "")
            self.books.metrics.attempt_ended(ended, self.offer.label, attempt.target.provider, kind)

    def _record(self, ending: Ending) -> RequestEnded:
        ticket, trail, now = self.ticket, self.ticket.trail, trio.current_time()
        return RequestEnded(
            request=trail.id,
            project=ticket.principal.project,
            environment=ticket.principal.environment,
            operation=ticket.operation,
            model=ticket.call.model,
            status=ending.status,
            streamed=ticket.call.stream,
            policy=ticket.policy.name,
            hedged=trail.hedged,
            winner=trail.winner,
            ttft_ms=None if trail.ttft is None else trail.ttft * 1000,
            duration_ms=(now - trail.arrived) * 1000,
            prompt_tokens=ending.usage.prompt,
            completion_tokens=ending.usage.completion,
            nano_usd=self._cost(ending.usage),
            client_gone=ending.client_gone,
            error=ending.error,
            hedge_delay_ms=None if self.hedge_delay is None else self.hedge_delay * 1000,
            hedge_skip=self.hedge_skip,
            tags=() if ticket.knobs.no_log else ticket.knobs.tags,
            attempts=tuple(
                attempt_record(attempt, trail.arrived, now, estimated=ending.estimated)
                for attempt in self.attempts
            ),
        )

    def _cost(self, usage: Usage) -> int:
        """Billionths of a dollar; nothing in test mode, nor where no price is configured."""
        price = self.offer.price
        if price is None or self.ticket.principal.environment == "test":
            return 0
        return round(1000 * (price.input * usage.prompt + price.output * usage.completion))


def attempt_record(attempt: Attempt, origin: float, now: float, *, estimated: bool) -> AttemptEnded:
    """An attempt's facts for the journal, times in milliseconds since the request arrived."""
    usage = attempt.usage
    won = attempt.outcome == "won"
    source: UsageSource = "none"
    if usage is not None or (won and estimated):
        source = "estimated" if usage is None else "reported"
    usage = usage or Usage()
    return AttemptEnded(
        key=attempt.target.key,
        domain=attempt.target.domain,
        model=attempt.target.model,
        role=attempt.role,
        outcome=attempt.outcome or "client_gone",
        start_ms=(attempt.started - origin) * 1000,
        first_ms=None if attempt.first is None else (attempt.first - origin) * 1000,
        end_ms=((now if attempt.ended is None else attempt.ended) - origin) * 1000,
        status=_status(attempt),
        error=type(attempt.error).__name__ if attempt.error else None,
        prompt_tokens=usage.prompt,
        completion_tokens=usage.completion,
        usage_src=source,
    )


def _status(attempt: Attempt) -> int | None:
    """The HTTP status that the upstream answered with, if it answered."""
    if attempt.error is not None and attempt.error.status is not None:
        return attempt.error.status
    return None if attempt.first is None else 200
