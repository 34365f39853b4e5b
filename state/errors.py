"""What the state can refuse, named by what the caller can do about it.

    StateError
    ├─ StoreUnavailable   the disk does not take records now; nothing was acknowledged, try later
    ├─ StateDamaged       a log is not what was written: nothing was changed, a person must decide
    ├─ StateLocked        another process writes this log and did not finish in time
    ├─ RecordRefused      the record could not be read back if it were written
    ├─ ProjectExists      the name is taken
    ├─ NoSuchProject      no project of this name, or it was revoked
    └─ BadProjectName     not 1 to 64 of the characters A-Z a-z 0-9 . _ -

Messages name files and numbers, never a record's content.
"""

import attrs


class StateError(Exception):
    """Something the state could not do."""


class StoreUnavailable(StateError):
    """The disk refused. What was not acknowledged is not promised, and may be tried again.

    After a failed sync, as opposed to a refused write, a record that was not acknowledged may still
    turn out to be kept.
    """


class StateLocked(StateError):
    """The log has another writer."""


class RecordRefused(StateError, ValueError):
    """The record is too long, or holds a value that its own type does not allow."""


class ProjectExists(StateError):
    """There is a project of this name already."""


class NoSuchProject(StateError):
    """There is no project of this name."""


class BadProjectName(StateError, ValueError):
    """The name holds a character that a project's name may not have, or is empty or too long."""


@attrs.frozen
class Place:
    """A byte in a log: `line` counts from 1 and includes the segment's header, `offset` from 0."""

    file: str
    line: int
    offset: int

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}, byte {self.offset}"


class StateDamaged(StateError):
    """A log holds something that its writer never wrote, or lacks something that it did.

    `place` is where reading had to stop, `records` the first and the last sequence number in doubt
    (the last is None when nothing after the place could tell). Nothing was changed.
    """

    def __init__(self, place: Place, why: str, records: tuple[int, int | None]) -> None:
        first, last = records
        span = f"record {first}" if last == first else f"records {first} to {last or 'the end'}"
        super().__init__(f"{place}: {why} ({span} in doubt; nothing was changed)")
        self.place = place
        self.why = why
        self.records = records
