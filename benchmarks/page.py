"""A result as one HTML file that needs no network, no script and no font: readable in ten years.

It is built as a tree of elements, so every text in it is escaped, and is valid XML as well.
"""

from collections.abc import Sequence
from unicodedata import category
from xml.etree.ElementTree import Element, SubElement, tostring

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


def page(title: str) -> tuple[Element, Element]:
    """An empty page and its body, to be filled."""
    whole = Element("html", {"lang": "en"})
    head = SubElement(whole, "head")
    SubElement(head, "meta", {"charset": "utf-8"})
    SubElement(head, "meta", {"name": "viewport", "content": "width=device-width"})
    add(head, "title", title)
    add(head, "style", _STYLE)
    return whole, SubElement(whole, "body")


def written(whole: Element) -> str:
    """The page as the text of a file."""
    for element in whole.iter():
        element.text, element.tail = _printable(element.text), _printable(element.tail)
        element.attrib.update({n: _printable(v) or "" for n, v in element.attrib.items()})
    return "<!DOCTYPE html>\n" + tostring(whole, encoding="unicode") + "\n"


def table(parent: Element, headings: Sequence[str]) -> Element:
    """A table with its first line, which scrolls by itself where it is too wide for a page."""
    wide = SubElement(parent, "div", {"class": "wide"})
    body = SubElement(SubElement(wide, "table"), "tbody")
    line = SubElement(body, "tr")
    for heading in headings:
        add(line, "th", heading)
    return body


def add(parent: Element, tag: str, text: str) -> Element:
    """A new element with a text, at the end of another."""
    child = SubElement(parent, tag)
    child.text = text or "\u2013"  # an element with nothing in it would close itself
    return child


def _printable(text: str | None) -> str | None:
    """Without what XML cannot hold: control characters, surrogates, and what is no character."""
    if text is None:
        return None
    return "".join(c if c == "\n" or category(c) not in _NOT_XML else "\ufffd" for c in text)
