"""Records that may be lost: a bounded queue in front of the journal. What it loses, it counts."""

from collections import deque

import attrs

from state.records import Dropped, Record


@attrs.define(eq=False)
class Telemetry:
    """At most `bound` records that wait to be written together."""

    bound: int
    _waiting: deque[Record] = attrs.field(factory=deque)
    _lost: int = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, record: Record) -> None:
        """Queue a record, or count it as lost if the queue is full."""
        if len(self._waiting) < self.bound:
            self._waiting.append(record)
        else:
            self._lost += 1

    def lose(self, records: int) -> None:
        """Count records that could not be written at all."""
        self._lost += records

    def batch(self, most: int) -> tuple[Record, ...]:
        """What should be written next, a `Dropped` last if any were lost; it stays queued."""
        records = tuple(self._waiting[at] for at in range(min(most, len(self._waiting))))
        return (*records, Dropped(self._lost)) if self._lost else records

    def written(self, batch: tuple[Record, ...]) -> None:
        """Forget a batch that is in the journal now."""
        for record in batch:
            if isinstance(record, Dropped):
                self._lost -= record.count
            else:
                self._waiting.popleft()
