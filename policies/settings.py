"""What an operator may decide about a race: plain values with defaults, checked where they are read.

Durations are seconds. A `Policy` is a named bundle; models and projects name the policy they use.
"""

from typing import Literal, TypeAlias

import attrs

HedgeKind: TypeAlias = Literal["off", "fixed", "quantile"]


@attrs.frozen
class Hedge:
    """When a second attempt starts beside a slow first one.

    `fixed` waits `delay`; `quantile` waits for that quantile of the time to first token observed for the
    upstream model, clamped to [min_delay, max_delay], and does not hedge before `min_samples` were seen.
    `budget` bounds extra load: hedges <= budget x primaries + burst, exactly, with no refill by time.
    `max_parallel` counts live attempts; `failover_max` counts attempts started because of errors.
    """

    policy: HedgeKind = "quantile"
    delay: float = 1.5
    quantile: float = 0.95
    min_delay: float = 0.25
    max_delay: float = 10.0
    max_parallel: int = 2
    failover_max: int = 3
    budget: float = 0.05
    burst: float = 3.0
    min_samples: int = 200


@attrs.frozen
class Timeouts:
    """The five clocks of an attempt. `total` is the request's, from its arrival to its last byte."""

    connect: float = 5.0
    first_byte: float = 30.0
    first_token: float = 30.0
    idle: float = 20.0
    total: float = 600.0


@attrs.frozen
class Policy:
    """How requests for a model are raced."""

    name: str = "default"
    hedge: Hedge = Hedge()
    timeouts: Timeouts = Timeouts()
    max_queue_wait: float = 5.0


@attrs.frozen
class Limits:
    """What a project may use; None is no limit. Tokens count prompt and completion."""

    rpm: int | None = None
    tpm: int | None = None
    concurrent: int | None = None
    usd_per_day: float | None = None
