"""Command lines and back."""

from pathlib import Path

from benchmarks.load.options import FileOptions, TrafficOptions, words
from tests.benchmarks.load.made import options


def test_what_is_as_usual_is_not_said() -> None:
    """A command line repeats what was said and no more."""
    assert list(words(TrafficOptions())) == []
    assert list(words(FileOptions(json=True, html=Path("a b.html")))) == [
        "--html",
        "a b.html",
        "--json",
    ]


def test_options_are_said_as_they_are_typed() -> None:
    """Repeated ones each by itself; whole numbers without a point."""
    given = options(rate=50.0, requests=10, slo=("ttft p95 < 1s", "errors < 1%"), warm_up="5s")

    assert list(words(given.traffic)) == [
        *("--rate", "50", "--requests", "10", "--warm-up", "5s"),
    ]
    assert list(words(given.judged)) == ["--slo", "ttft p95 < 1s", "--slo", "errors < 1%"]


def test_secret_headers_are_not_said() -> None:
    """What else is said of them is."""
    given = options(header=("x-api-key: abc", "x-a: b"))

    assert list(words(given.asking))[-4:] == ["--header", "x-api-key: ***", "--header", "x-a: b"]
