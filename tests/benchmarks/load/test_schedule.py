"""What is due when, and what of it counts."""

import random

from benchmarks.load.lengths import Between
from benchmarks.load.schedule import Extent, Planned, replayed, schedule, unrecorded
from benchmarks.load.traces import Row

LENGTHS = (Between(7, 7), Between(9, 9))
EVERY_SECOND = [float(second) for second in range(100)]


def planned(extent: Extent) -> list[Planned]:
    return schedule(unrecorded(EVERY_SECOND), extent, LENGTHS, random.Random(1))


def test_the_warm_up_comes_first_and_does_not_count() -> None:
    """Then the time that was asked for, its end not included."""
    load = planned(Extent(2.0, 3.0, None))

    assert [(p.due, p.counted) for p in load] == [
        (0.0, False),
        (1.0, False),
        (2.0, True),
        (3.0, True),
        (4.0, True),
    ]


def test_a_number_of_requests_is_of_those_that_count() -> None:
    """And what comes first, number or time, ends it."""
    assert sum(p.counted for p in planned(Extent(2.0, None, 5))) == 5
    assert len(planned(Extent(0.0, 3.0, 50))) == 3
    assert len(planned(Extent(0.0, 50.0, 3))) == 3


def test_recorded_lengths_go_before_drawn_ones() -> None:
    """What was not recorded is drawn; a trace may be replayed faster."""
    rows = replayed([Row(0.0, 1, 2), Row(8.0, None, 4), Row(16.0, 5, None)], 4.0)

    assert schedule(rows, Extent(0.0, None, None), LENGTHS, random.Random(1)) == [
        Planned(0.0, 1, 2, True),
        Planned(2.0, 7, 4, True),
        Planned(4.0, 5, 9, True),
    ]


def test_the_same_seed_plans_the_same() -> None:
    """Lengths as well."""
    lengths = (Between(1, 1000), Between(1, 1000))

    def once() -> list[Planned]:
        rows = unrecorded(EVERY_SECOND)
        return schedule(rows, Extent(0.0, None, 20), lengths, random.Random(5))

    assert once() == once()
