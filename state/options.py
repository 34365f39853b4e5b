"""How a store may be tuned, and what it says of itself."""

import time
from collections.abc import Callable, Mapping

import attrs

from state.disk import Disk
from state.log import SEGMENT_SIZE


def wall_ms() -> int:
    """Milliseconds since 1970 UTC."""
    return time.time_ns() // 1_000_000


@attrs.frozen
class Options:
    """How a store trades safety for speed. Intervals and `patience` are seconds.

    Posted records survive a power cut after `sync_interval`. Told ones are written after
    `tell_interval`, and at most `tell_bound` may wait. `patience` is how long the command line waits
    for its turn. `disk` and `clock` (wall time in ms) are the world outside.
    """

    segment_size: int = SEGMENT_SIZE
    sync_interval: float = 0.02
    tell_interval: float = 0.5
    tell_bound: int = 10_000
    follow_interval: float = 0.1
    patience: float = 10.0
    disk: Disk = attrs.field(factory=Disk)
    clock: Callable[[], int] = wall_ms


@attrs.frozen
class Statistics:
    """What a store is doing. `written` and `durable` are record numbers of its own log.

    `waiting` records were told and not yet written, `unknown` ones are of kinds not known here,
    `followed` has the last record read of each other log.
    """

    writer: str
    written: int
    durable: int
    syncs: int
    waiting: int
    unknown: int
    trouble: str | None
    followed: Mapping[str, int]
