"""What cells say about their samples, without forgetting those that failed."""

import math

import pytest

from benchmarks.tail.results import Cell, Sample, pooled

OK = Sample(due=0.0, ttft=1.0, total=2.0)
WON = Sample(due=1.0, ttft=2.0, total=3.0, attempts=2, hedges=1, hedged="won")
LOST = Sample(due=2.0, ttft=2.0, total=3.0, attempts=2, hedges=1, hedged="lost")
BROKEN = Sample(due=3.0, ttft=None, total=None, outcome="error")
GONE = Sample(due=4.0, ttft=None, total=None, outcome="gone")


def cell(*samples: Sample, seed: int = 1, **notes: float) -> Cell:
    """A cell of these samples."""
    calls = sum(sample.attempts for sample in samples)
    return Cell("iid", "spiky", "hedgerow", seed, 0.5, samples, calls, notes)


def test_who_never_answered_took_for_ever_and_who_left_is_not_counted() -> None:
    """Otherwise failing would look fast."""
    assert cell(OK, BROKEN, GONE).ttfts == [1.0, math.inf]
    assert cell(OK, BROKEN, GONE).errors == 1


def test_extra_load_is_what_the_upstream_counted_beyond_the_requests() -> None:
    """Two hedges for four requests are a half more."""
    assert cell(OK, OK, WON, LOST).extra_load == 0.5
    assert cell(OK, OK, WON, LOST).hedges == 2
    assert cell().extra_load == 0.0


def test_hedges_win_a_share_of_their_races() -> None:
    """And without races there is no share."""
    assert cell(OK, WON, LOST).win_rate == 0.5
    assert math.isnan(cell(OK).win_rate)


@pytest.mark.parametrize(
    ("contender", "ours"), [("hedgerow-single_r-2", True), ("unhedged", False)]
)
def test_ours_are_known_by_their_name(contender: str, ours: bool) -> None:
    """Everything that begins with the program's name is ours."""
    assert Cell("iid", "spiky", contender, 1, 1.0, (), 0).ours is ours


def test_seeds_are_pooled_with_their_worst_notes() -> None:
    """Samples one after the other, calls added, and no leak gets lost."""
    both = pooled([cell(OK, leaked=0.0), cell(WON, seed=2, leaked=3.0, burst=1.0)])

    assert both.samples == (OK, WON)
    assert both.upstream_calls == 3
    assert both.notes == {"leaked": 3.0, "burst": 1.0}
