"""An experiment as it went: the evidence after every request, and the boundary that it had to reach."""

import math
from collections.abc import Sequence

from benchmarks.figures.canvas import COLOURS, Plot, Source, canvas
from gateway.watch import Watched, facts_of
from policies.verdict import MAIN
from state.records import RequestEnded


def boundary(watched: Watched, records: Sequence[RequestEnded], source: Source) -> Plot:
    """The evidence against both sides' being alike, request by request. `watched` has heard nothing yet."""
    name, needed = watched.started.experiment, 1.0 / (MAIN * watched.started.alpha)
    title = f"{name}: late is over {watched.started.threshold_ms:.0f} ms"
    plot, axes = canvas(f"experiment-{name}", title, ("requests", "evidence (a factor)"), source)
    path = []
    for record in records:
        facts = facts_of(record)
        if facts is not None:
            watched.judge.hear(facts)
            path.append(min(watched.judge.evidence, needed * 1e3))
    axes.plot(range(1, len(path) + 1), path, color=COLOURS[0], label="evidence")
    axes.axhline(needed, color=COLOURS[1], linestyle="--", label=f"decided at {needed:g}")
    axes.set_yscale("log")
    axes.set_ylim(bottom=min(0.1, *path, math.inf) if path else 0.1)
    axes.legend()
    return plot
