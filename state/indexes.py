"""What memory keeps of the journal: a pure fold, the same live and on replay.

Logs of several writers may be folded in any interleaving: the result is equal. Counters add. Settings
are decided by the latest stamp, which is (time, writer, number). A revoked key stays revoked. Bounded
collections keep the latest by stamp, and what once fell out of them could never come back.
"""

import datetime as dt
from collections.abc import Mapping
from types import MappingProxyType
from typing import TypeAlias, TypeVar

import attrs

from state.experiments import Experiments
from state.recent import KEPT_REQUESTS, Recent, Request, Stamp
from state.records import (
    ControlRecord,
    CountedRequest,
    Dropped,
    Environment,
    KeyIssued,
    KeyRevoked,
    KeyStateChanged,
    ProjectChanged,
    ProjectCreated,
    ProjectRevoked,
    Readable,
    RequestEnded,
    UsageSummed,
)
from state.usage import Ledger, Usage

__all__ = ["KEPT_REQUESTS", "Indexes", "Project", "ProjectKey"]

T = TypeVar("T")
_Latest: TypeAlias = dict[str, tuple[Stamp, T]]
_REQUEST = (CountedRequest, RequestEnded)

_NEVER: Stamp = (-1, "", 0)


@attrs.frozen
class Project:
    """A tenant. `models` are globs; `created` is when, in ms since 1970."""

    name: str
    models: tuple[str, ...]
    created: int
    revoked: bool


@attrs.frozen
class ProjectKey:
    """A key that a client may hold. `revoked` is also true when its project is revoked or unknown."""

    project: str
    environment: Environment
    hint: str
    digest: str
    revoked: bool


@attrs.define
class Indexes:
    """Everything that is asked of the state between two records. Equal folds compare equal.

    `latest_change` is the highest `ts` of any control record; `dropped` counts records never written.
    """

    latest_change: int = 0
    dropped: int = 0
    experiments: Experiments = attrs.field(factory=Experiments)
    _ledger: Ledger = attrs.field(factory=Ledger)
    _recent: Recent = attrs.field(factory=Recent)
    _projects: dict[str, Project] = attrs.field(factory=dict)
    _keys: dict[str, ProjectKey] = attrs.field(factory=dict)
    _created: "_Latest[int]" = attrs.field(factory=dict)
    _models: "_Latest[tuple[str, ...]]" = attrs.field(factory=dict)
    _ended: "_Latest[None]" = attrs.field(factory=dict)
    _issued: "_Latest[KeyIssued]" = attrs.field(factory=dict)
    _digests: dict[str, set[str]] = attrs.field(factory=dict)
    _revoked: set[str] = attrs.field(factory=set)
    _key_states: "_Latest[KeyStateChanged]" = attrs.field(factory=dict)

    def apply(self, record: Readable, *, writer: str, seq: int) -> None:
        """Fold one record in. Each record of a log once, in its order; logs in any interleaving."""
        stamp = (record.ts, writer, seq)
        if isinstance(record, _REQUEST):
            self._ledger.count(record)
            self._recent.add(record, stamp)
        elif isinstance(record, ControlRecord):
            self.latest_change = max(self.latest_change, record.ts)
            self._change(record, stamp)
        elif isinstance(record, KeyStateChanged):
            _set(self._key_states, record.key, stamp, record)
        elif isinstance(record, Dropped):
            self.dropped += record.count
        elif isinstance(record, UsageSummed):
            self._ledger.join(record)

    def remember(self, request: Request, *, writer: str, seq: int) -> None:
        """Take in a request that a `UsageSummed` has counted already."""
        self._recent.add(request, (request.ts, writer, seq))

    @property
    def projects(self) -> Mapping[str, Project]:
        """Every project by name, revoked ones included."""
        return MappingProxyType(self._projects)

    def key(self, digest: str) -> ProjectKey | None:
        """The project key with this SHA-256, revoked or not; None if none was ever issued."""
        return self._keys.get(digest)

    def keys_of(self, project: str) -> tuple[ProjectKey, ...]:
        """All keys ever issued for a project, revoked ones included, in the order of their issue."""
        digests = sorted(self._digests.get(project, ()), key=lambda digest: self._issued[digest][0])
        return tuple(self._keys[digest] for digest in digests)

    def total(self, project: str, environment: Environment = "live") -> Usage:
        """A project's usage since ever."""
        return self._ledger.total(project, environment)

    def usage(self, project: str, day: dt.date, environment: Environment = "live") -> Usage:
        """A project's usage on a UTC day; none for a day further back than `KEPT_DAYS`."""
        return self._ledger.on(day, project, environment)

    def spent(self, project: str, first: dt.date, last: dt.date, *, key: str | None = None) -> int:
        """Nano-dollars that a project, or one of its keys, may have spent on these UTC days.

        `key` is the member of that name in `RequestEnded`. Losers that may have been billed count.
        """
        return self._ledger.spent(first, last, project, key)

    @property
    def days(self) -> tuple[dt.date, ...]:
        """The UTC days of which usage is kept, ascending."""
        return self._ledger.days

    @property
    def recent(self) -> tuple[RequestEnded, ...]:
        """The latest KEPT_REQUESTS requests, oldest first. Takes milliseconds: for people, not per call."""
        return self._recent.whole()

    def request(self, request: str) -> RequestEnded | None:
        """One of the recent requests by its id."""
        return self._recent.find(request)

    @property
    def key_states(self) -> Mapping[str, KeyStateChanged]:
        """The last change of state of each pooled key, by the key's name."""
        return {name: record for name, (_, record) in self._key_states.items()}

    def _change(self, record: ControlRecord, stamp: Stamp) -> None:
        if isinstance(record, KeyRevoked):
            self._revoked.add(record.digest)
            self._renew_key(record.digest)
        elif isinstance(record, KeyIssued):
            _set(self._issued, record.digest, stamp, record)
            self._digests.setdefault(record.project, set()).add(record.digest)
            self._renew_key(record.digest)
        elif isinstance(record, ProjectCreated | ProjectChanged | ProjectRevoked):
            self._change_project(record, stamp)
        else:
            self.experiments.apply(record, stamp)

    def _change_project(
        self, record: ProjectCreated | ProjectChanged | ProjectRevoked, stamp: Stamp
    ) -> None:
        name = record.project
        if isinstance(record, ProjectCreated):
            _set(self._created, name, stamp, record.ts)
        if isinstance(record, ProjectRevoked):
            _set(self._ended, name, stamp, None)
        else:
            _set(self._models, name, stamp, record.models)
        self._renew_project(name)

    def _renew_project(self, name: str) -> None:
        """Settings may come before the creation they belong to, from another writer's log."""
        if name not in self._created:
            return
        stamp, created = self._created[name]
        revoked = stamp < self._ended_at(name)
        self._projects[name] = Project(name, self._models[name][1], created, revoked)
        for digest in self._digests.get(name, ()):
            self._renew_key(digest)

    def _renew_key(self, digest: str) -> None:
        if digest not in self._issued:
            return
        stamp, issued = self._issued[digest]
        project = self._projects.get(issued.project)
        orphan = project is None or project.revoked or stamp < self._ended_at(issued.project)
        self._keys[digest] = ProjectKey(
            project=issued.project,
            environment=issued.environment,
            hint=issued.hint,
            digest=digest,
            revoked=orphan or digest in self._revoked,
        )

    def _ended_at(self, project: str) -> Stamp:
        """When a project was last revoked: keys issued before stay revoked if it is created again."""
        ended = self._ended.get(project)
        return ended[0] if ended else _NEVER


def _set(where: "_Latest[T]", name: str, stamp: Stamp, value: T) -> None:
    """The latest stamp wins, whichever comes first."""
    known = where.get(name)
    if known is None or known[0] < stamp:
        where[name] = (stamp, value)
