"""Recorded traffic of four kinds, and files that are none or broken."""

from pathlib import Path

import pytest

from benchmarks.load.records import jsonl
from benchmarks.load.traces import BadTrace, Row, read_trace
from tests.benchmarks.load.made import outcome, run_of

SAMPLES = Path(__file__).resolve().parents[1] / "samples"


def test_burstgpt_has_seconds_and_no_length_where_calls_had_failed() -> None:
    """Times begin with 0; an answer of no tokens is of unknown length, not a missing request."""
    trace = read_trace(SAMPLES / "burstgpt.csv")

    assert trace.kind == "BurstGPT"
    assert trace.rows == (Row(0, 310, 45), Row(1.5, 1200, None), Row(1.5, 12, 250), Row(7, 80, 31))


def test_azure_has_dates_with_seven_digits() -> None:
    """To the microsecond."""
    trace = read_trace(SAMPLES / "azure.csv")

    assert trace.kind == "Azure"
    assert [row.at for row in trace.rows] == pytest.approx([0.0, 0.5, 2.0], abs=1e-5)
    assert [(row.input_tokens, row.output_tokens) for row in trace.rows] == [
        (400, 40),
        (390, 110),
        (900, 60),
    ]


def test_probes_are_arrivals_whatever_became_of_them() -> None:
    """Of the prompt nothing is known; empty lines are none."""
    trace = read_trace(SAMPLES / "probes.jsonl")

    assert trace.kind == "llm-bench-data"
    assert trace.rows == (Row(0, None, 16), Row(2.5, None, None), Row(3600, None, 20))


def test_rows_are_put_in_order() -> None:
    """By time, from 0."""
    assert read_trace(SAMPLES / "plain.csv").rows == (
        Row(0, 10, 100),
        Row(1, 20, 200),
        Row(2, 30, 300),
    )


def test_what_a_run_has_written_is_a_trace(tmp_path: Path) -> None:
    """The same again, at the same times, as asked and not as answered."""
    file = tmp_path / "run.jsonl"
    file.write_bytes(b"".join(jsonl(run_of([outcome(0, due=0.5), outcome(1, due=2.0)]))))

    trace = read_trace(file)

    assert trace.kind == "hedgerow"
    assert trace.rows == (Row(0.0, 100, 50), Row(1.5, 100, 50))


def test_a_broken_row_is_an_error_with_file_and_line() -> None:
    """The first, how many more there are, and how to go on without them."""
    with pytest.raises(BadTrace, match=r"azure-broken\.csv, line 3: .*'many'.*3 more.*--skip"):
        read_trace(SAMPLES / "azure-broken.csv")


def test_broken_rows_are_left_out_only_when_asked_and_each_is_told() -> None:
    """None is dropped in silence."""
    trace = read_trace(SAMPLES / "azure-broken.csv", lenient=True)

    assert len(trace.rows) == 2
    assert [told.split(": ")[0].rpartition(" ")[2] for told in trace.broken] == ["3", "4", "5", "6"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "line 1: no header of a known trace"),
        (b"a,b\n1,2\n", "line 1: no header of a known trace"),
        (b"timestamp,input_tokens\n", "no requests in it"),
        (b"timestamp,input_tokens\n1,2,3\n", "line 2: more or fewer fields"),
        (b"timestamp,input_tokens\n-1,2\n", "line 2: -1 is no time"),
        (b"timestamp,input_tokens\nnan,2\n", "line 2: nan is no time"),
        (b"timestamp,input_tokens\n1,\n", "line 2: input_tokens is ''"),
        (b"timestamp,input_tokens\n1,2.5\n", "line 2: input_tokens is '2.5'"),
        (b"timestamp,input_tokens\n1,99999999\n", "line 2: .* no number of tokens"),
        (b"timestamp,input_tokens\n1,inf\n", "line 2: "),
        (b"timestamp,x\n\xff\xfe,2\n", "not a text in UTF-8"),
        (b"{}\n", 'neither "due"'),
        (b"{broken\n", "line 1: not a line of JSON"),
        (b'{"due": 1}\n[]\n', "line 2: not a JSON object"),
        (b'{"due": 1}\n{"due"\n', "line 2: not a JSON object"),
        (b'{"due": 1}\n{"do": 1}\n', "line 2: due is None"),
        (b'{"due": true}\n', "line 1: due is True"),
        (b'{"timestamp": "soon"}\n', "line 1: .*soon"),
    ],
)
def test_a_file_that_is_none_says_why(content: bytes, says: str, tmp_path: Path) -> None:
    """The message names the file, and the line where there is one."""
    file = tmp_path / "given.trace"
    file.write_bytes(content)

    with pytest.raises(BadTrace, match=rf"given\.trace.*{says}"):
        read_trace(file)


def test_a_table_of_lengths_needs_no_times(tmp_path: Path) -> None:
    """And says that it has none."""
    file = tmp_path / "lengths.csv"
    file.write_text("output_tokens\n5\n6\n")

    assert not read_trace(file).timed
    assert read_trace(SAMPLES / "plain.csv").timed


@pytest.mark.parametrize("moment", ["1800000000", '"1800000000"', "1800000000000"])
def test_probes_may_count_since_1970(moment: str, tmp_path: Path) -> None:
    """In seconds or in milliseconds."""
    file = tmp_path / "probes.jsonl"
    file.write_text(
        f'{{"timestamp": {moment}}}\n{{"timestamp": "2027-01-15T08:00:01Z", "token_count": 3}}\n'
    )

    assert read_trace(file).rows == (Row(0, None, None), Row(1.0, None, 3))
