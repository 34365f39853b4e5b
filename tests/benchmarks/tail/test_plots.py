"""Plots are checked by where known values fall, and by being XML."""

from xml.etree.ElementTree import Element, fromstring, tostring

import pytest

from benchmarks.tail.plots import (
    BOTTOM,
    HEIGHT,
    LEFT,
    NAMES,
    RIGHT,
    TOP,
    WIDTH,
    Bar,
    Series,
    bars,
    chart,
    linear,
    logarithmic,
)

SVG = "{http://www.w3.org/2000/svg}"


def drawn(svg: Element) -> Element:
    """As a browser would read it."""
    return fromstring(tostring(svg))


def texts(svg: Element) -> list[str]:
    """All that is written in it."""
    return [text.text or "" for text in svg.iter(f"{SVG}text")]


def points(svg: Element, tag: str) -> list[tuple[float, float]]:
    """Of the first line or polygon."""
    found = svg.find(f".//{SVG}{tag}")
    assert found is not None
    pairs = (pair.split(",") for pair in found.get("points", "").split())
    return [(float(x), float(y)) for x, y in pairs]


def test_a_logarithmic_axis_gives_each_power_the_same_room() -> None:
    """And cuts off what lies beyond its ends."""
    axis = logarithmic("s", 0.1, 10.0)

    assert [axis.part(value) for value in (0.1, 1.0, 10.0)] == pytest.approx([0.0, 0.5, 1.0])
    assert (axis.part(0.0), axis.part(99.0)) == (0.0, 1.0)
    assert [said for _, said in axis.ticks] == ["0.1", "0.2", "0.5", "1", "2", "5", "10"]


def test_an_axis_over_many_powers_has_few_ticks() -> None:
    """Else they would overlap."""
    assert [said for _, said in logarithmic("", 1e-4, 10).ticks] == [
        "0.0001",
        "0.001",
        "0.01",
        "0.1",
        "1",
        "10",
    ]


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (0.0, 1.0, ["0", "0.2", "0.4", "0.6", "0.8", "1"]),
        (0.0, 7.3, ["0", "2", "4", "6", "8"]),
        (0.0, 0.0, ["0", "1"]),
    ],
)
def test_a_linear_axis_has_round_ticks_from_end_to_end(
    low: float, high: float, said: list[str]
) -> None:
    """Also where there is nothing to show."""
    assert [tick for _, tick in linear("", low, high).ticks] == said


def test_a_logarithmic_axis_bears_having_nothing_to_show() -> None:
    """Zero has no logarithm, and one value no extent."""
    assert logarithmic("", 0.0, 0.0).high > logarithmic("", 0.0, 0.0).low > 0


def test_a_line_goes_through_its_points() -> None:
    """From corner to corner, through the middle of a logarithmic axis."""
    line = Series("a", ((0.1, 0.0), (1.0, 0.5), (10.0, 1.0)), 1)
    svg = drawn(chart("t", logarithmic("x", 0.1, 10), linear("y", 0, 1), [line]))
    right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM

    assert points(svg, "polyline") == [
        (LEFT, bottom),
        ((LEFT + right) / 2, (TOP + bottom) / 2),
        (right, TOP),
    ]


def test_a_band_surrounds_its_line() -> None:
    """Along the upper bound and back along the lower."""
    line = Series("a", ((0.0, 0.5), (1.0, 0.5)), 1, ((0.0, 0.0, 1.0), (1.0, 0.0, 1.0)))
    svg = drawn(chart("t", linear("x", 0, 1), linear("y", 0, 1), [line]))
    bottom = HEIGHT - BOTTOM

    assert [y for _, y in points(svg, "polygon")] == [TOP, TOP, bottom, bottom]


def test_points_are_dots_or_rings_with_their_tag() -> None:
    """In the plot, and the same in the legend."""
    series = [
        Series("1 good", ((1.0, 1.0),), 1, joined=False, tag="1"),
        Series("2 worse", ((0.0, 0.0),), 2, joined=False, hollow=True, tag="2"),
    ]
    svg = drawn(chart("t", linear("x", 0, 1), linear("y", 0, 1), series))
    circles = [(c.get("class"), float(c.get("cx", "0"))) for c in svg.iter(f"{SVG}circle")]

    assert circles[:2] == [("dot", WIDTH - RIGHT), ("ring", LEFT)]
    assert [kind for kind, _ in circles[2:]] == ["dot", "ring"]
    assert {"1", "2", "1 good", "2 worse", "x", "y", "t"} <= set(texts(svg))


def test_text_is_escaped() -> None:
    """A contender may be called anything."""
    name = '<script>alert("&")</script>'
    svg = drawn(chart(name, linear(name, 0, 1), linear("", 0, 1), [Series(name, ((0, 0),), 0)]))

    assert texts(svg).count(name) == 3
    assert not list(svg.iter(f"{SVG}script"))


def test_bars_are_as_long_as_their_values_and_marked() -> None:
    """Half the axis for half the value, and the mark where it might have been."""
    items = [Bar("a", 5.0, 4.0, 6.0, 1, mark=2.5), Bar("b", 10.0, 10.0, 10.0, 2)]
    svg = drawn(bars("t", linear("s", 0, 10), items, "possible"))
    room = WIDTH - RIGHT - NAMES
    widths = [float(rect.get("width", "0")) for rect in svg.iter(f"{SVG}rect")]
    marks = [line.get("x1") for line in svg.iter(f"{SVG}line") if line.get("class") == "mark"]

    assert widths == [room / 2, room]
    assert marks == [f"{NAMES + room / 4:.1f}"]
    assert "| possible" in texts(svg)
