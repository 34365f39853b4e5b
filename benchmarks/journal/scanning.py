"""How fast whole logs are scanned: every checksum compared, of requests what an analysis needs."""

import os
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import attrs

from state.scan import ScannedRequest, scan, segment_files


@attrs.frozen
class Scanned:
    """What scanning took: seconds by the clock, CPU seconds of all processes, and requests seen."""

    processes: int
    seconds: float
    cpu: float
    records: int

    @property
    def rate(self) -> float:
        """Requests a second, by the clock."""
        return self.records / self.seconds


def measure(state: Path, processes: int | None = None) -> Scanned:
    """Scans a state with so many processes, by default one a processor, which are there before it begins."""
    count = len(os.sched_getaffinity(0)) if processes is None else processes
    files = segment_files([state])
    with ProcessPoolExecutor(count, mp_context=get_context("spawn")) as pool:
        list(pool.map(_segment, [None] * count))
        start = time.perf_counter()
        parts: Sequence[tuple[int, float]] = list(pool.map(_segment, files))
        seconds = time.perf_counter() - start
    cpu = sum(cpu for _, cpu in parts)
    return Scanned(count, seconds, cpu, sum(records for records, _ in parts))


def _segment(file: Path | None) -> tuple[int, float]:
    """Requests in a segment, and CPU seconds for them; for no segment it only takes a moment."""
    if file is None:
        time.sleep(0.2)  # so that each process is started for one of these
        return 0, 0.0
    start = time.process_time()
    records = sum(isinstance(record, ScannedRequest) for record in scan(file))
    return records, time.process_time() - start
