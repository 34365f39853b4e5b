"""Whether a dimension is flat, and the figures as a table. Medians, with the least and the most."""

from collections.abc import Iterator, Sequence
from statistics import median

import attrs

from benchmarks.overhead.table import spread
from benchmarks.scale.levels import DIMENSIONS, LEAST, Dimension, Level
from benchmarks.scale.rounds import Seen

FLAT = 1.10


@attrs.frozen
class Row:
    """One size of one thing: microseconds a request, and the multiple of the least size's, by round."""

    dimension: Dimension
    size: int
    cpu_us: Sequence[float]
    times: Sequence[float]

    @property
    def flat(self) -> bool:
        """Whether it costs at most a tenth more, in the median of all rounds."""
        return median(self.times) <= FLAT


def rows(seen: Seen, least: Level = LEAST) -> Iterator[Row]:
    """What was seen, by dimension and size; the least level stands at the head of each dimension."""
    for dimension in DIMENSIONS:
        sizes = {
            getattr(level, dimension): level for level in seen if _only(level, dimension, least)
        }
        for size, level in sorted(sizes.items()):
            times = [a / b for a, b in zip(seen[level], seen[least], strict=True)]
            yield Row(dimension, size, seen[level], times)


def _only(level: Level, dimension: Dimension, least: Level) -> bool:
    """Whether the level differs from the least one in nothing else."""
    return level.having(dimension, getattr(least, dimension)) == least


def table(found: Sequence[Row], rounds: int) -> str:
    """For people."""
    lines = [
        f"{rounds} rounds, median (least-most); one processor for all gateways",
        "",
        f"{'':<20}{'CPU us a request':>28}{'times the least':>24}",
    ]
    for row in found:
        mark = "✓" if row.flat else "✗"
        used, times = spread(row.cpu_us, digits=0), spread(row.times)
        lines.append(f"{mark} {row.size:>5} {row.dimension:<12}{used:>28}{times:>24}")
    return "\n".join(lines)
