"""One file, valid, offline, with all that is needed to judge and to repeat the run."""

import re
from typing import Any
from xml.etree.ElementTree import Element, fromstring

from benchmarks.load.plan import plan
from benchmarks.load.report import Circumstances, html
from benchmarks.load.slo import judge
from benchmarks.load.summary import Run, summarize
from tests.benchmarks.load.made import failed, options, run_of, some

AROUND = Circumstances("2026-01-01T00:00:00+00:00", {"Hedgerow": "1.2", "Python": "3.11"})
SVG = "{http://www.w3.org/2000/svg}"


def page(run: Run, url: str = "http://127.0.0.1:1/v1", **changed: Any) -> tuple[str, Element]:
    """The file and its tree."""
    made = plan(options(url, **changed), {}, None)
    summary = summarize(run, made.limits)
    text = html(made, run, summary, judge(made.slos, run, summary), AROUND)
    doctype, _, tree = text.partition("\n")
    assert doctype == "<!DOCTYPE html>"
    return text, fromstring(tree)


def test_the_report_says_what_made_it_and_from_how_much() -> None:
    """Command, versions, date, parameters with units; n, seed and command under each plot."""
    _, tree = page(some(), rate=20.0, seed=9)
    text = "\n".join(tree.itertext())
    captions = ["".join(caption.itertext()) for caption in tree.iter("figcaption")]

    for said in ("1.2", "3.11", AROUND.began, "poisson, 20 requests/s", "120s"):
        assert said in text
    assert len(captions) == len(list(tree.iter(f"{SVG}svg"))) == 5
    for caption in captions:
        assert caption.startswith("n = 300 requests, seed 9; hedgerow bench load http")


def test_the_report_needs_nothing_from_elsewhere() -> None:
    """No script, and no address but the name of SVG and the target's, as text."""
    text, tree = page(some(), slo=("ttft p95 < 1ms",))
    addresses = set(re.findall(r"https?://[^\"' <]+", text))

    assert addresses == {"http://www.w3.org/2000/svg", "http://127.0.0.1:1/v1"}
    assert not re.search(r"<(script|link|img|iframe)|url\(|@import", text)
    assert not [e for e in tree.iter() if "src" in e.attrib or "href" in e.attrib]


def test_what_servers_say_is_text_and_nothing_else() -> None:
    """Neither tags nor control characters get through."""
    run = run_of([failed(0, message='<img src="x">&\x00')])
    text, tree = page(run)

    assert "<img" not in text
    assert 'status 500: <img src="x">&\ufffd' in [cell.text for cell in tree.iter("td")]


def test_objectives_are_listed_with_ticks_and_crosses() -> None:
    """Met or not."""
    _, tree = page(some(), slo=("errors < 1%", "ttft min < 1ms"))
    listed = [(item.get("class"), (item.text or "")[0]) for item in tree.iter("li")]

    assert listed == [("pass", "✓"), ("fail", "✗")]
    assert "1 of 2 objectives met" in "".join(tree.itertext())


def test_a_run_without_answers_has_a_report_too() -> None:
    """Without pictures."""
    _, tree = page(run_of([failed(0)]))

    assert not list(tree.iter("figure"))
