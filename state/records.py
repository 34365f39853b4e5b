"""What the journal remembers: every kind of record, frozen, with a tag and a version.

A record's members are the members of its line (see `codec`). `ts` is wall-clock time in milliseconds
since 1970 UTC; the store stamps a record whose `ts` is 0. A member may be added if it has a default;
any other change of meaning needs a new `v`. Texts are names and numbers: never a prompt, an answer or
a secret. Project keys appear as SHA-256 digests, provider keys by their configured names.
"""

from typing import ClassVar, Literal, TypeAlias

import attrs
import msgspec

Environment: TypeAlias = Literal["live", "test"]
Operation: TypeAlias = Literal[
    "chat",
    "embeddings",
    "count_tokens",
    "moderations",
    "images",
    "speech",
    "transcriptions",
    "rerank",
    "realtime",
]
Hedged: TypeAlias = Literal["no", "won", "lost"]
Role: TypeAlias = Literal["primary", "hedge", "failover", "dual"]
Outcome: TypeAlias = Literal["won", "lost", "failed", "timeout", "client_gone"]
UsageSource: TypeAlias = Literal["reported", "early", "estimated", "none"]
Arm: TypeAlias = Literal["none", "control", "dual"]


@attrs.frozen
class Record:
    """One line of a log."""

    t: ClassVar[str]
    v: ClassVar[int] = 1
    ts: int = attrs.field(default=0, kw_only=True)


@attrs.frozen
class ControlRecord(Record):
    """A change to projects or keys: acknowledged only once it is on the disk."""


@attrs.frozen
class ProjectCreated(ControlRecord):
    """A project exists from now on. `models` are globs of the model names it may use."""

    t: ClassVar[str] = "project_created"
    project: str
    models: tuple[str, ...]


@attrs.frozen
class ProjectChanged(ControlRecord):
    """The project may use these models, and no others, from now on."""

    t: ClassVar[str] = "project_changed"
    project: str
    models: tuple[str, ...]


@attrs.frozen
class ProjectRevoked(ControlRecord):
    """The project, and with it every key of it, is no longer let in."""

    t: ClassVar[str] = "project_revoked"
    project: str


@attrs.frozen
class KeyIssued(ControlRecord):
    """A project key is valid from now on. `hint` is enough of it to tell it from others."""

    t: ClassVar[str] = "key_issued"
    project: str
    digest: str
    environment: Environment
    hint: str


@attrs.frozen
class KeyRevoked(ControlRecord):
    """A project key is never valid again."""

    t: ClassVar[str] = "key_revoked"
    digest: str


@attrs.frozen
class Candidate:
    """A target that was compared for an attempt; the lower the score, the better."""

    key: str
    score: float


@attrs.frozen
class Skipped:
    """A hedge was wanted and not started. `level` is what the budget held, in its own unit."""

    at_ms: float
    why: str
    level: float | None = None


@attrs.frozen(slots=False)  # made for every request: with slots it takes thrice as long
class AttemptEnded:
    """One upstream call of a race; a member of its request's record.

    Times are milliseconds since the request arrived. `headers_ms` is when the upstream accepted the
    call, `first_ms` the first semantic event, whose kind is `first_kind`. Of an attempt without
    `first_ms` that lost, ran out of time or was left by its client, all that is known of its time to
    first token is that it is longer than `end_ms - start_ms`; that holds for `lost` ones with
    `audit` too, which were allowed to run on. `cancelled_ms` is when it was told to stop, `end_ms`
    when it counted as over.

    What the choice of its target knew: `inflight` calls on the key, its estimated time to first token
    (`ewma_ms`), the share of its rate limit that was left (`headroom`), the `candidates` that were
    compared, and the probability with which chance alone offered this one (`p_sel`). `delay_ms`,
    `delay_src` and `probability` are the hedging plan that this dispatch set going.

    `limits` are the key's quota as the answer's headers told it: requests left, tokens left, seconds
    to reset. The cost interval is in billionths of a dollar: what the upstream may have billed, at
    least and at most.
    """

    key: str
    domain: str
    model: str
    role: Role
    outcome: Outcome
    start_ms: float
    first_ms: float | None
    end_ms: float
    status: int | None = None
    error: str | None = None
    prompt_tokens: int = 0
    completion_tokens: int = 0
    usage_src: UsageSource = "none"
    provider: str = ""
    headers_ms: float | None = None
    cancelled_ms: float | None = None
    first_kind: str | None = None
    audit: bool = False
    warm: bool = False
    inflight: int = 0
    ewma_ms: float | None = None
    headroom: float | None = None
    candidates: tuple[Candidate, ...] = ()
    p_sel: float = 1.0
    delay_ms: float | None = None
    delay_src: str | None = None
    probability: float = 1.0
    limits: tuple[int | None, int | None, float | None] | None = None
    nano_usd_low: int = 0
    nano_usd_high: int = 0


@attrs.frozen(slots=False)  # made for every request: with slots it takes thrice as long
class RequestEnded(Record):
    """A request is over. Tokens are what the client got; those of losers stand in `attempts`.

    `status` is what the client saw; `error` is set too if the answer broke after a good status.
    `nano_usd` is what it cost by the configured prices, in billionths of a dollar so that sums are exact;
    `tax_low` and `tax_high` are what all other attempts may have cost beside it.
    `winner` is the name of the key that answered. `hedge_delay_ms` is the delay that was chosen first, and
    `hedge_skip` why no hedge started at it; `skips` are all such refusals.

    What decided the race, so that it can be run again: `route` (the targets are in the `PolicyInForce`
    with this `policy_id`), the `coin`, the exploration `arm`, the estimates of its size, and, where it
    must not be hedged, `unhedgeable`. `affinity` is a keyed hash of the prompt's beginning. `key` is the
    first 12 hex digits of the project key's digest. A request of an `experiment` tells its `side`, and,
    where sides are not drawn for each request, a keyed hash of the `unit` they are drawn for.
    """

    t: ClassVar[str] = "request_ended"
    request: str
    project: str
    environment: Environment
    operation: Operation
    model: str
    status: int
    streamed: bool
    policy: str
    hedged: Hedged
    winner: str | None
    ttft_ms: float | None
    duration_ms: float
    prompt_tokens: int
    completion_tokens: int
    nano_usd: int = 0
    client_gone: bool = False
    error: str | None = None
    hedge_delay_ms: float | None = None
    hedge_skip: str | None = None
    tags: tuple[str, ...] = ()
    attempts: tuple[AttemptEnded, ...] = ()
    tax_low: int = 0
    tax_high: int = 0
    policy_id: str = ""
    coin: float | None = None
    arm: Arm = "none"
    prompt_estimate: int = 0
    output_estimate: int = 0
    affinity: str | None = None
    unhedgeable: str | None = None
    deadline_ms: float | None = None
    skips: tuple[Skipped, ...] = ()
    key: str = ""
    experiment: str = ""
    side: str = ""
    unit: str = ""


@attrs.frozen
class RouteTarget:
    """One target of a route; `tier` counts from 0."""

    key: str
    provider: str
    domain: str
    model: str
    tier: int = 0
    weight: float = 1.0


@attrs.frozen
class PolicyInForce(Record):
    """A policy, as it applies to a route, was used from now on by this process.

    `policy_id` is a digest of all that follows; requests refer to it. `config` is the policy as JSON.
    """

    t: ClassVar[str] = "policy_in_force"
    policy_id: str
    policy: str
    route: str
    config: str
    targets: tuple[RouteTarget, ...] = ()


class _Uncounted(msgspec.Struct, gc=False):
    pass


UNCOUNTED = (_Uncounted(),)
"""An attempt of which only its being there is counted."""


class CountedRequest(msgspec.Struct, gc=False):
    """What is counted of a `RequestEnded`, as its line is read: that takes half the time of the whole.

    A Struct and not attrs for the same reason. `line` is the whole record's line, for whoever asks.
    """

    ts: int
    project: str
    environment: Environment
    status: int
    prompt_tokens: int
    completion_tokens: int
    nano_usd: int = 0
    error: str | None = None
    attempts: tuple[_Uncounted, ...] = ()
    tax_low: int = 0
    tax_high: int = 0
    key: str = ""
    line: bytes = b""


@attrs.frozen
class KeyStateChanged(Record):
    """A pooled key was rested, ejected or taken back. `until_ms` is wall time, as `ts`.

    It is its state for `model`, for all models where None. Where `domain` is given it holds for every
    key of it, where `provider` is given for all of its.
    """

    t: ClassVar[str] = "key_state_changed"
    key: str
    state: str
    why: str
    until_ms: int | None = None
    domain: str | None = None
    provider: str | None = None
    model: str | None = None


@attrs.frozen
class Dropped(Record):
    """So many records were not written: telemetry over its bound, or any while the disk refused.

    A count of 0 is the store trying whether the disk takes records again.
    """

    t: ClassVar[str] = "dropped"
    count: int


@attrs.frozen
class ScopeUsage:
    """Sums over the requests of a project in an environment; the members of `usage.Usage`."""

    project: str
    environment: Environment
    requests: int = 0
    errors: int = 0
    attempts: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    nano_usd: int = 0
    tax_low: int = 0
    tax_high: int = 0


@attrs.frozen
class KeySpending:
    """Billionths of a dollar that a project key may have spent."""

    project: str
    key: str
    nano_usd: int


@attrs.frozen
class UsageSummed(Record):
    """What requests came to: it stands for them in the summary of a segment, and in no log.

    `day` is their UTC day, counted from 1970; None for all days further back than is kept.
    """

    t: ClassVar[str] = "usage_summed"
    day: int | None
    usage: tuple[ScopeUsage, ...]
    spent: tuple[KeySpending, ...] = ()


Readable: TypeAlias = Record | CountedRequest
"""What reading a log yields."""
