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
Operation: TypeAlias = Literal["chat", "embeddings"]
Hedged: TypeAlias = Literal["no", "won", "lost"]
Role: TypeAlias = Literal["primary", "hedge", "failover"]
Outcome: TypeAlias = Literal["won", "lost", "failed", "timeout", "client_gone"]
UsageSource: TypeAlias = Literal["reported", "estimated", "none"]


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
class AttemptEnded:
    """One upstream call of a race; a member of its request's record.

    Times are milliseconds since the request arrived; `first_ms` is the first semantic event.
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


@attrs.frozen
class RequestEnded(Record):
    """A request is over. Tokens are what the client got; those of losers stand in `attempts`.

    `status` is what the client saw; `error` is set too if the answer broke after a good status.
    `nano_usd` is what it cost by the configured prices, in billionths of a dollar so that sums are exact.
    `winner` is the name of the key that answered. `hedge_delay_ms` is the delay that was chosen, and
    `hedge_skip` why no hedge started at it.
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


class _Uncounted(msgspec.Struct, gc=False):
    pass


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
    line: bytes = b""


@attrs.frozen
class KeyStateChanged(Record):
    """A pooled key was rested, ejected or taken back. `until_ms` is wall time, as `ts`."""

    t: ClassVar[str] = "key_state_changed"
    key: str
    state: str
    why: str
    until_ms: int | None = None


@attrs.frozen
class Dropped(Record):
    """So many records were not written: telemetry over its bound, or any while the disk refused.

    A count of 0 is the store trying whether the disk takes records again.
    """

    t: ClassVar[str] = "dropped"
    count: int


Readable: TypeAlias = Record | CountedRequest
"""What reading a log yields."""

KINDS: tuple[type[Record], ...] = (
    ProjectCreated,
    ProjectChanged,
    ProjectRevoked,
    KeyIssued,
    KeyRevoked,
    RequestEnded,
    KeyStateChanged,
    Dropped,
)
