"""A run as one HTML file that needs no network, no script and no font: readable in ten years.

It is built as a tree of elements, so every text in it is escaped, and is valid XML as well.
"""

from collections.abc import Iterable, Sequence
from unicodedata import category
from xml.etree.ElementTree import Element, SubElement, tostring

from benchmarks.tail.figures import figures
from benchmarks.tail.results import Run
from benchmarks.tail.rows import Group
from benchmarks.tail.table import HEADINGS, cells, title
from benchmarks.tail.verdicts import Verdict, advice

_NOT_XML = ("Cc", "Cs", "Cn")

# Okabe and Ito's colours, which people with any kind of colour vision can tell apart.
_STYLE = """
:root { color-scheme: light dark; --ink: #1a1a1a; --paper: #ffffff; --faint: #d9d9d9; --s0: #1a1a1a; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8e8e8; --paper: #161616; --faint: #3a3a3a; --s0: #e8e8e8; }
}
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  margin: 0 auto; padding: 1.5rem; max-width: 72rem; }
code { overflow-wrap: anywhere; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .2rem .6rem; text-align: right; border-bottom: 1px solid var(--faint);
  white-space: nowrap; }
th:first-child, td:first-child { text-align: left; }
.said { white-space: normal; text-align: left; }
.fail { color: #d55e00; font-weight: bold; }
figure { margin: 1rem 0; }
figcaption { font-size: .85rem; }
svg { width: 100%; max-width: 820px; height: auto; }
svg text { font: 12px system-ui, sans-serif; fill: var(--ink); }
svg text.title { font-size: 14px; font-weight: bold; }
.grid { stroke: var(--faint); }
.axis, .whisker, .mark { stroke: var(--ink); }
.whisker { stroke-width: 1.5; }
.mark { stroke-width: 2.5; }
.line { fill: none; stroke: currentColor; stroke-width: 2; }
.band { fill: currentColor; opacity: .15; }
circle, rect { fill: currentColor; }
rect { opacity: .75; }
circle.ring { fill: none; stroke: currentColor; stroke-width: 2; }
.s0 { color: var(--s0); } .s1 { color: #0072b2; } .s2 { color: #d55e00; } .s3 { color: #009e73; }
.s4 { color: #cc79a7; } .s5 { color: #e69f00; } .s6 { color: #56b4e9; } .s7 { color: #8c7a00; }
"""


def html(run: Run, groups: Sequence[Group], verdicts: Sequence[Verdict]) -> str:
    """The whole page."""
    page = Element("html", {"lang": "en"})
    _head(SubElement(page, "head"))
    body = SubElement(page, "body")
    _add(body, "h1", "The tail, and what hedging does to it")
    _about(body, run)
    _verdicts(body, verdicts)
    for group in groups:
        _group(SubElement(body, "section"), run, group)
    for element in page.iter():
        element.text, element.tail = _printable(element.text), _printable(element.tail)
        element.attrib.update({n: _printable(v) or "" for n, v in element.attrib.items()})
    return "<!DOCTYPE html>\n" + tostring(page, encoding="unicode") + "\n"


def _head(head: Element) -> None:
    SubElement(head, "meta", {"charset": "utf-8"})
    SubElement(head, "meta", {"name": "viewport", "content": "width=device-width"})
    _add(head, "title", "Hedgerow: bench tail")
    _add(head, "style", _STYLE)


def _about(body: Element, run: Run) -> None:
    said = _add(body, "p", "Made by ")
    command = _add(said, "code", run.command)
    requests = sum(len(cell.samples) for cell in run.cells)
    command.tail = (
        f" with Hedgerow {run.version} on {run.date}: {requests} requests in {len(run.cells)} cells, "
        f"in virtual time, which took {run.seconds:.0f} s."
    )
    _add(
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
    _add(body, "h2", f"Verdicts: {passed} of {len(verdicts)} demands met")
    table = _table(body, ("demand", "met", "figures"))
    for verdict in verdicts:
        row = SubElement(table, "tr")
        _add(row, "td", verdict.name).set("class", "said")
        _add(row, "td", "yes" if verdict.passed else "NO").set(
            "class", "pass" if verdict.passed else "fail"
        )
        _add(row, "td", verdict.said).set("class", "said")


def _group(section: Element, run: Run, group: Group) -> None:
    _add(section, "h2", title(group))
    said = advice(group)
    if said is not None:
        _add(_add(section, "p", "Advice: "), "strong", said)
    table = _table(section, HEADINGS)
    for row in group.rows:
        line = SubElement(table, "tr")
        for text in cells(row, group):
            _add(line, "td", text)
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
    _add(caption, "code", run.command)


def _plural(word: str, numbers: Iterable[int]) -> str:
    listed = [str(number) for number in numbers]
    return f"{word if len(listed) == 1 else word + 's'} {', '.join(listed)}"


def _table(parent: Element, headings: Sequence[str]) -> Element:
    """A table with its first line, which scrolls by itself where it is too wide for a page."""
    wide = SubElement(parent, "div", {"class": "wide"})
    body = SubElement(SubElement(wide, "table"), "tbody")
    line = SubElement(body, "tr")
    for heading in headings:
        _add(line, "th", heading)
    return body


def _add(parent: Element, tag: str, text: str) -> Element:
    child = SubElement(parent, tag)
    child.text = text or "\u2013"  # an element with nothing in it would close itself
    return child


def _printable(text: str | None) -> str | None:
    """Without what XML cannot hold: control characters, surrogates, and what is no character."""
    if text is None:
        return None
    return "".join(c if c == "\n" or category(c) not in _NOT_XML else "\ufffd" for c in text)
