"""The experiments that the journal tells of: which run, what they came to, and what was applied.

Folded from control records in any interleaving of logs; the latest stamp decides.
"""

from collections.abc import Iterator
from typing import TypeVar

import attrs

from state.experiment_records import (
    ExperimentStarted,
    ExperimentStopped,
    ExperimentVerdict,
    PolicyApplied,
)
from state.recent import Stamp
from state.records import (
    ControlRecord,
)

K = TypeVar("K")
T = TypeVar("T")


@attrs.define
class Experiments:
    """What is known of all of them. `version` rises whenever something changed."""

    version: int = attrs.field(default=0, eq=False)
    _started: dict[str, tuple[Stamp, ExperimentStarted]] = attrs.field(factory=dict)
    _stopped: dict[str, tuple[Stamp, ExperimentStopped]] = attrs.field(factory=dict)
    _verdicts: dict[str, tuple[Stamp, ExperimentVerdict]] = attrs.field(factory=dict)
    _applied: dict[tuple[str, ...], tuple[Stamp, PolicyApplied]] = attrs.field(factory=dict)

    def apply(self, record: ControlRecord, stamp: Stamp) -> None:
        """Fold one record in; others than those of experiments change nothing."""
        if isinstance(record, ExperimentStarted):
            self._set(self._started, record.experiment, stamp, record)
        elif isinstance(record, ExperimentStopped):
            self._set(self._stopped, record.experiment, stamp, record)
        elif isinstance(record, ExperimentVerdict):
            self._set(self._verdicts, record.experiment, stamp, record)
        elif isinstance(record, PolicyApplied):
            self._set(self._applied, record.models, stamp, record)

    @property
    def names(self) -> tuple[str, ...]:
        """Every experiment there ever was, in the order of their beginnings."""
        return tuple(sorted(self._started, key=lambda name: self._started[name][0]))

    def started(self, name: str) -> ExperimentStarted | None:
        """How an experiment began, the last time that one of this name did."""
        found = self._started.get(name)
        return found[1] if found else None

    def stopped(self, name: str) -> ExperimentStopped | None:
        """How it ended; None while it runs."""
        return self._since(self._stopped, name)

    def verdict(self, name: str) -> ExperimentVerdict | None:
        """What it came to, if anything."""
        return self._since(self._verdicts, name)

    @property
    def running(self) -> tuple[ExperimentStarted, ...]:
        """Those that go on, in the order of their beginnings."""
        return tuple(self._started[name][1] for name in self.names if self.stopped(name) is None)

    @property
    def applied(self) -> Iterator[PolicyApplied]:
        """The policies in force in place of configured ones, the latest first."""
        latest = sorted(self._applied.values(), key=lambda each: each[0], reverse=True)
        return (record for _, record in latest if record.policy)

    def _since(self, records: dict[str, tuple[Stamp, T]], name: str) -> T | None:
        """What was told after the experiment began."""
        found, began = records.get(name), self._started.get(name)
        if found is None or began is None or found[0] < began[0]:
            return None
        return found[1]

    def _set(self, records: dict[K, tuple[Stamp, T]], key: K, stamp: Stamp, record: T) -> None:
        if key not in records or stamp > records[key][0]:
            records[key] = (stamp, record)
            self.version += 1
