"""What projects used: sums over requests, by UTC day and since ever."""

import datetime as dt
from typing import TypeAlias

import attrs

from state.records import CountedRequest, Environment, RequestEnded

KEPT_DAYS = 400
"""Usage by day is kept for this many days on which there was any; totals are kept for ever."""

_DAY_MS = 86_400_000
_EPOCH = dt.date(1970, 1, 1).toordinal()

_Scope: TypeAlias = tuple[str, Environment]


@attrs.frozen
class Usage:
    """Sums over requests. `errors` had an error or a status of 400 and more."""

    requests: int = 0
    errors: int = 0
    attempts: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    nano_usd: int = 0

    @property
    def usd(self) -> float:
        """What it cost, in dollars."""
        return self.nano_usd / 1e9


@attrs.define
class _Tally:
    requests: int = 0
    errors: int = 0
    attempts: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    nano_usd: int = 0

    def add(self, record: RequestEnded | CountedRequest) -> None:
        self.requests += 1
        if record.status >= 400 or record.error is not None:
            self.errors += 1
        self.attempts += len(record.attempts)
        self.prompt_tokens += record.prompt_tokens
        self.completion_tokens += record.completion_tokens
        self.nano_usd += record.nano_usd

    def join(self, other: "_Tally") -> None:
        self.requests += other.requests
        self.errors += other.errors
        self.attempts += other.attempts
        self.prompt_tokens += other.prompt_tokens
        self.completion_tokens += other.completion_tokens
        self.nano_usd += other.nano_usd

    def usage(self) -> Usage:
        return Usage(**attrs.asdict(self))


_Tallies: TypeAlias = dict[_Scope, _Tally]


@attrs.define
class Ledger:
    """Usage of all projects. Requests may be counted in any order: equal sets give equal ledgers."""

    _days: dict[int, _Tallies] = attrs.field(factory=dict)
    _before: _Tallies = attrs.field(factory=dict)

    def count(self, record: RequestEnded | CountedRequest) -> None:
        """Add one request to its day, or to the time before the days that are kept."""
        tallies = self._days.get(record.ts // _DAY_MS)
        if tallies is None:
            tallies = self._begin_day(record.ts // _DAY_MS)
        scope = (record.project, record.environment)
        tally = tallies.get(scope)
        if tally is None:
            tally = tallies[scope] = _Tally()
        tally.add(record)

    def total(self, project: str, environment: Environment) -> Usage:
        """Usage since ever."""
        total = _Tally()
        for tallies in (self._before, *self._days.values()):
            tally = tallies.get((project, environment))
            if tally is not None:
                total.join(tally)
        return total.usage()

    def on(self, day: dt.date, project: str, environment: Environment) -> Usage:
        """Usage on a UTC day; none on a day further back than is kept."""
        tally = self._days.get(day.toordinal() - _EPOCH, {}).get((project, environment))
        return tally.usage() if tally else Usage()

    @property
    def days(self) -> tuple[dt.date, ...]:
        """The UTC days that are kept, ascending."""
        return tuple(dt.date.fromordinal(day + _EPOCH) for day in sorted(self._days))

    def _begin_day(self, number: int) -> _Tallies:
        """A new day's tallies; those of the time before if KEPT_DAYS later days are kept already."""
        if len(self._days) < KEPT_DAYS:
            return self._days.setdefault(number, {})
        oldest = min(self._days)
        if number < oldest:
            return self._before
        for scope, tally in self._days.pop(oldest).items():
            self._before.setdefault(scope, _Tally()).join(tally)
        return self._days.setdefault(number, {})
