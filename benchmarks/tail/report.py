"""A run as one HTML file."""

from collections.abc import Iterable, Sequence
from xml.etree.ElementTree import Element, SubElement

from benchmarks.page import add, page, table, written
from benchmarks.tail.figures import figures
from benchmarks.tail.results import Run
from benchmarks.tail.rows import Group
from benchmarks.tail.table import HEADINGS, cells, title
from benchmarks.tail.verdicts import Verdict, advice


def html(run: Run, groups: Sequence[Group], verdicts: Sequence[Verdict]) -> str:
    """The whole page."""
    whole, body = page("Hedgerow: bench tail")
    add(body, "h1", "The tail, and what hedging does to it")
    _about(body, run)
    _verdicts(body, verdicts)
    for group in groups:
        _group(SubElement(body, "section"), run, group)
    return written(whole)


def _about(body: Element, run: Run) -> None:
    said = add(body, "p", "Made by ")
    command = add(said, "code", run.command)
    requests = sum(len(cell.samples) for cell in run.cells)
    command.tail = (
        f" with Hedgerow {run.version} on {run.date}: {requests} requests in {len(run.cells)} cells, "
        f"in virtual time, which took {run.seconds:.0f} s."
    )
    add(
        body,
        "p",
        "Times run from the scheduled arrival of a request to its first token. A request without one "
        "took for ever; one whose client hung up is not counted. Extra load is upstream calls beyond "
        "one a request. The possible p99 is the best that a single randomised backup reaches with the "
        "same extra load; the gap is the part of that gain which was not reached. Intervals are 95 %, "
        "by bootstrap over blocks of time.",
    )


def _verdicts(body: Element, verdicts: Sequence[Verdict]) -> None:
    if not verdicts:
        return
    passed = sum(verdict.passed for verdict in verdicts)
    add(body, "h2", f"Verdicts: {passed} of {len(verdicts)} demands met")
    lines = table(body, ("demand", "met", "figures"))
    for verdict in verdicts:
        row = SubElement(lines, "tr")
        add(row, "td", verdict.name).set("class", "said")
        add(row, "td", "yes" if verdict.passed else "NO").set(
            "class", "pass" if verdict.passed else "fail"
        )
        add(row, "td", verdict.said).set("class", "said")


def _group(section: Element, run: Run, group: Group) -> None:
    add(section, "h2", title(group))
    said = advice(group)
    if said is not None:
        add(add(section, "p", "Advice: "), "strong", said)
    lines = table(section, HEADINGS)
    for row in group.rows:
        line = SubElement(lines, "tr")
        for text in cells(row, group):
            add(line, "td", text)
    for svg in figures(group):
        figure = SubElement(section, "figure")
        figure.append(svg)
        _caption(SubElement(figure, "figcaption"), run, group)


def _caption(caption: Element, run: Run, group: Group) -> None:
    sizes = sorted({row.n for row in group.rows})
    seeds = sorted({seed for row in group.rows for seed in row.seeds})
    n = f"{sizes[0]}" if len(sizes) == 1 else f"{sizes[0]} to {sizes[-1]}"
    caption.text = (
        f"{group.scenario}, {group.profile}; n = {n} requests a contender over {group.window:.0f} s "
        f"of virtual time; {_plural('seed', seeds)}; "
    )
    add(caption, "code", run.command)


def _plural(word: str, numbers: Iterable[int]) -> str:
    listed = [str(number) for number in numbers]
    return f"{word if len(listed) == 1 else word + 's'} {', '.join(listed)}"
