"""What an operator may decide about a race: plain values with defaults, checked where they are read.

Durations are seconds. A `Policy` is a named bundle; models and projects name the policy they use.
"""

from typing import Literal, TypeAlias

import attrs

from policies.learned import Learned

HedgeKind: TypeAlias = Literal["off", "fixed", "quantile", "single_r", "schedule", "learned"]
BalanceKind: TypeAlias = Literal[
    "p2c", "round_robin", "weighted", "least_busy", "lowest_cost", "priority"
]
Unit: TypeAlias = Literal["cost", "requests"]
LoserRule: TypeAlias = Literal["cancel", "drain"]
CommitOn: TypeAlias = Literal["semantic", "content"]
UpstreamStream: TypeAlias = Literal["auto", "always", "never"]


@attrs.frozen
class AtQuantile:
    """A moment of a schedule given as a quantile of the time to first token, as in `p90`."""

    p: float


Moment: TypeAlias = float | AtQuantile


@attrs.frozen
class Explore:
    """Shares of requests that are spent on knowing more; 0 is none. They are chosen by request id.

    `control` requests are never hedged. `dual` requests go to two targets at once, and both may
    reach their first token. `audit` is a share of losers that may run on to their first token.
    """

    control: float = 0.0
    dual: float = 0.0
    audit: float = 0.0


@attrs.frozen
class Hedge:
    """When a second attempt starts beside a slow first one.

    | policy     | a hedge starts                                                                  |
    |------------|---------------------------------------------------------------------------------|
    | `off`      | never                                                                           |
    | `fixed`    | after `delay`                                                                   |
    | `quantile` | at that `quantile` of the observed time to first token (Kaplan-Meier, by scope) |
    | `single_r` | after `delay`, or at `quantile` if there is none, with this `probability`       |
    | `schedule` | one at each moment of `schedule`                                                |
    | `learned`  | as the file says for the request's scope; else as `quantile`                    |

    What is observed is clamped to [min_delay, max_delay]. Until enough was seen (`min_samples`;
    None: as many as the quantile needs) nothing is hedged, or after `default_delay` if there is one.

    `budget` bounds extra load: hedges <= budget x primaries + burst, exactly, with no refill by time,
    counted in estimated cost or in `requests`. Slow calls come in clumps: a bucket of three refuses one
    wanted hedge in five, which doubles p99.9, a bucket of ten one in twenty.

    `max_parallel` counts live attempts, `failover_max` attempts started because of errors. A hedge must
    be first with at least `min_win_prob`. `drain` is how many seconds a loser may run on beside the
    winner where `loser` says so.
    """

    policy: HedgeKind = "quantile"
    delay: float | None = None
    quantile: float = 0.95
    probability: float = 1.0
    schedule: tuple[Moment, ...] = (AtQuantile(0.9), AtQuantile(0.99))
    learned: Learned | None = None
    min_delay: float = 0.25
    max_delay: float = 10.0
    max_parallel: int = 2
    failover_max: int = 3
    budget: float = 0.05
    burst: float = 10.0
    unit: Unit = "cost"
    min_samples: int | None = None
    default_delay: float | None = None
    min_win_prob: float = 0.25
    allow_same_key: bool = False
    commit_on: CommitOn = "semantic"
    loser: LoserRule = "cancel"
    drain: float = 5.0
    explore: Explore = Explore()


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
    """How requests for a model are raced.

    `affinity` keeps requests that share a prompt prefix on the same key, for its prompt cache.
    `upstream_stream` says whether answers that the client wants whole are streamed upstream: `auto`
    does where a hedge is possible.
    """

    name: str = "default"
    balance: BalanceKind = "p2c"
    affinity: bool = True
    upstream_stream: UpstreamStream = "auto"
    hedge: Hedge = Hedge()
    timeouts: Timeouts = Timeouts()
    max_queue_wait: float = 5.0


@attrs.frozen
class Limits:
    """What a project, or one of its keys, may use; None is no limit. Tokens count prompt and completion."""

    rpm: int | None = None
    tpm: int | None = None
    concurrent: int | None = None
    usd_per_day: float | None = None
    usd_per_month: float | None = None
