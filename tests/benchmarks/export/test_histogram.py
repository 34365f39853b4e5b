"""Percentiles as HdrHistogram tells them, and which requests they are of."""

import random

import pytest

from benchmarks.export.histogram import Histogram, histograms, percentile_lines
from tests.benchmarks.export.conftest import made, refused


def filled(values):
    """A histogram of these milliseconds."""
    histogram = Histogram()
    for value in values:
        histogram.add(value)
    return histogram


def levels(histogram):
    """The rows of the text as numbers; the last has no fourth column."""
    found = [line.split() for line in percentile_lines(histogram)]
    return [[float(cell) for cell in row] for row in found[2:] if row and row[0][0] != "#"]


def test_the_text_is_hdrhistograms():
    """Columns have its widths, the last line no infinite ratio, the end its three remarks."""
    assert list(percentile_lines(filled([1.0, 1.0, 2.0, 4.0]))) == [
        "       Value     Percentile TotalCount 1/(1-Percentile)",
        "",
        "       1.000 0.000000000000          2           1.00",
        "       1.000 0.100000000000          2           1.11",
        "       1.000 0.200000000000          2           1.25",
        "       1.000 0.300000000000          2           1.43",
        "       1.000 0.400000000000          2           1.67",
        "       1.000 0.500000000000          2           2.00",
        "       2.000 0.550000000000          3           2.22",
        "       2.000 0.600000000000          3           2.50",
        "       2.000 0.650000000000          3           2.86",
        "       2.000 0.700000000000          3           3.33",
        "       2.000 0.750000000000          3           4.00",
        "       4.001 0.775000000000          4           4.44",
        "       4.001 1.000000000000          4",
        "#[Mean    =        2.000, StdDeviation   =        1.225]",
        "#[Max     =        4.001, Total count    =            4]",
        "#[Buckets =            2, SubBuckets     =         2048]",
    ]


def test_percentiles_are_right_to_a_thousandth():
    """Whatever is seen, each line's value is the sorted values' own, to three figures."""
    rng = random.Random(3)
    values = sorted(rng.lognormvariate(6.0, 1.0) for _ in range(20_000))
    found = levels(filled(values))
    assert found[-1][:3] == pytest.approx([values[-1], 1.0, 20_000], rel=1e-3)
    for value, share, count, *_ in found:
        assert value == pytest.approx(values[int(count) - 1], rel=1e-3)
        assert count >= share * 20_000 - 1e-6


def test_an_empty_histogram_is_told_too():
    """No line of values, and no division by nothing."""
    assert levels(Histogram()) == []
    assert list(percentile_lines(Histogram()))[-2].endswith("Total count    =            0]")


def test_only_answered_live_chats_count():
    """What nobody answered has no time, and an image takes long for other reasons."""
    others = [refused(), made(environment="test"), made(operation="images")]
    assert {name: each.total for name, each in histograms([made(), *others], None).items()} == {
        "": 1
    }


def test_times_are_kept_apart_as_asked():
    """By the model that was asked for, or by the key that won."""
    records = [made(), made(model="slow"), made(winner="gemini-a")]
    assert {name: each.total for name, each in histograms(records, "model").items()} == {
        "fast": 2,
        "slow": 1,
    }
    assert set(histograms(records, "key")) == {"openrouter", "gemini-a"}
