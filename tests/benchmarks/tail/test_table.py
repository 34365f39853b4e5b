"""What the terminal and machines are told."""

import json
import math

from rich.console import Console

from benchmarks.tail.results import Cell, Run, Sample
from benchmarks.tail.rows import grouped
from benchmarks.tail.table import HEADINGS, as_json, cells, show, title
from benchmarks.tail.verdicts import Verdict, judge

OK = Sample(0.0, 1.0, 2.0)
HEDGED = Sample(1.0, 1.5, 2.0, 2, 1, hedged="won")
BROKEN = Sample(2.0, None, None, outcome="error")


def cell(contender: str, *samples: Sample) -> Cell:
    """A cell whose calls are those of its samples."""
    calls = sum(sample.attempts for sample in samples)
    return Cell("stall", "spiky", contender, 7, 0.5, samples, calls, {"budget": 0.05})


RUN = Run(
    (
        cell("unhedged", *[OK] * 98, BROKEN, BROKEN),
        cell("hedgerow [best]", *[OK] * 95, *[HEDGED] * 5),
    ),
    "hedgerow bench tail",
    "1.2",
    "2026-01-01",
    3.0,
)
(GROUP,) = grouped(RUN)


def told(heading: str, row: int) -> str:
    """What stands under a heading."""
    return dict(zip(HEADINGS, cells(GROUP.rows[row], GROUP), strict=True))[heading]


def test_quantiles_are_said_in_medians_and_milliseconds() -> None:
    """Half a second is the median, so a second is twice that."""
    assert told("p50", 1) == "2.00x 1000 ms"
    assert told("p99 [95 %]", 1).startswith("3.00x 1500 ms [1")
    assert told("extra load", 1) == "5.00%"
    assert told("hedges won", 1) == "100.0%"


def test_what_never_came_and_what_is_not_known_are_said() -> None:
    """Two failures of a hundred are the p99: it took for ever."""
    assert told("p99 [95 %]", 0) == "never"
    assert told("errors", 0) == "2"
    assert (told("hedges won", 0), told("possible p99", 0), told("gap", 0)) == ("-", "-", "-")


def test_the_terminal_shows_every_contender_and_verdict_as_it_is_called() -> None:
    """Brackets in a name are no markup."""
    console = Console(width=250, record=True, file=None, quiet=False)
    with console.capture() as captured:
        console.print(show([GROUP], [Verdict("a [b]", False, "c"), Verdict("d", True, "e")]))
    text = captured.get()

    assert title(GROUP) in text
    assert "hedgerow [best]" in text
    assert "FAIL a [b] c" in text
    assert "pass d" in text
    assert "Advice: hedge with hedgerow [best]" in text


def test_json_has_the_same_in_seconds() -> None:
    """Null is what never ended; nothing in it is a NaN, which is no JSON."""
    told = json.loads(json.dumps(as_json(RUN, [GROUP], judge([GROUP])), allow_nan=False))
    (group,) = told["groups"]
    alone, ours = group["contenders"]

    assert told["command"] == "hedgerow bench tail"
    assert told["passed"] is True
    assert alone["ttft"]["p99"] is None
    assert (ours["ttft"]["p50"], ours["ttft"]["p99"]) == (1.0, 1.5)
    assert math.isclose(ours["extra_load"], 0.05)
    assert ours["notes"] == {"budget": 0.05}
    assert ours["seeds"] == [7]
    assert group["advice"].startswith("hedge with")
