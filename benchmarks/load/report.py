"""A run as one HTML file that needs nothing from anywhere: figures, pictures, how it was made."""

import random
from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement

import attrs

from benchmarks.load.drawings import drawings
from benchmarks.load.plan import Plan
from benchmarks.load.slo import Verdict
from benchmarks.load.summary import Run, Summary
from benchmarks.load.text import COLUMNS, cells, facts
from benchmarks.page import add, page, table, written


@attrs.frozen
class Circumstances:
    """When and with what: a date and time in UTC, and versions by name."""

    began: str
    versions: dict[str, str]


def html(
    plan: Plan, run: Run, summary: Summary, verdicts: Sequence[Verdict], around: Circumstances
) -> str:
    """The whole page."""
    whole, body = page("Hedgerow: bench load")
    add(body, "h1", f"Load on {plan.target.shown}")
    _verdicts(body, verdicts)
    _latencies(body, summary)
    lines = table(body, ("", "figures"))
    for name, said in facts(plan, summary):
        _row(lines, name, said)
    for svg in drawings(run, random.Random(plan.seed)):
        figure = SubElement(body, "figure")
        figure.append(svg)
        add(figure, "figcaption", f"n = {summary.requests} requests, seed {plan.seed}; ")
        add(figure[-1], "code", plan.command)
    _made(body, plan, around)
    return written(whole)


def _verdicts(body: Element, verdicts: Sequence[Verdict]) -> None:
    if not verdicts:
        return
    add(body, "h2", f"{sum(v.met for v in verdicts)} of {len(verdicts)} objectives met")
    listed = SubElement(body, "ul")
    for verdict in verdicts:
        add(listed, "li", str(verdict)).set("class", "pass" if verdict.met else "fail")


def _latencies(body: Element, summary: Summary) -> None:
    add(body, "h2", "Latency in ms")
    lines = table(body, ("metric", *COLUMNS, "n"))
    for metric, spread in summary.latencies.items():
        row = SubElement(lines, "tr")
        for text in (metric.upper(), *cells(spread)):
            add(row, "td", text)
    add(
        body,
        "p",
        "TTFT is the time to the first token, E2EL to the end of the answer; both from when the request was "
        "due, however late it could be sent. ITL is the time between one event with tokens and the next, "
        "TPOT that from the first token to the last over the number of tokens less one. Requests that were "
        "given up count with the time they were waited for. Bands are 95 %, by bootstrap over blocks of time.",
    )


def _made(body: Element, plan: Plan, around: Circumstances) -> None:
    add(body, "h2", "How it was made")
    lines = table(body, ("parameter", "value"))
    for name, said in (*plan.parameters, ("began", around.began), *around.versions.items()):
        _row(lines, name, said)
    add(add(body, "p", "Again: "), "code", plan.command)


def _row(lines: Element, name: str, said: str) -> None:
    row = SubElement(lines, "tr")
    add(row, "td", name)
    add(row, "td", said).set("class", "said")
