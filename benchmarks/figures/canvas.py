"""One plot on its canvas: axes with units, and below it what it was made from."""

from pathlib import Path

import attrs
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

SIZE = (8.2, 5.0)
"""Inches."""

# Okabe and Ito's colours, which people with any kind of colour vision can tell apart.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")


@attrs.frozen
class Source:
    """What a plot was made from: requests, the window they came in, the seed of chance, the command."""

    requests: int
    window: str
    seed: int
    command: str

    def __str__(self) -> str:
        return (
            f"n = {self.requests:,} requests over {self.window}; seed {self.seed}; {self.command}"
        )


@attrs.frozen(eq=False)
class Plot:
    """A plot by its name and title, ready to be saved."""

    name: str
    title: str
    figure: Figure

    def save(self, folder: Path) -> list[Path]:
        """Writes it as PNG and as SVG. Raises OSError."""
        paths = [folder / f"{self.name}.{kind}" for kind in ("png", "svg")]
        with rc_context({"svg.fonttype": "none", "svg.hashsalt": "hedgerow"}):  # text stays text
            for path in paths:
                self.figure.savefig(path, dpi=144, metadata=_UNDATED.get(path.suffix))
        return paths


_UNDATED: dict[str, dict[str, str | None]] = {".svg": {"Date": None}}


def canvas(name: str, title: str, axes: tuple[str, str], source: Source) -> tuple[Plot, Axes]:
    """An empty plot whose axes say what they are and in which unit."""
    figure = Figure(figsize=SIZE, layout="constrained")
    drawn = figure.add_subplot()
    drawn.set_title(title)
    drawn.set_xlabel(axes[0])
    drawn.set_ylabel(axes[1])
    drawn.grid(visible=True, which="both", alpha=0.25)
    figure.supxlabel(str(source), fontsize=7)
    return Plot(name, title, figure), drawn
