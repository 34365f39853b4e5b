"""A table as Parquet, a row group at a time: a long journal needs no more memory than a short one."""

from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.export.columns import Column, Row

GROUP = 50_000
"""Rows that are in memory at a time."""

_TYPES = {
    "text": pa.string(),
    "int": pa.int64(),
    "float": pa.float64(),
    "bool": pa.bool_(),
    "time": pa.timestamp("ms", tz="UTC"),
}


def write(file: Path, columns: Sequence[Column], rows: Iterable[Row], *, group: int = GROUP) -> int:
    """Writes the table in groups of so many rows; gives the number of rows. Raises OSError."""
    schema = pa.schema([(column.name, _TYPES[column.kind]) for column in columns])
    source, count = iter(rows), 0
    with pq.ParquetWriter(file, schema, compression="zstd") as writer:
        while some := list(islice(source, group)):
            count += len(some)
            arrays = [
                pa.array(cells, kind)
                for cells, kind in zip(zip(*some, strict=True), schema.types, strict=True)
            ]
            writer.write_batch(pa.record_batch(arrays, schema=schema))
    return count
