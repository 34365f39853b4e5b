"""From instructions to a judgement."""

import pytest

from benchmarks.gate.costs import APART, TOGETHER
from benchmarks.gate.verdict import Judgement, Kept, UnusableKept, Verdict, compare, ratios

COSTS = {
    "bare": [90.0, 100.0, 900.0],
    "whole": [500.0, 510.0, 100.0],
    "short": [600.0],
    "apart": [600.0 + (APART - 1) * 50.0],
    "together": [600.0 + (TOGETHER - 1) * 10.0],
}


def test_everything_is_told_in_whole_answers_of_the_bare_proxy() -> None:
    """By medians, so that one disturbed batch says nothing; an event is what its stream costs more."""
    assert ratios(COSTS) == pytest.approx(
        {"whole answer": 5.0, "event on its own": 0.5, "event of many": 0.1}
    )


@pytest.mark.parametrize(
    ("ratio", "judgement"),
    [(2.5, "grown"), (2.49, "alike"), (2.0, "alike"), (1.81, "alike"), (1.8, "shrunk")],
)
def test_a_quarter_more_fails_and_a_tenth_less_asks_to_be_kept(
    ratio: float, judgement: Judgement
) -> None:
    """Bounds belong to the judgement that they begin."""
    assert Verdict("whole answer", ratio, 2.0).judgement == judgement


def test_a_figure_that_nobody_kept_fails() -> None:
    """Else a renamed one would go unwatched for ever."""
    (verdict,) = compare({"new": 1.0}, Kept({"old": 1.0}))
    assert verdict.judgement == "grown"
    assert "no figure is kept" in verdict.says


def test_what_is_kept_is_read_back_as_it_was() -> None:
    """With the versions it was measured with."""
    kept = Kept({"whole answer": 7.25}, "3.11.7", "valgrind-3.19.0")
    assert Kept.read(kept.text()) == kept


@pytest.mark.parametrize("text", [b"", b"[]", b'{"ratios": {"whole answer": "7"}}'])
def test_a_file_of_another_form_is_refused(text: bytes) -> None:
    """Whoever merged it badly is told where."""
    with pytest.raises(UnusableKept):
        Kept.read(text)
