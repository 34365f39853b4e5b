"""Prometheus metrics: OpenTelemetry's GenAI names where there is one, `hedgerow_*` for what is ours.

Labels hold names of projects, models and keys, never credentials, and only such as the configuration or a
provider named: a client cannot invent a label. Only the request's record feeds them, so that what
`/metrics` counts and what the journal holds agree.
"""

from collections.abc import Iterable, Sequence

import attrs
from prometheus_client import CollectorRegistry, Gauge, generate_latest

from gateway.tallies import Counters, Histograms
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
    """All of the gateway's metrics, in a registry of their own. `inflight` are client requests running now."""

    registry: CollectorRegistry = attrs.field(factory=CollectorRegistry)
    inflight: int = 0

    def __attrs_post_init__(self) -> None:
        self.requests = self._counters(
            "hedgerow_requests",
            "Client requests that have ended",
            "project",
            "model",
            "operation",
            "outcome",
        )
        self.attempts = self._counters(
            "hedgerow_attempts",
            "Upstream calls that have ended",
            "provider",
            "model",
            "key",
            "role",
            "outcome",
        )
        self.hedges = self._counters(
            "hedgerow_hedges",
            "Requests that were slow enough to hedge, and what became of it",
            "decision",
            "reason",
        )
        self.tax = self._counters(
            "hedgerow_unused_calls_usd",
            "What calls whose answers were not used may have cost, at least and at most; "
            "dual and audit are the spending on exploration",
            "role",
            "bound",
        )
        self._gateway()
        self._gen_ai()

    def _gateway(self) -> None:
        self.overhead = self._histograms(
            "hedgerow_overhead_seconds",
            "Time spent in the gateway before the answer began, the upstreams' time taken off",
            OVERHEAD_BUCKETS,
        )
        inflight = Gauge(
            "hedgerow_inflight_requests", "Client requests running now", registry=self.registry
        )
        inflight.set_function(lambda: self.inflight)
        self.key_state = Gauge(
            "hedgerow_key_state",
            "1 for the state that a pooled key is in",
            ["key", "state"],
            registry=self.registry,
        )

    def _gen_ai(self) -> None:
        labels = ("gen_ai_operation_name", "gen_ai_request_model")
        self.duration = self._histograms(
            "gen_ai_server_request_duration_seconds",
            "Request duration as the client sees it",
            DURATION_BUCKETS,
            *labels,
        )
        self.ttft = self._histograms(
            "gen_ai_server_time_to_first_token_seconds",
            "Time to the first token as the client sees it",
            TTFT_BUCKETS,
            *labels,
        )
        self.upstream_ttft = self._histograms(
            "gen_ai_client_operation_time_to_first_chunk_seconds",
            "Time to the first token of single upstream calls",
            TTFT_BUCKETS,
            "gen_ai_request_model",
            "gen_ai_provider_name",
        )
        self.tokens = self._counters(
            "gen_ai_client_token_usage_tokens",
            "Tokens of winning calls",
            *labels,
            "gen_ai_token_type",
        )

    def _counters(self, name: str, meaning: str, *labels: str) -> Counters:
        counters = Counters(name, meaning, labels)
        self.registry.register(counters)
        return counters

    def _histograms(
        self, name: str, meaning: str, bounds: Sequence[float], *labels: str
    ) -> Histograms:
        histograms = Histograms(name, meaning, labels, bounds)
        self.registry.register(histograms)
        return histograms

    def request_ended(self, record: RequestEnded, model: str, overhead: float | None) -> None:
        """Counts one request. `model` is its label; `overhead` in seconds, None where no answer began."""
        operation = record.operation
        self.requests.add((record.project, model, operation, _outcome(record)))
        self.duration.observe((operation, model), record.duration_ms / 1000)
        if record.ttft_ms is not None:
            self.ttft.observe((operation, model), record.ttft_ms / 1000)
        self.tokens.add((operation, model, "input"), record.prompt_tokens)
        self.tokens.add((operation, model, "output"), record.completion_tokens)
        if overhead is not None:
            self.overhead.observe((), overhead)
        if record.hedged != "no":
            self.hedges.add(("fired", record.hedged))
        elif record.hedge_skip is not None:
            self.hedges.add(("suppressed", record.hedge_skip))

    def attempt_ended(self, attempt: AttemptEnded, model: str, kind: str) -> None:
        """Counts one upstream call. `model` is its request's label, `kind` its provider's kind."""
        if attempt.outcome != "won":
            purpose = "audit" if attempt.audit else attempt.role
            self.tax.add((purpose, "low"), attempt.nano_usd_low / 1e9)
            self.tax.add((purpose, "high"), attempt.nano_usd_high / 1e9)
        self.attempts.add((attempt.provider, model, attempt.key, attempt.role, attempt.outcome))
        if attempt.first_ms is not None:
            seconds = (attempt.first_ms - attempt.start_ms) / 1000
            name = KINDS[kind].otel_name if kind in KINDS else kind
            self.upstream_ttft.observe((model, name), seconds)

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
