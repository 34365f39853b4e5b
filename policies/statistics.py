"""What the pool shows of itself: plain values, for metrics and for people."""

from typing import Literal, TypeAlias

import attrs

from policies.rest import State
from policies.target import Target

AllowanceKind: TypeAlias = Literal["hedge", "domain", "failover"]


@attrs.frozen
class KeyStatistics:
    """One target now: `ttft` is the estimate in seconds that balancing uses."""

    target: Target
    state: State
    inflight: int
    ttft: float


@attrs.frozen
class ModelStatistics:
    """The times to first token of an upstream model's primaries, in seconds."""

    model: str
    count: int
    p50: float | None
    p95: float | None
    p99: float | None


@attrs.frozen
class BudgetStatistics:
    """A route's or a domain's allowance for extra attempts."""

    route: str
    kind: AllowanceKind
    level: float
    granted: int
    refused: int


@attrs.frozen
class PoolStatistics:
    """The pool at one moment."""

    keys: tuple[KeyStatistics, ...]
    models: tuple[ModelStatistics, ...]
    budgets: tuple[BudgetStatistics, ...]
