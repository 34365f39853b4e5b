"""When a dimension counts as flat."""

import pytest

from benchmarks.scale.levels import LEAST, Level
from benchmarks.scale.table import Row, rows, table

SEEN = {
    LEAST: [100.0, 300.0, 200.0],
    Level(projects=1000): [105.0, 315.0, 900.0],
    Level(keys=500): [112.0, 339.0, 224.0],
}


def test_sizes_stand_below_the_least_one_of_their_dimension() -> None:
    """Compared round by round, so that a slow round is slow for both."""
    found = list(rows(SEEN))
    assert [(row.dimension, row.size) for row in found] == [
        ("projects", 1),
        ("projects", 1000),
        ("keys", 10),
        ("keys", 500),
        ("connections", 1),
    ]
    assert found[1].times == pytest.approx([1.05, 1.05, 4.5])
    assert [row.flat for row in found] == [True, True, True, False, True]


@pytest.mark.parametrize(("times", "flat"), [([1.0, 1.1, 9.0], True), ([1.0, 1.11, 1.12], False)])
def test_a_tenth_more_is_still_flat(times: list[float], flat: bool) -> None:
    """In the median: one disturbed round says nothing."""
    assert Row("keys", 500, times, times).flat == flat


def test_the_table_marks_what_is_not() -> None:
    """With the spread of both figures."""
    lines = table(list(rows(SEEN)), rounds=3).splitlines()
    assert lines[4].split() == ["✓", "1000", "projects", "315", "(105-900)", "1.05", "(1.05-4.50)"]
    assert lines[6].split() == ["✗", "500", "keys", "224", "(112-339)", "1.12", "(1.12-1.13)"]
