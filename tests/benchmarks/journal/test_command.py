"""The measurement of a start behind a long journal, run small on the real store."""

import msgspec

from benchmarks.journal.command import Figures, Opened, command, table
from benchmarks.journal.scanning import Scanned


def test_a_short_journal_is_written_opened_and_read(tmp_path, capsys):
    """Every request is counted by each process, and nothing of it is left behind."""
    assert command(records=2000, projects=3, rounds=2, folder=tmp_path, json=True) == 0
    told = msgspec.json.decode(capsys.readouterr().out)
    assert [each["records"] for each in told["open"] + told["read"]] == [2000] * 4
    assert told["bytes"] > 2000 * 500
    assert [each["records"] for each in told["scan"]] == [2000, 2000]
    assert told["post_us"] > 0
    assert list(tmp_path.iterdir()) == []


def test_the_table_says_whether_the_bar_is_met():
    """By the slower of clock and processor, in the median."""
    fast, slow = Opened(0.5, 0.25, 10, 30.0), Opened(1.0, 2.5, 10, 31.0)
    figures = Figures(10, 10_000, 20.0, (fast, slow, slow), (slow,), (Scanned(2, 0.5, 1.0, 10),))
    assert figures.start == 2.5
    assert figures.read_rate == 4.0
    *_, scanned, verdict = table(figures)
    assert scanned == "✗ scanned a second: 20, over 300,000"
    assert verdict == "✗ seconds until the state is open: 2.50, under 2"
