"""Plots as SVG elements: lines with bands, points, and bars, on linear or logarithmic axes.

Nothing here knows benchmarks. Colours are CSS classes `s0` to `s7`, so that a page may choose them;
lines are dashed differently too, for whoever cannot tell the colours apart.
"""

import math
from collections.abc import Sequence
from typing import TypeAlias
from xml.etree.ElementTree import Element, SubElement

import attrs

WIDTH, HEIGHT = 820, 400
LEFT, RIGHT, TOP, BOTTOM = 78, 190, 34, 56
NAMES = 220  # left of bars
STYLES = 8
# Not as many as there are colours: a second round of colours has other dashes than the first.
_DASHES = ("", "7 3", "2 3", "9 3 2 3", "4 2", "12 4", "1 2")

Point: TypeAlias = tuple[float, float]
Tick: TypeAlias = tuple[float, str]


@attrs.frozen
class Axis:
    """What is said along a side, and how values fall on it."""

    label: str
    low: float
    high: float
    ticks: tuple[Tick, ...]
    log: bool = False

    def part(self, value: float) -> float:
        """Where a value lies from 0 (low) to 1 (high), cut off at the ends."""
        low, high, at = self.low, self.high, min(self.high, max(self.low, value))
        if self.log:
            low, high, at = math.log(low), math.log(high), math.log(at)
        return (at - low) / (high - low)


@attrs.frozen
class Series:
    """A line (or single points, if not `joined`), maybe with bounds, in one of the styles."""

    name: str
    points: tuple[Point, ...]
    style: int
    band: tuple[tuple[float, float, float], ...] = ()
    """x, lower and upper bound."""
    joined: bool = True
    hollow: bool = False
    """Points as rings: of less interest, as what is dominated by another."""
    tag: str = ""
    """What is written beside its points; a number, say, that the name begins with."""


@attrs.frozen
class Bar:
    """A value with its bounds, and the mark it might have reached."""

    name: str
    value: float
    low: float
    high: float
    style: int
    mark: float | None = None


def linear(label: str, low: float, high: float, suffix: str = "") -> Axis:
    """An axis whose ends and ticks are round numbers around these."""
    step = _round_step((high - low) / 5.0 or 1.0)
    first, last = math.floor(low / step), max(math.floor(low / step) + 1, math.ceil(high / step))
    values = [step * i for i in range(first, last + 1)]
    ticks = tuple((value, f"{value:.6g}{suffix}") for value in values)
    return Axis(label, values[0], values[-1], ticks)


def logarithmic(label: str, low: float, high: float, suffix: str = "") -> Axis:
    """An axis with ticks at 1, 2 and 5 of every power of ten, as long as these are not too many."""
    low, high = _positive(low, high)
    powers = range(math.floor(math.log10(low)) - 1, math.ceil(math.log10(high)) + 1)
    digits = (1, 2, 5) if len(powers) <= 5 else (1,)
    values = [digit * 10.0**power for power in powers for digit in digits]
    ticks = tuple((v, f"{v:.6g}{suffix}") for v in values if low <= v <= high)
    return Axis(label, low, high, ticks, log=True)


def chart(title: str, x: Axis, y: Axis, series: Sequence[Series]) -> Element:
    """Lines, bands and points over two axes."""
    svg = _canvas(title, HEIGHT)
    _frame(svg, x, y)
    for one in series:
        _band(svg, x, y, one)
    for one in series:
        _drawn(svg, x, y, one)
    _legend(svg, series)
    return svg


def bars(title: str, x: Axis, items: Sequence[Bar], mark: str) -> Element:
    """Horizontal bars with whiskers; `mark` says what the upright lines across them are."""
    height = TOP + BOTTOM + 30 * len(items)
    svg = _canvas(title, height)
    _ticks_below(svg, x, NAMES, height)
    for i, item in enumerate(items):
        _bar(svg, x, item, TOP + 30 * i)
    if any(item.mark is not None for item in items):
        _text(svg, WIDTH - RIGHT, TOP - 10, f"| {mark}", "end")
    return svg


def _canvas(title: str, height: int) -> Element:
    box = {"viewBox": f"0 0 {WIDTH} {height}", "role": "img", "aria-label": title}
    svg = Element("svg", {"xmlns": "http://www.w3.org/2000/svg", **box})
    SubElement(svg, "title").text = title
    _text(svg, 6, 18, title, "start").set("class", "title")
    return svg


def _frame(svg: Element, x: Axis, y: Axis) -> None:
    _ticks_below(svg, x, LEFT, HEIGHT)
    for value, said in y.ticks:
        at = _y(y, value)
        _line(svg, (LEFT, at), (WIDTH - RIGHT, at), "grid")
        _text(svg, LEFT - 6, at + 4, said, "end")
    middle = (TOP + HEIGHT - BOTTOM) / 2
    turned = _text(svg, 14, middle, y.label, "middle")
    turned.set("transform", f"rotate(-90 14 {middle:.1f})")


def _ticks_below(svg: Element, x: Axis, left: int, height: int) -> None:
    bottom = height - BOTTOM
    for value, said in x.ticks:
        at = _x(x, value, left)
        _line(svg, (at, TOP), (at, bottom), "grid")
        _text(svg, at, bottom + 16, said, "middle")
    _line(svg, (left, bottom), (WIDTH - RIGHT, bottom), "axis")
    _text(svg, (left + WIDTH - RIGHT) / 2, bottom + 36, x.label, "middle")


def _band(svg: Element, x: Axis, y: Axis, one: Series) -> None:
    if not one.band:
        return
    upper = [(at, high) for at, _, high in one.band]
    lower = [(at, low) for at, low, _ in reversed(one.band)]
    shape = " ".join(_point(x, y, point) for point in upper + lower)
    SubElement(svg, "polygon", {"class": f"band s{one.style % STYLES}", "points": shape})


def _drawn(svg: Element, x: Axis, y: Axis, one: Series) -> None:
    group = SubElement(svg, "g", {"class": f"s{one.style % STYLES}"})
    SubElement(group, "title").text = one.name
    if one.joined:
        path = {"class": "line", "points": " ".join(_point(x, y, p) for p in one.points)}
        SubElement(group, "polyline", path | _dashes(one.style))
        return
    kind = "ring" if one.hollow else "dot"
    for at, value in one.points:
        cx, cy = _x(x, at, LEFT), _y(y, value)
        _dot(group, cx, cy, kind)
        _text(svg, cx + 7, cy - 6, one.tag, "start")


def _dot(parent: Element, cx: float, cy: float, kind: str) -> None:
    SubElement(parent, "circle", {"class": kind, "cx": f"{cx:.1f}", "cy": f"{cy:.1f}", "r": "4.5"})


def _bar(svg: Element, x: Axis, item: Bar, top: float) -> None:
    left = NAMES
    start, end = _x(x, x.low, left), _x(x, item.value, left)
    _text(svg, left - 8, top + 17, item.name, "end")
    group = SubElement(svg, "g", {"class": f"s{item.style % STYLES}"})
    SubElement(group, "title").text = f"{item.name}: {item.value:.4g}"
    box = {"x": f"{start:.1f}", "y": f"{top + 4:.1f}", "height": "18"}
    SubElement(group, "rect", {**box, "width": f"{max(0.0, end - start):.1f}"})
    middle = top + 13
    _line(svg, (_x(x, item.low, left), middle), (_x(x, item.high, left), middle), "whisker")
    if item.mark is not None:
        at = _x(x, item.mark, left)
        _line(svg, (at, top), (at, top + 26), "mark")


def _legend(svg: Element, series: Sequence[Series]) -> None:
    """Names on the right of the plot."""
    start = WIDTH - RIGHT + 10
    for i, one in enumerate(series):
        at = TOP + 12 + 16 * i
        group = SubElement(svg, "g", {"class": f"s{one.style % STYLES}"})
        if one.joined:
            _line(group, (start, at), (start + 28, at), "line", one.style)
        else:
            _dot(group, start + 14, at, "ring" if one.hollow else "dot")
        _text(svg, start + 34, at + 4, one.name, "start")


def _line(svg: Element, start: Point, end: Point, kind: str, style: int = 0) -> None:
    (x1, y1), (x2, y2) = start, end
    place = {"x1": f"{x1:.1f}", "y1": f"{y1:.1f}", "x2": f"{x2:.1f}", "y2": f"{y2:.1f}"}
    SubElement(svg, "line", {"class": kind, **place, **_dashes(style)})


def _text(svg: Element, x: float, y: float, said: str, anchor: str) -> Element:
    text = SubElement(svg, "text", {"x": f"{x:.1f}", "y": f"{y:.1f}", "text-anchor": anchor})
    text.text = said
    return text


def _dashes(style: int) -> dict[str, str]:
    dashes = _DASHES[style % len(_DASHES)]
    return {"stroke-dasharray": dashes} if dashes else {}


def _x(axis: Axis, value: float, left: int) -> float:
    return left + axis.part(value) * (WIDTH - RIGHT - left)


def _y(axis: Axis, value: float) -> float:
    return HEIGHT - BOTTOM - axis.part(value) * (HEIGHT - BOTTOM - TOP)


def _point(x: Axis, y: Axis, point: Point) -> str:
    return f"{_x(x, point[0], LEFT):.1f},{_y(y, point[1]):.1f}"


def _round_step(least: float) -> float:
    """The smallest of 1, 2, 5, 10, ... times a power of ten that is not less than this."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(power * digit for digit in (1, 2, 5, 10) if power * digit >= least * (1 - 1e-9))


def _positive(low: float, high: float) -> Point:
    """Ends of a logarithmic axis: above 0 and apart."""
    low = max(low, 1e-9)
    return low, max(high, low * 1.5)
