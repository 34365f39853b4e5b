"""Many streams at once: how many flow without a stall, and what memory they take."""

from collections.abc import Sequence

import attrs
import trio

from benchmarks.overhead import cpu
from benchmarks.overhead.rounds import STALL, send, streams
from benchmarks.overhead.subjects import Subject

TOLERATED = 0.001
"""The share of streams that may stall."""

LONG = 600
"""Words, 20 ms apart: twelve seconds."""


@attrs.frozen
class Level:
    """So many streams at once, `waves` times; how many of them stalled or broke."""

    streams: int
    waves: int
    stalled: int
    longest: float

    @property
    def flows(self) -> bool:
        """Whether the level is free of stalls."""
        return self.stalled <= TOLERATED * self.streams * self.waves


@attrs.frozen
class Memory:
    """Resident bytes: at first, with streams open, and when they have ended."""

    idle: int
    streams: int
    busy: int
    after: int


async def levels(subject: Subject, sizes: Sequence[int], waves: int) -> list[Level]:
    """Level after level, until one is not free of stalls."""
    found: list[Level] = []
    for size in sizes:
        found.append(await _level(subject, size, waves))
        if not found[-1].flows:
            break
    return found


async def _level(subject: Subject, size: int, waves: int) -> Level:
    stalled, longest = 0, 0.0
    for wave in range(waves):
        outcome = await send(streams(subject, size, seed=wave))
        stalled += sum(gap > STALL for gap in outcome.gaps) + outcome.failed
        longest = max([longest, *outcome.gaps])
    return Level(size, waves, stalled, longest)


async def memory(subject: Subject, count: int) -> Memory:
    """Opens so many long streams, and looks when all of them are under way."""
    assert subject.pid is not None, "what is not known cannot be looked at"
    idle = busy = cpu.resident(subject.pid)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(send, streams(subject, count, seed=1, words=LONG))
        for _ in range(80):
            await trio.sleep(0.1)
            busy = max(busy, cpu.resident(subject.pid))
    await trio.sleep(1.0)
    return Memory(idle, count, busy, cpu.resident(subject.pid))
