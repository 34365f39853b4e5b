"""A table as CSV: RFC 4180, UTF-8, the names of the columns in the first line."""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.export.columns import Column, Row

_WORDS = {True: "true", False: "false"}


def write(file: Path, columns: Sequence[Column], rows: Iterable[Row]) -> int:
    """Writes the table, a row at a time; gives the number of rows. Raises OSError."""
    flags = [place for place, column in enumerate(columns) if column.kind == "bool"]
    count = 0
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow([column.name for column in columns])
        for row in rows:
            cells: list[Any] = list(row)
            for place in flags:
                cells[place] = _WORDS[cells[place]]
            writer.writerow(cells)
            count += 1
    return count
