"""Prometheus metrics: OpenTelemetry's GenAI names where there is one, `hedgerow_*` for what is ours.

Labels hold names of projects, models and keys, never credentials, and only such as the configuration or a
provider named: a client cannot invent a label. Only the request's record feeds them, so that what
`/metrics` counts and what the journal holds agree.
"""

from collections.abc import Iterable
from typing import Any

import attrs
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)

from policies.rest import State
from policies.statistics import KeyStatistics
from providers.kinds import KINDS
from state.records import AttemptEnded, RequestEnded

TTFT_BUCKETS = (
    *(0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1),
    *(0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 30),
)
DURATION_BUCKETS = tuple(0.01 * 2**n for n in range(15))
OVERHEAD_BUCKETS = (0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5)
disable_created_metrics()  # type: ignore[no-untyped-call]  # a series more for each counter, which nobody reads

GRAVITY: tuple[State, ...] = (
    "active",
    "probation",
    "cooling",
    "ejected",
    "exhausted",
    "invalid",
    "draining",
)
"""States of a key from best to worst."""


@attrs.define(eq=False, slots=False)
class Metrics:
    """All of the gateway's metrics, in a registry of their own."""

    registry: CollectorRegistry = attrs.field(factory=CollectorRegistry)

    def __attrs_post_init__(self) -> None:
        registry = self.registry
        self.requests = Counter(
            "hedgerow_requests",
            "Client requests that have ended",
            ["project", "model", "operation", "outcome"],
            registry=registry,
        )
        self.attempts = Counter(
            "hedgerow_attempts",
            "Upstream calls that have ended",
            ["provider", "model", "key", "role", "outcome"],
            registry=registry,
        )
        self.hedges = Counter(
            "hedgerow_hedges",
            "Requests that were slow enough to hedge, and what became of it",
            ["decision", "reason"],
            registry=registry,
        )
        self._children: dict[tuple[Any, tuple[str, ...]], Any] = {}
        self._costs()
        self._gateway()
        self._gen_ai()

    def _costs(self) -> None:
        self.tax = Counter(
            "hedgerow_unused_calls_usd",
            "What calls whose answers were not used may have cost, at least and at most; "
            "dual and audit are the spending on exploration",
            ["role", "bound"],
            registry=self.registry,
        )

    def _gateway(self) -> None:
        registry = self.registry
        self.overhead = Histogram(
            "hedgerow_overhead_seconds",
            "Time spent in the gateway before the answer began, the upstreams' time taken off",
            registry=registry,
            buckets=OVERHEAD_BUCKETS,
        )
        self.inflight = Gauge(
            "hedgerow_inflight_requests", "Client requests running now", registry=registry
        )
        self.key_state = Gauge(
            "hedgerow_key_state",
            "1 for the state that a pooled key is in",
            ["key", "state"],
            registry=registry,
        )

    def _gen_ai(self) -> None:
        labels = ["gen_ai_operation_name", "gen_ai_request_model"]
        registry = self.registry
        self.duration = Histogram(
            "gen_ai_server_request_duration_seconds",
            "Request duration as the client sees it",
            labels,
            registry=registry,
            buckets=DURATION_BUCKETS,
        )
        self.ttft = Histogram(
            "gen_ai_server_time_to_first_token_seconds",
            "Time to the first token as the client sees it",
            labels,
            registry=registry,
            buckets=TTFT_BUCKETS,
        )
        self.upstream_ttft = Histogram(
            "gen_ai_client_operation_time_to_first_chunk_seconds",
            "Time to the first token of single upstream calls",
            ["gen_ai_request_model", "gen_ai_provider_name"],
            registry=registry,
            buckets=TTFT_BUCKETS,
        )
        self.tokens = Counter(
            "gen_ai_client_token_usage_tokens",
            "Tokens of winning calls",
            [*labels, "gen_ai_token_type"],
            registry=registry,
        )

    def request_ended(self, record: RequestEnded, model: str, overhead: float | None) -> None:
        """Counts one request. `model` is its label; `overhead` in seconds, None where no answer began."""
        self._child(self.requests, record.project, model, record.operation, _outcome(record)).inc()
        names = (record.operation, model)
        self._child(self.duration, *names).observe(record.duration_ms / 1000)
        if record.ttft_ms is not None:
            self._child(self.ttft, *names).observe(record.ttft_ms / 1000)
        self._child(self.tokens, *names, "input").inc(record.prompt_tokens)
        self._child(self.tokens, *names, "output").inc(record.completion_tokens)
        if overhead is not None:
            self.overhead.observe(overhead)
        if record.hedged != "no":
            self._child(self.hedges, "fired", record.hedged).inc()
        elif record.hedge_skip is not None:
            self._child(self.hedges, "suppressed", record.hedge_skip).inc()

    def attempt_ended(self, attempt: AttemptEnded, model: str, kind: str) -> None:
        """Counts one upstream call. `model` is its request's label, `kind` its provider's kind."""
        if attempt.outcome != "won":
            purpose = "audit" if attempt.audit else attempt.role
            self._child(self.tax, purpose, "low").inc(attempt.nano_usd_low / 1e9)
            self._child(self.tax, purpose, "high").inc(attempt.nano_usd_high / 1e9)
        labels = (attempt.provider, model, attempt.key, attempt.role, attempt.outcome)
        self._child(self.attempts, *labels).inc()
        if attempt.first_ms is not None:
            seconds = (attempt.first_ms - attempt.start_ms) / 1000
            name = KINDS[kind].otel_name if kind in KINDS else kind
            self._child(self.upstream_ttft, model, name).observe(seconds)

    def _child(self, family: Any, *labels: str) -> Any:
        """The one with these labels. The library looks for it under a lock, and turns each label into text."""
        child = self._children.get((family, labels))
        if child is None:
            child = self._children[family, labels] = family.labels(*labels)
        return child

    def keys_are(self, keys: Iterable[KeyStatistics]) -> None:
        """Shows the state of each pooled key: the gravest, where its models differ."""
        self.key_state.clear()
        for key, states in _states(keys).items():
            self.key_state.labels(key, max(states, key=GRAVITY.index)).set(1)

    def render(self) -> bytes:
        """The text that Prometheus scrapes."""
        return generate_latest(self.registry)


def _states(keys: Iterable[KeyStatistics]) -> dict[str, set[State]]:
    states: dict[str, set[State]] = {}
    for key in keys:
        states.setdefault(key.target.key, set()).add(key.state)
    return states


def _outcome(record: RequestEnded) -> str:
    if record.client_gone:
        return "client_gone"
    if record.status == 200:
        return "ok" if record.error is None else "broken"
    return "client_error" if record.status < 500 else "server_error"
