"""How many calls each key has running, and how those that ended ended.

The tests of "no upstream call survives its race" read this, so it must not drift: a call is opened once,
is closed once however often `close` is called, and at every moment

    started == in_flight + finished + cancelled + failed
"""

from collections import Counter
from typing import Any, Literal, TypeAlias

import attrs

Outcome: TypeAlias = Literal["finished", "cancelled", "failed"]


@attrs.frozen
class Counts:
    """A snapshot. `finished`: the whole answer was sent; `cancelled`: the client left before that;
    `failed`: a fault or a refusal ended the call. `by_status` counts the statuses that finished and
    failed calls sent, where they sent one."""

    started: int = 0
    in_flight: int = 0
    finished: int = 0
    cancelled: int = 0
    failed: int = 0
    by_status: dict[int, int] = attrs.Factory(dict)


@attrs.define(eq=False)
class Tally:
    """The running counts of one key."""

    started: int = 0
    in_flight: int = 0
    ended: Counter[Outcome] = attrs.field(factory=Counter)
    by_status: Counter[int] = attrs.field(factory=Counter)

    def open(self) -> "Entry":
        """Count a call whose request is complete."""
        self.started += 1
        self.in_flight += 1
        return Entry(self)

    def forget(self) -> None:
        """Start anew, but for the calls that are still running."""
        self.started = self.in_flight
        self.ended.clear()
        self.by_status.clear()

    def counts(self) -> Counts:
        """How things stand."""
        return Counts(
            self.started,
            self.in_flight,
            self.ended["finished"],
            self.ended["cancelled"],
            self.ended["failed"],
            dict(self.by_status),
        )


@attrs.define(eq=False)
class Entry:
    """One call in the ledger."""

    _tally: Tally
    _closed: bool = False

    def close(self, outcome: Outcome, status: int | None = None) -> None:
        """The call is over; `status` is what was sent, if anything was. Only the first close counts."""
        if self._closed:
            return
        self._closed = True
        self._tally.in_flight -= 1
        self._tally.ended[outcome] += 1
        if status is not None:
            self._tally.by_status[status] += 1


@attrs.define(eq=False)
class Ledger:
    """The tallies of all keys, by the key's name."""

    _tallies: dict[str, Tally] = attrs.field(factory=dict)

    def tally(self, key: str) -> Tally:
        """The key's tally, made when it is first asked for."""
        return self._tallies.setdefault(key, Tally())

    def key(self, name: str) -> Counts:
        """The counts of one key; zeros for a key that never called."""
        tally = self._tallies.get(name)
        return tally.counts() if tally else Counts()

    @property
    def total(self) -> Counts:
        """The counts of all keys together."""
        counts = [tally.counts() for tally in self._tallies.values()]
        statuses: Counter[int] = sum((Counter(one.by_status) for one in counts), Counter())
        return Counts(
            sum(one.started for one in counts),
            sum(one.in_flight for one in counts),
            sum(one.finished for one in counts),
            sum(one.cancelled for one in counts),
            sum(one.failed for one in counts),
            dict(statuses),
        )

    @property
    def in_flight(self) -> int:
        """Calls that are running now, over all keys."""
        return sum(tally.in_flight for tally in self._tallies.values())

    def forget(self) -> None:
        """Start all counts anew, but for the calls that are still running."""
        for tally in self._tallies.values():
            tally.forget()

    def snapshot(self) -> dict[str, Any]:
        """All counts as JSON: `{"total": {…}, "keys": {name: {…}}}`."""
        return {
            "total": attrs.asdict(self.total),
            "keys": {name: attrs.asdict(tally.counts()) for name, tally in self._tallies.items()},
        }
