"""CSV as any spreadsheet reads it."""

import csv

from benchmarks.export.columns import columns, rows
from benchmarks.export.csv_file import write
from tests.benchmarks.export.conftest import made


def test_a_table_reads_back_as_it_was(tmp_path):
    """Quotes and commas inside of cells survive, nothing is an empty cell, flags are words."""
    file = tmp_path / "x.csv"
    count = write(file, columns("attempts"), rows([made(model='odd,"one"\n')], "attempts"))
    with file.open(newline="", encoding="utf-8") as stream:
        slow, fast = csv.DictReader(stream)
    assert count == 2
    assert slow["model"] == 'odd,"one"\n'
    assert (slow["streamed"], slow["client_gone"]) == ("true", "false")
    assert (slow["attempt_first_ms"], fast["attempt_first_ms"]) == ("", "1200.0")


def test_an_empty_table_still_names_its_columns(tmp_path):
    """A program that reads it finds no rows instead of no table."""
    file = tmp_path / "x.csv"
    assert write(file, columns("requests"), []) == 0
    assert file.read_text().startswith("ts,request,project,")
