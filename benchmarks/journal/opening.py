"""A process that opens one state, as a server does or line by line, and prints what it took as JSON."""

import os
import sys
import time
from pathlib import Path

import msgspec

from benchmarks.journal.requests import name
from benchmarks.overhead.cpu import resident
from state import Store, look
from state.indexes import Indexes


def main(folder: Path, how: str, projects: int) -> None:
    """Open it, and print seconds, CPU seconds, the requests it knows of, and resident megabytes."""
    clock, cpu = time.perf_counter(), time.process_time()
    indexes = _read(folder) if how == "read" else _opened(folder)
    answer = {
        "seconds": time.perf_counter() - clock,
        "cpu": time.process_time() - cpu,
        "records": sum(indexes.total(name(n)).requests for n in range(projects)),
        "megabytes": resident(os.getpid()) / 1e6,
    }
    print(msgspec.json.encode(answer).decode())


def _opened(folder: Path) -> Indexes:
    with Store.open(folder) as store:
        return store.indexes


def _read(folder: Path) -> Indexes:
    return look(folder, summaries=False).indexes


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
