"""The account of one request: closed once, into the journal and the metrics, whatever ended it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Literal, TypeAlias

import attrs
import trio

from gateway.attempt import Attempt
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


@attrs.define(eq=False)
class Account:
    """What is known of a request so far; `close` writes it down, the first time it is called."""

    ticket: Ticket
    books: Books
    on_close: Callable[[Usage], None] = lambda _: None
    attempts: Sequence[Attempt] = ()
    hedge_delay: float | None = None
    hedge_skip: str | None = None
    closed: bool = False

    def settle(self, settled: Settled) -> None:
        """The answer is complete, or broke after it had begun."""
        status = 200 if settled.error is None else settled.error.status
        error = None if settled.error is None else settled.error.type
        self._close(settled.usage, status, error=error, estimated=settled.estimated)

    def refuse(self, error: ApiError) -> None:
        """No answer: the client gets this error."""
        self._close(Usage(), error.status, error=error.type)

    def abandon(self) -> None:
        """The client left. Costs what the winner had reported, else at least the prompt it was sent."""
        winner = next((a for a in self.attempts if a.first is not None), None)
        usage = winner.usage if winner and winner.usage else None
        if usage is None:
            usage = estimated_usage(self.ticket.call, 0) if self.attempts else Usage()
        self._close(usage, CLIENT_GONE, error="client_gone", client_gone=True)

    def _close(
        self,
        usage: Usage,
        status: int,
        *,
        error: str | None,
        estimated: bool = False,
        client_gone: bool = False,
    ) -> None:
        if self.closed:
            return
        self.closed = True
        self.on_close(usage)
        record = self._record(usage, status, error, estimated=estimated, client_gone=client_gone)
        trail = self.ticket.trail
        answered = trail.ttft is not None
        overhead = trail.ttft - trail.upstream if trail.ttft is not None and answered else None
        self.books.metrics.request_ended(record, overhead)
        self.books.metrics.attempts_ended(
            record.operation,
            [
                (ended, attempt.target.provider, self.books.kinds.get(attempt.target.provider, ""))
                for ended, attempt in zip(record.attempts, self.attempts, strict=True)
            ],
        )
        try:
            self.books.store.post(record)
        except StoreUnavailable:
            if not self.books.serve_unmetered:
                raise

    def _record(
        self, usage: Usage, status: int, error: str | None, *, estimated: bool, client_gone: bool
    ) -> RequestEnded:
        ticket, trail, now = self.ticket, self.ticket.trail, trio.current_time()
        return RequestEnded(
            request=trail.id,
            project=ticket.principal.project,
            environment=ticket.principal.environment,
            operation=ticket.operation,
            model=ticket.call.model,
            status=status,
            streamed=ticket.call.stream,
            policy=ticket.policy.name,
            hedged=trail.hedged,
            winner=trail.winner,
            ttft_ms=None if trail.ttft is None else trail.ttft * 1000,
            duration_ms=(now - trail.arrived) * 1000,
            prompt_tokens=usage.prompt,
            completion_tokens=usage.completion,
            client_gone=client_gone,
            error=error,
            hedge_delay_ms=None if self.hedge_delay is None else self.hedge_delay * 1000,
            hedge_skip=self.hedge_skip,
            tags=() if ticket.knobs.no_log else ticket.knobs.tags,
            attempts=tuple(
                attempt_record(attempt, trail.arrived, now, estimated=estimated)
                for attempt in self.attempts
            ),
        )


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
        end_ms=((attempt.ended or now) - origin) * 1000,
        status=attempt.error.status if attempt.error else 200 if attempt.first else None,
        error=type(attempt.error).__name__ if attempt.error else None,
        prompt_tokens=usage.prompt,
        completion_tokens=usage.completion,
        usage_src=source,
    )
