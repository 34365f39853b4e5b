"""HdrHistogram's text, as its tools read it."""

import re

from benchmarks.load.hgrm import hgrm

ROW = re.compile(r" *(\d+\.\d{3}) (\d\.\d{12}) +(\d+)(?: +(\d+\.\d\d))?")


def rows(text: str) -> list[tuple[str | None, ...]]:
    head, blank, *lines = text.splitlines()
    assert head.split() == ["Value", "Percentile", "TotalCount", "1/(1-Percentile)"]
    assert blank == ""
    found = [ROW.fullmatch(line) for line in lines if not line.startswith("#")]
    return [match.groups() for match in found if match is not None]


def test_values_are_milliseconds_and_exact() -> None:
    """A thousand latencies from 1 to 1000 ms: the percentiles are themselves."""
    found = rows(hgrm([n / 1000.0 for n in range(1, 1001)]))

    assert found[0] == ("1.000", "0.000000000000", "1", "1.00")
    assert ("500.000", "0.500000000000", "500", "2.00") in found
    assert ("750.000", "0.750000000000", "750", "4.00") in found
    assert found[-1] == ("1000.000", "1.000000000000", "1000", None)


def test_steps_are_halved_with_what_is_left() -> None:
    """Five lines for each halving, up to the last value of its own; counts and percentiles only grow."""
    found = rows(hgrm([n / 1000.0 for n in range(1, 1001)]))
    percentiles = [float(row[1] or 0) for row in found]

    assert percentiles[:8] == [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.55, 0.6]
    assert percentiles == sorted(set(percentiles))
    assert 45 < len(found) < 60
    counts = [int(row[2] or 0) for row in found]
    assert counts == sorted(counts)


def test_the_footer_has_mean_deviation_and_count() -> None:
    """In milliseconds as well."""
    text = hgrm([0.1, 0.3])

    assert "#[Mean    =      200.000, StdDeviation   =      100.000]" in text
    assert "#[Max     =      300.000, Total count    =            2]" in text


def test_no_values_are_no_lines() -> None:
    """But a file all the same."""
    assert rows(hgrm([])) == []
    assert "Total count    =            0]" in hgrm([])
