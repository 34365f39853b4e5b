"""One file, valid, offline, with all that is needed to judge and to repeat the run."""

import random
import re
from xml.etree.ElementTree import Element, fromstring

from benchmarks.tail.report import html
from benchmarks.tail.results import Cell, Run, Sample
from benchmarks.tail.rows import grouped
from benchmarks.tail.verdicts import Verdict, judge

SVG = "{http://www.w3.org/2000/svg}"


def run(*contenders: str) -> Run:
    """Some exponential times for each of these."""
    rng = random.Random(1)
    cells = []
    for number, contender in enumerate(contenders):
        samples = tuple(Sample(float(i), rng.expovariate(1), None) for i in range(500))
        calls = 500 + 10 * number
        cells.append(Cell("stall", "spiky", contender, 3, 1.0, samples, calls))
    return Run(tuple(cells), 'hedgerow bench tail --only "<stall>"', "1.2", "2026-01-01", 4.0)


def page(what: Run, *verdicts: Verdict) -> tuple[str, Element]:
    """The file and its tree."""
    groups = grouped(what)
    text = html(what, groups, verdicts or judge(groups))
    doctype, _, tree = text.partition("\n")
    assert doctype == "<!DOCTYPE html>"
    return text, fromstring(tree)


def test_the_report_says_what_made_it_and_from_how_much() -> None:
    """Command, version, date, and under each plot n, window, seed and command again."""
    _, tree = page(run("unhedged", "hedgerow"))
    text = "".join(tree.itertext())
    captions = ["".join(caption.itertext()) for caption in tree.iter("figcaption")]

    assert "with Hedgerow 1.2 on 2026-01-01: 1000 requests in 2 cells" in text
    assert len(captions) == len(list(tree.iter(f"{SVG}svg"))) == 5
    for caption in captions:
        assert "n = 500 requests a contender over 499 s of virtual time; seed 3" in caption
        assert caption.endswith('hedgerow bench tail --only "<stall>"')


def test_the_report_needs_nothing_from_elsewhere() -> None:
    """No script, and no address but the name of SVG."""
    text, tree = page(run("unhedged", "hedgerow"))

    assert set(re.findall(r"https?://[^\"' ]+", text)) == {"http://www.w3.org/2000/svg"}
    assert not re.search(r"<(script|link|img|iframe)|url\(|@import", text)
    assert not [e for e in tree.iter() if "src" in e.attrib or "href" in e.attrib]


def test_names_are_text_and_nothing_else() -> None:
    """Neither tags nor control characters get through."""
    text, tree = page(run("unhedged", '<img src="x">&\x00'))

    assert "<img" not in text
    assert any(cell.text == '<img src="x">&\ufffd' for cell in tree.iter("td"))


def test_what_browsers_take_for_open_is_closed() -> None:
    """Only elements that are always empty, and those of SVG, may close themselves."""
    text, tree = page(run("unhedged", ""))
    outside = re.sub(r"<svg.*?</svg>", "", text, flags=re.DOTALL)

    assert set(re.findall(r"<(\w+)[^>]*/>", outside)) == {"meta"}
    assert any(cell.text == "\u2013" for cell in tree.iter("td"))


def test_the_style_reads_the_same_in_html_and_xml() -> None:
    """In HTML nothing in a style is unescaped, so nothing in it may need that."""
    _, tree = page(run("unhedged"))
    (style,) = tree.iter("style")

    assert not set(style.text or "") & set("<>&")
    assert "prefers-color-scheme: dark" in (style.text or "")


def test_verdicts_are_counted_and_listed() -> None:
    """With those that are missed set apart."""
    _, tree = page(run("unhedged"), Verdict("good", True, "1"), Verdict("bad", False, "2"))
    text = "".join(tree.itertext())

    assert "Verdicts: 1 of 2 demands met" in text
    assert [cell.text for cell in tree.iter("td") if cell.get("class") == "fail"] == ["NO"]
