"""Parquet with types, in groups of rows."""

from datetime import UTC, datetime

import pyarrow.parquet as pq

from benchmarks.export.columns import columns, rows
from benchmarks.export.parquet_file import write
from tests.benchmarks.export.conftest import NOW, made


def test_a_table_reads_back_with_types(tmp_path):
    """Times are times, flags are flags, and what is unknown is null."""
    file = tmp_path / "x.parquet"
    assert write(file, columns("attempts"), rows([made()], "attempts")) == 2
    slow, fast = pq.read_table(file).to_pylist()
    assert slow["ts"] == datetime.fromtimestamp(NOW / 1000, UTC)
    assert (slow["streamed"], slow["attempt_first_ms"]) == (True, None)
    assert (fast["attempt_requests_left"], fast["attempt_tokens_left"]) == (98, None)


def test_rows_are_written_group_by_group(tmp_path):
    """No more than a group is ever in memory: when the third is asked for, the first is written."""
    file, sizes = tmp_path / "x.parquet", []

    def watched():
        for row in rows([made(str(n)) for n in range(250)], "requests"):
            sizes.append(file.stat().st_size)
            yield row

    write(file, columns("requests"), watched(), group=100)
    described = pq.ParquetFile(file)
    groups = [described.metadata.row_group(n).num_rows for n in range(3)]
    assert groups == [100, 100, 50]
    assert sizes[99] < sizes[100] < sizes[200]


def test_an_empty_journal_is_an_empty_table(tmp_path):
    """With all its columns."""
    file = tmp_path / "x.parquet"
    assert write(file, columns("requests"), []) == 0
    assert pq.read_schema(file).names == [column.name for column in columns("requests")]
