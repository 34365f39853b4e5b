"""A run as a person reads it in the terminal."""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.table import Table
from rich.text import Text

from benchmarks.load.plan import Plan
from benchmarks.load.slo import Verdict
from benchmarks.load.summary import Spread, Summary

COLUMNS = ("avg", "min", "max", "p99", "p90", "p50", "std")
"""The field's, in its order."""

LATE = 0.020
"""Seconds. A generator whose p99 is later than this shows itself in what it measures."""

SLOW = 0.95
"""The share of the offered rate below which not even the average was kept up with."""


def table(summary: Summary) -> Table:
    """The latencies, in milliseconds."""
    shown = Table(title="Latency in ms, from when a request was due", title_justify="left")
    shown.add_column("metric")
    for heading in (*COLUMNS, "n"):
        shown.add_column(heading, justify="right")
    for metric, spread in summary.latencies.items():
        shown.add_row(metric.upper(), *map(Text, cells(spread)))
    return shown


def cells(spread: Spread) -> list[str]:
    """A row's texts, `COLUMNS` and n."""
    return [*(ms(getattr(spread, column)) for column in COLUMNS), f"{spread.n}"]


def facts(plan: Plan, summary: Summary) -> Iterator[tuple[str, str]]:
    """What else there is to say: a name and a text each."""
    failed = summary.requests - summary.answered
    yield "Requests", f"{summary.requests} counted, {summary.answered} answered"
    if failed:
        kinds = ", ".join(f"{count} {kind}" for kind, count in summary.errors.items())
        yield "Errors", f"{failed} ({summary.error_share:.2%}): {kinds}"
    for kind, said in summary.messages.items():
        yield "", f"{kind}: {said}"
    if summary.unfinished:
        yield "Interrupted", f"{summary.unfinished} requests were not sent or had no answer yet"
    yield "Rate", f"{per(summary.offered)} offered, {per(summary.achieved)} answered"
    yield "Tokens", _tokens(summary)
    if summary.good is not None:
        limits = ", ".join(f"{limit.metric} ≤ {1000 * limit.most:g} ms" for limit in plan.limits)
        yield (
            "Goodput",
            f"{per(summary.goodput)}, {summary.good_share:.1%} of all ({limits})",
        )
    late = summary.late
    yield "Generator", f"late by p50 {ms(late.p50)}, p99 {ms(late.p99)}, max {ms(late.max)} ms"
    for note in (*plan.notes, *warnings(summary)):
        yield "Warning", note


def warnings(summary: Summary) -> Iterator[str]:
    """What makes the figures less than they seem."""
    if summary.late.p99 > LATE:
        yield (
            f"the generator could not keep up: p99 of its requests began {ms(summary.late.p99)} ms after "
            "they were due, which is in all latencies. Use a lower --rate or more processors for it."
        )
    if summary.unsaid:
        yield (
            f"{summary.unsaid} answers came without usage: their tokens are counted as events, of "
            "which one may have several"
        )
    if 0 < summary.requests < 100:
        yield f"{summary.requests} requests are too few for a p99"


def next_step(plan: Plan, summary: Summary, verdicts: Sequence[Verdict]) -> str:
    """What one would do now."""
    if not summary.answered:
        return "nothing was answered: look at the errors above, then try again with -n 1"
    if summary.late.p99 > LATE:
        return f"at half the rate, which the generator may bear: {plan.slower}"
    if not plan.slos and "ttft" in summary.latencies:
        bound = float(f"{1.2 * summary.latencies['ttft'].p90:.2g}")
        return f"with an objective: {plan.command} --slo 'ttft p90 < {bound * 1000:.0f}ms'"
    if not plan.slos:
        return f"with an objective: {plan.command} --slo 'errors < 1%'"
    if all(verdict.met for verdict in verdicts):
        return f"until an objective is missed, twice the rate: {plan.faster}"
    return f"until all objectives are met, half the rate: {plan.slower}"


def files(written: Sequence[tuple[str, Path]]) -> Iterator[tuple[str, str]]:
    """Where results are."""
    for kind, path in written:
        yield "File", f"{path} ({kind})"


def lines(pairs: Sequence[tuple[str, str]]) -> str:
    """Names and texts beneath one another."""
    return "\n".join(f"{name:<12} {text}" for name, text in pairs)


def ms(seconds: float) -> str:
    """Milliseconds with as many digits as are of use."""
    if math.isnan(seconds):
        return "-"
    value = 1000.0 * seconds
    return (
        f"{value:.2f}"
        if abs(value) < 10
        else f"{value:.1f}"
        if abs(value) < 1000
        else f"{value:.0f}"
    )


def per(rate: float) -> str:
    """So many a second."""
    return "-" if math.isnan(rate) else f"{rate:,.4g}/s"


def _tokens(summary: Summary) -> str:
    rate = per(summary.tokens_per_second)
    counted = "" if summary.unsaid or not summary.answered else ", as the server counted"
    return f"{rate} of output ({summary.output_tokens:,} out, {summary.input_tokens:,} in{counted})"
