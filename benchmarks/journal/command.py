"""`hedgerow bench journal`: how long a start takes behind a long journal, and how fast one is read.

A journal is written by the real store, record by record. Then processes of their own open it, each several
times over: as a server does, by the summaries of closed segments, and reading every line. Last it is scanned as
analyses do, by one process and by one a processor. Times are of the processor, and by the clock, whichever is
longer counts; the journal may be in the page cache.
"""

import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import attrs
import msgspec
from cyclopts import Parameter

from benchmarks.journal.requests import write
from benchmarks.journal.scanning import Scanned, measure

MISSED = 3
START = 2.0
"""Seconds that opening the state may take, however long the journal."""
SCAN = 300_000
"""Requests a second that all processors together should scan."""


@attrs.frozen
class Opened:
    """What one process saw: seconds by the clock and of CPU, records known, resident memory in MB."""

    seconds: float
    cpu: float
    records: int
    megabytes: float


@attrs.frozen
class Figures:
    """What was measured. `open` is as a server starts, `read` reads every line, `scan` as analyses do."""

    records: int
    bytes: int
    post_us: float
    open: tuple[Opened, ...]
    read: tuple[Opened, ...]
    scan: tuple[Scanned, ...]

    @property
    def start(self) -> float:
        """Seconds until the state is open, the median."""
        return statistics.median(max(each.seconds, each.cpu) for each in self.open)

    @property
    def read_rate(self) -> float:
        """Records read in a second of CPU, the median."""
        return statistics.median(each.records / each.cpu for each in self.read)


def command(
    *,
    records: Annotated[int, Parameter(help="How many requests the journal holds.")] = 1_000_000,
    projects: Annotated[int, Parameter(help="Of how many projects.")] = 100,
    rounds: Annotated[int, Parameter(help="How often it is opened.")] = 5,
    folder: Annotated[
        Path | None, Parameter(help="Where to write it; about 1 KB a record.")
    ] = None,
    json: Annotated[bool, Parameter(help="Print JSON.", negative=())] = False,
) -> int:
    """Measure a start behind a long journal; exit code 3 if it takes over 2 seconds.

    How fast it is scanned is told, and decides nothing.
    """
    with tempfile.TemporaryDirectory(prefix="hedgerow-journal-", dir=folder) as place:
        state = Path(place) / "state"
        post_us = write(state, records, projects)
        size = sum(path.stat().st_size for path in state.rglob("*.jsonl"))
        opened = tuple(_child(state, "open", projects) for _ in range(rounds))
        read = tuple(_child(state, "read", projects) for _ in range(min(rounds, 2)))
        scanned = tuple(measure(state, processes) for processes in (1, None))
    figures = Figures(records, size, post_us, opened, read, scanned)
    if json:
        print(msgspec.json.encode(figures).decode())
    else:
        print("\n".join(table(figures)))
    return 0 if figures.start < START else MISSED


def table(figures: Figures) -> Iterator[str]:
    """The figures as a person reads them."""
    gigabytes, size = figures.bytes / 1e9, figures.bytes / figures.records
    yield f"{figures.records:,} records in {gigabytes:.2f} GB, {size:.0f} bytes each"
    yield f"post          {figures.post_us:.1f} us of CPU a record"
    yield f"open          {_spread(figures.open)}"
    yield f"every line    {_spread(figures.read)}, {figures.read_rate:,.0f} records a second of CPU"
    for each in figures.scan:
        rates = f"{each.rate:,.0f} a second, {each.records / each.cpu:,.0f} a second of CPU"
        yield f"scanned by {each.processes}  {rates}"
    fast, mark = figures.scan[-1].rate, "✓" if figures.start < START else "✗"
    yield ""
    yield f"{'✓' if fast > SCAN else '✗'} scanned a second: {fast:,.0f}, over {SCAN:,}"
    yield f"{mark} seconds until the state is open: {figures.start:.2f}, under {START:g}"


def _spread(opened: tuple[Opened, ...]) -> str:
    seconds = sorted(max(each.seconds, each.cpu) for each in opened)
    memory = max(each.megabytes for each in opened)
    return (
        f"{statistics.median(seconds):.2f} s ({seconds[0]:.2f}-{seconds[-1]:.2f}), {memory:.0f} MB"
    )


def _child(state: Path, how: str, projects: int) -> Opened:
    words = [sys.executable, "-m", "benchmarks.journal.opening", str(state), how, str(projects)]
    answer: Any = msgspec.json.decode(
        subprocess.run(words, stdout=subprocess.PIPE, check=True).stdout  # noqa: S603 - our own words
    )
    return Opened(**answer)
