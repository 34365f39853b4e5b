"""One plot on its canvas."""

from pathlib import Path

from benchmarks.figures.canvas import Source, canvas

SOURCE = Source(1_000, "5 min", 1, "hedgerow plot state --out plots --seed 1")


def test_a_plot_says_what_it_was_made_from(tmp_path: Path) -> None:
    """Requests, window, seed and command stand in the picture, as text in the SVG; no date, so that the same
    log gives the same file."""
    plot, axes = canvas("p", "A plot", ("time (s)", "share"), SOURCE)
    axes.plot([1, 2], [3, 4])

    png, svg = plot.save(tmp_path)

    assert png.read_bytes().startswith(b"\x89PNG")
    text = svg.read_text()
    assert "n = 1,000 requests over 5 min; seed 1; hedgerow plot state" in text
    assert "time (s)" in text
    assert "<dc:date>" not in text
