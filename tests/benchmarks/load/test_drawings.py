"""The pictures of a run."""

import random
from xml.etree.ElementTree import Element

import pytest

from benchmarks.load.drawings import drawings
from benchmarks.load.summary import Run
from tests.benchmarks.load.made import failed, outcome, run_of, some


def titles(run: Run) -> list[str]:
    return [svg.get("aria-label") or "" for svg in drawings(run, random.Random(1))]


def lines(svg: Element) -> dict[str, list[tuple[float, float]]]:
    """Names and points of a plot's lines."""
    found = {}
    for group in svg.findall("g"):
        line = group.find("polyline")
        if line is not None:
            pairs = [point.split(",") for point in (line.get("points") or "").split()]
            found[group.findtext("title") or ""] = [(float(x), float(y)) for x, y in pairs]
    return found


def test_there_are_distribution_tail_spectrum_and_time() -> None:
    """Over time there are first tokens and ends."""
    assert titles(some()) == [
        "CDF: share within a latency",
        "Complementary CDF: share beyond it",
        "Percentile spectrum",
        "TTFT over time, in windows of 1 s",
        "E2EL over time, in windows of 1 s",
    ]


def test_all_four_latencies_are_drawn() -> None:
    """The shares up to a latency only grow, those beyond only fall. (SVG's y goes down.)"""
    below, beyond, spectrum, *_ = drawings(some(), random.Random(1))

    for svg in (below, beyond, spectrum):
        assert list(lines(svg)) == ["TTFT", "ITL", "TPOT", "E2EL"]
    rising = [y for _, y in lines(below)["TTFT"]]
    falling = [y for _, y in lines(beyond)["TTFT"]]
    assert rising == sorted(rising, reverse=True)
    assert falling == sorted(falling)


def test_a_stall_can_be_seen_over_time() -> None:
    """The windows it was in stand out, its neighbours do not."""
    outcomes = [
        outcome(i, due=i / 20, ttft=1.0 if 140 <= i < 160 else 0.1, e2el=1.1) for i in range(300)
    ]
    over_time = lines(drawings(run_of(outcomes), random.Random(1))[3])["p50"]
    heights = [y for _, y in over_time]

    assert heights.index(min(heights)) == 7
    assert heights.count(min(heights)) == 1


def test_whole_answers_have_fewer_pictures() -> None:
    """Of the end alone."""
    run = run_of([outcome(i, ttft=None) for i in range(30)], stream=False)
    assert titles(run)[-1].startswith("E2EL over time")
    assert len(titles(run)) == 4


@pytest.mark.parametrize("few", [[outcome(0)], [outcome(0), outcome(1)], [failed(0, "timeout")]])
def test_one_request_can_be_drawn_too(few: list[object]) -> None:
    """Though little can be seen."""
    assert len(titles(run_of(few))) == 5  # type: ignore[arg-type]


def test_nothing_is_not_drawn() -> None:
    """No empty axes."""
    assert titles(run_of([failed(0)])) == []
