"""The state: an append-only journal of JSON lines, and indexes in memory folded from it.

What may be relied on:

- A change to projects and keys that `commit` returned from survives a power cut. One that it raised
  from is not in effect; only after a failed sync may it still turn out to be kept.
- A record that `post` returned from survives the death of the process at once, and a power cut after
  `sync_interval` (20 ms).
- A start never loses a whole record silently: an unfinished end of one's own log is cut, kept aside and
  reported; anything else that is not as written raises `StateDamaged` with file, line and byte, and
  changes nothing.
- When the disk refuses, `StoreUnavailable` is raised, no half-written line stays, and the store
  recovers without a restart once the disk takes records again.
- Each process writes a log of its own and sees what others wrote within a poll (100 ms).
- No prompt, no answer, and no key in clear is ever in a record.
"""

from state.errors import (
    BadProjectName,
    NoSuchProject,
    ProjectExists,
    RecordRefused,
    StateDamaged,
    StateError,
    StateLocked,
    StoreUnavailable,
)
from state.follow import look
from state.options import Options
from state.store import Store

__all__ = [
    "BadProjectName",
    "NoSuchProject",
    "Options",
    "ProjectExists",
    "RecordRefused",
    "StateDamaged",
    "StateError",
    "StateLocked",
    "Store",
    "StoreUnavailable",
    "look",
]
