"""What is said in the terminal."""

import io
import re
from typing import Any

import pytest
from rich.console import Console

from benchmarks.load.plan import Plan, plan
from benchmarks.load.slo import judge
from benchmarks.load.summary import Run, Summary, summarize
from benchmarks.load.text import facts, ms, next_step, table, warnings
from tests.benchmarks.load.made import failed, options, outcome, run_of, some


def both(run: Run, **changed: Any) -> tuple[Plan, Summary]:
    made = plan(options(**changed), {}, None)
    return made, summarize(run, made.limits)


def test_the_table_has_the_columns_that_others_have() -> None:
    """In their order, in milliseconds."""
    console = Console(width=120, file=io.StringIO())
    console.print(table(summarize(run_of([outcome(0)]), [])))
    lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined]

    assert " ".join(lines[2].split("┃")).split() == [
        *("metric", "avg", "min", "max", "p99", "p90", "p50", "std", "n")
    ]
    assert " ".join(lines[4].split("│")).split() == ["TTFT", *["100.0"] * 6, "0.00", "1"]


def test_errors_are_told_with_their_share_and_kinds() -> None:
    """And what the server said."""
    made, summary = both(run_of([outcome(0), failed(1, message="full")]))
    said = dict(facts(made, summary))

    assert said["Requests"] == "2 counted, 1 answered"
    assert said["Errors"] == "1 (50.00%): 1 status 500"
    assert said[""] == "status 500: full"


def test_rates_tokens_goodput_and_lateness_are_told() -> None:
    """Each with its unit."""
    made, summary = both(some(), good=("ttft < 150ms",))
    said = dict(facts(made, summary))

    assert said["Rate"].startswith("20/s offered, ")
    assert "of output (1,500 out, 30,000 in, as the server counted)" in said["Tokens"]
    assert "(ttft ≤ 150 ms)" in said["Goodput"]
    assert said["Generator"] == "late by p50 0.10, p99 0.10, max 0.10 ms"


def test_what_makes_figures_less_than_they_seem_is_said() -> None:
    """Lateness, tokens nobody counted, few requests, an interruption."""
    late = list(warnings(summarize(run_of([outcome(0, late=0.5, usage=False)]), [])))

    assert "could not keep up" in late[0]
    assert "without usage" in late[1]
    assert "too few" in late[2]
    assert list(warnings(summarize(some(), []))) == []
    made, summary = both(run_of([outcome(0)], unfinished=3))
    assert dict(facts(made, summary))["Interrupted"].startswith("3 requests")


@pytest.mark.parametrize(
    ("run", "changed", "says"),
    [
        (run_of([failed(0)]), {}, "nothing was answered"),
        (run_of([outcome(0, late=1.0)]), {"rate": 8.0}, "half the rate.*--rate 4"),
        (some(), {}, "objective: hedgerow bench load .* --slo 'ttft p90 < 290ms'"),
        (some(), {"slo": ("errors < 1%",)}, "twice the rate: .*--rate 2 "),
        (some(), {"slo": ("ttft max < 1ms",)}, r"half the rate: .*--rate 0\.5 "),
        (run_of([outcome(0)], stream=False), {"no_stream": True}, "errors < 1%"),
    ],
)
def test_the_next_step_is_a_command(run: Run, changed: dict[str, Any], says: str) -> None:
    """Whatever has happened, something is to be done now."""
    made, summary = both(run, **changed)
    verdicts = judge(made.slos, run, summary)

    assert re.search(says, next_step(made, summary, verdicts))


def test_milliseconds_have_the_digits_that_matter() -> None:
    """More where they are few."""
    assert [ms(0.00123), ms(0.0456), ms(1.2345), ms(float("nan"))] == ["1.23", "45.6", "1234", "-"]
