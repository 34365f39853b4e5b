"""All plots on one page that needs no network: the very SVGs, within the page."""

from collections.abc import Sequence
from pathlib import Path
from xml.etree.ElementTree import SubElement

from benchmarks.figures.canvas import Plot, Source
from benchmarks.page import add, page, written


def gallery(plots: Sequence[Plot], folder: Path, source: Source) -> Path:
    """Saves the plots in the folder, and a page with all of them. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    whole, body = page("Hedging, as recorded")
    add(body, "h1", "Hedging, as recorded")
    add(body, "p", str(source))
    marks = []
    for plot in plots:
        _, svg = plot.save(folder)
        add(body, "h2", plot.title)
        figure = SubElement(body, "figure")
        figure.text = f"@{plot.name}@"
        marks.append((f"@{plot.name}@", _element(svg.read_text())))
    text = written(whole)
    for mark, drawn in marks:
        text = text.replace(mark, drawn)
    path = folder / "index.html"
    path.write_text(text)
    return path


def _element(svg: str) -> str:
    """The drawing without what only a file of its own begins with."""
    return svg[svg.index("<svg") :]
