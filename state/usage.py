"""What projects used: sums over requests, by UTC day and since ever."""

import datetime as dt
from collections.abc import Iterator
from typing import TypeAlias

import attrs

from state.records import (
    CountedRequest,
    Environment,
    KeySpending,
    RequestEnded,
    ScopeUsage,
    UsageSummed,
)

KEPT_DAYS = 400
"""Usage by day is kept for this many days on which there was any; totals are kept for ever."""

_DAY_MS = 86_400_000
_EPOCH = dt.date(1970, 1, 1).toordinal()
_ROWS = 1000

_Scope: TypeAlias = tuple[str, Environment]


@attrs.frozen
class Usage:
    """Sums over requests. `errors` had an error or a status of 400 and more.

    `nano_usd` is what the answers cost, in billionths of a dollar. The other attempts of their races
    cost between `tax_low` and `tax_high`: not every upstream tells what it bills for a call that was
    cancelled.
    """

    requests: int = 0
    errors: int = 0
    attempts: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    nano_usd: int = 0
    tax_low: int = 0
    tax_high: int = 0

    @property
    def usd(self) -> float:
        """What is known to have been spent, in dollars."""
        return (self.nano_usd + self.tax_low) / 1e9

    @property
    def usd_at_most(self) -> float:
        """What may have been spent, in dollars."""
        return (self.nano_usd + self.tax_high) / 1e9

    @property
    def unknown(self) -> bool:
        """Whether some of the spending is not known."""
        return self.tax_low != self.tax_high


@attrs.define
class _Tally:
    requests: int = 0
    errors: int = 0
    attempts: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    nano_usd: int = 0
    tax_low: int = 0
    tax_high: int = 0

    def add(self, record: RequestEnded | CountedRequest) -> None:
        self.requests += 1
        if record.status >= 400 or record.error is not None:
            self.errors += 1
        self.attempts += len(record.attempts)
        self.prompt_tokens += record.prompt_tokens
        self.completion_tokens += record.completion_tokens
        self.nano_usd += record.nano_usd
        self.tax_low += record.tax_low
        self.tax_high += record.tax_high

    def join(self, other: "_Tally | ScopeUsage") -> None:
        self.requests += other.requests
        self.errors += other.errors
        self.attempts += other.attempts
        self.prompt_tokens += other.prompt_tokens
        self.completion_tokens += other.completion_tokens
        self.nano_usd += other.nano_usd
        self.tax_low += other.tax_low
        self.tax_high += other.tax_high

    def usage(self) -> Usage:
        return Usage(**attrs.asdict(self))


_Tallies: TypeAlias = dict[_Scope, _Tally]


@attrs.define
class _Day:
    """One day's tallies, and what each project key may have spent of live money on it."""

    tallies: _Tallies = attrs.field(factory=dict)
    keys: dict[tuple[str, str], int] = attrs.field(factory=dict)

    def join(self, summed: UsageSummed) -> None:
        for row in summed.usage:
            self.tallies.setdefault((row.project, row.environment), _Tally()).join(row)
        for spent in summed.spent:
            key = (spent.project, spent.key)
            self.keys[key] = self.keys.get(key, 0) + spent.nano_usd

    def summed(self, number: int | None) -> Iterator[UsageSummed]:
        usage = [ScopeUsage(*scope, *attrs.astuple(tally)) for scope, tally in self.tallies.items()]
        spent = [KeySpending(*key, nano_usd) for key, nano_usd in self.keys.items()]
        for at in range(0, max(len(usage), len(spent)), _ROWS):
            rows = slice(at, at + _ROWS)
            yield UsageSummed(number, tuple(usage[rows]), tuple(spent[rows]))


@attrs.define
class Ledger:
    """Usage of all projects. Requests may be counted in any order: equal sets give equal ledgers."""

    _days: dict[int, _Day] = attrs.field(factory=dict)
    _before: _Tallies = attrs.field(factory=dict)

    def count(self, record: RequestEnded | CountedRequest) -> None:
        """Add one request to its day, or to the time before the days that are kept."""
        day = self._days.get(record.ts // _DAY_MS)
        if day is None:
            day = self._begin_day(record.ts // _DAY_MS)
        scope = (record.project, record.environment)
        tally = day.tallies.get(scope)
        if tally is None:
            tally = day.tallies[scope] = _Tally()
        tally.add(record)
        spent = record.nano_usd + record.tax_high
        if spent and record.environment == "live":
            key = (record.project, record.key)
            day.keys[key] = day.keys.get(key, 0) + spent

    def join(self, summed: UsageSummed) -> None:
        """Add requests that another ledger has summed."""
        if summed.day is None:
            _Day(self._before).join(summed)
        else:
            (self._days.get(summed.day) or self._begin_day(summed.day)).join(summed)

    def summed(self) -> Iterator[UsageSummed]:
        """All of it, in pieces that each fit in a line: joined they make an equal ledger."""
        yield from _Day(self._before).summed(None)
        for number in sorted(self._days):
            yield from self._days[number].summed(number)

    def total(self, project: str, environment: Environment) -> Usage:
        """Usage since ever."""
        total = _Tally()
        for tallies in (self._before, *(day.tallies for day in self._days.values())):
            tally = tallies.get((project, environment))
            if tally is not None:
                total.join(tally)
        return total.usage()

    def on(self, day: dt.date, project: str, environment: Environment) -> Usage:
        """Usage on a UTC day; none on a day further back than is kept."""
        kept = self._days.get(day.toordinal() - _EPOCH)
        tally = kept.tallies.get((project, environment)) if kept else None
        return tally.usage() if tally else Usage()

    def spent(self, first: dt.date, last: dt.date, project: str, key: str | None = None) -> int:
        """Nano-dollars that live requests may have cost from one UTC day to another, both included.

        Of the project, or of one of its keys. Takes as long as there are days.
        """
        spent = 0
        for number in range(first.toordinal() - _EPOCH, last.toordinal() - _EPOCH + 1):
            day = self._days.get(number)
            if day is None:
                continue
            if key is not None:
                spent += day.keys.get((project, key), 0)
            elif (tally := day.tallies.get((project, "live"))) is not None:
                spent += tally.nano_usd + tally.tax_high
        return spent

    @property
    def days(self) -> tuple[dt.date, ...]:
        """The UTC days that are kept, ascending."""
        return tuple(dt.date.fromordinal(day + _EPOCH) for day in sorted(self._days))

    def _begin_day(self, number: int) -> _Day:
        """A new day; the time before if KEPT_DAYS later days are kept already."""
        if len(self._days) < KEPT_DAYS:
            return self._days.setdefault(number, _Day())
        oldest = min(self._days)
        if number < oldest:
            return _Day(self._before)  # of keys nothing is kept that far back
        for scope, tally in self._days.pop(oldest).tallies.items():
            self._before.setdefault(scope, _Tally()).join(tally)
        return self._days.setdefault(number, _Day())
