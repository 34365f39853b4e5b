"""All plots on one page."""

import re
from pathlib import Path

from benchmarks.figures.canvas import canvas
from benchmarks.figures.gallery import gallery
from tests.benchmarks.figures.test_canvas import SOURCE


def test_the_page_needs_no_network_and_no_other_file(tmp_path: Path) -> None:
    """Its drawings are within it; nothing in it is fetched from anywhere."""
    plots = [canvas(name, name.upper(), ("x", "y"), SOURCE)[0] for name in ("one", "two")]

    text = gallery(plots, tmp_path / "plots", SOURCE).read_text()

    assert text.count("<svg") == 2
    assert "<h2>ONE</h2>" in text
    assert "@one@" not in text
    assert not re.search(
        r"(?:src|href)=\"https?:", text.replace('xlink:href="http://www.w3.org', "")
    )
