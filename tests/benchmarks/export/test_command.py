"""`hedgerow export` on a journal that the store wrote."""

import csv
import gc
import json

import pyarrow.parquet as pq
import pytest

from gateway.cli import main


@pytest.fixture
def export(tmp_path, capsys):
    """Runs `hedgerow export`; gives its exit code and what it said."""

    def run(*words):
        with pytest.raises(SystemExit) as caught:
            main(("export", *map(str, words)))
        return caught.value.code, capsys.readouterr().err

    thresholds = gc.get_threshold()  # a process of its own would not mind
    yield run
    gc.set_threshold(*thresholds)


def test_a_table_as_csv(export, journal, tmp_path):
    """A row an attempt; nothing on standard output, a line about it on standard error."""
    out = tmp_path / "x.csv"
    assert export("csv", journal, "--out", out) == (0, f"2 attempts in {out}\n")
    with out.open(newline="") as stream:
        assert [row["attempt_role"] for row in csv.DictReader(stream)] == ["primary", "hedge"]


def test_a_table_as_parquet(export, journal, tmp_path):
    """A row a request, where that is asked for; a single segment will do."""
    out = tmp_path / "x.parquet"
    (segment,) = journal.rglob("*.jsonl")
    assert export("parquet", segment, "--out", out, "--what", "requests")[0] == 0
    assert pq.read_table(out).column("status").to_pylist() == [200, 429]


def test_percentiles_by_key(export, journal, tmp_path):
    """A file for each, beside the name that was given."""
    assert export("hgrm", journal, "--out", tmp_path / "t.hgrm", "--by", "key")[0] == 0
    assert "Total count    =            1]" in (tmp_path / "t.openrouter.hgrm").read_text()
    assert not (tmp_path / "t.hgrm").exists()


def test_traces(export, journal, tmp_path):
    """Each line of the file is a message that a collector takes."""
    out = tmp_path / "traces.jsonl"
    assert export("otlp", journal, "--out", out)[0] == 0
    (line,) = out.read_text().splitlines()
    assert len(json.loads(line)["resourceSpans"][0]["scopeSpans"][0]["spans"]) == 4


def test_the_configured_journal_is_the_default(export, journal, tmp_path):
    """No place named: the one that the gateway writes to."""
    config = tmp_path / "hedgerow.toml"
    config.write_text(f'[state]\nurl = "file:{journal}"\n')
    out = tmp_path / "x.csv"
    assert export("csv", "--out", out, "--config", config) == (0, f"2 attempts in {out}\n")


def test_what_cannot_be_is_said_in_one_line(export, journal, tmp_path):
    """No journal, or nowhere to write: exit code 2 and no file."""
    missing, nowhere = tmp_path / "none", tmp_path / "no" / "x.csv"
    assert export("csv", missing, "--out", tmp_path / "x.csv") == (
        2,
        f"hedgerow: there is no journal in {missing}\n",
    )
    assert export("csv", journal, "--out", nowhere) == (
        2,
        f"hedgerow: there is no folder {nowhere.parent} to write into\n",
    )
    assert not (tmp_path / "x.csv").exists()


def test_a_damaged_journal_leaves_no_export(export, journal, tmp_path):
    """Half a table would look like a whole one."""
    (segment,) = journal.rglob("*.jsonl")
    whole = segment.read_bytes()
    segment.write_bytes(whole.replace(b'"demo"', b'"demu"', 1))
    code, said = export("csv", journal, "--out", tmp_path / "x.csv")
    assert (code, said.count("\n")) == (1, 1)
    assert "checksum" in said
    assert not list(tmp_path.glob("x.csv*"))
