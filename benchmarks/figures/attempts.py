"""First calls and their backups: how much time hedges saved, and whether both are slow together."""

import numpy as np

from benchmarks.figures.canvas import COLOURS, Plot, Source, canvas
from benchmarks.tuner.curves import EDGES, Floats, counted, kaplan_meier
from benchmarks.tuner.samples import DUAL, Samples

MOST = 4_000
"""Pairs that are drawn."""

FEW, MOSTLY = 20, 0.9
"""As few pairs, and as large a share of all, must have been seen for a correlation."""


def saved(samples: Samples, source: Source) -> Plot:
    """How much earlier answered hedges came than the first call alone would have.

    A first call that was cut would have taken longer than it was watched: Kaplan and Meier once more. What
    nobody watched for so long is not drawn.
    """
    hedged = samples.hedged & samples.second_seen
    gained = samples.first[hedged] - (samples.delay[hedged] + samples.second[hedged])
    seen, rows = samples.seen[hedged], np.zeros(int(hedged.sum()), dtype=np.int64)
    curve = kaplan_meier(
        counted(gained[seen], rows[seen], 1)[0], counted(gained[~seen], rows[~seen], 1)[0]
    )
    title = f"Time saved by {len(gained):,} answered hedges"
    plot, axes = canvas("saved", title, ("seconds saved", "share of hedges"), source)
    last = float(gained[seen].max()) if seen.any() else 0.0
    known = max(last, EDGES[1]) >= EDGES
    axes.step(EDGES[known], 1.0 - curve[known], where="post", color=COLOURS[0])
    axes.set_xscale("log")
    axes.set_ylim(0.0, 1.0)
    return plot


def together(samples: Samples, source: Source) -> Plot:
    """Both calls of the requests that explored two at once: first against second, on logarithmic axes.

    Arrows point to where a call that was cut would have gone. Where many were, the pairs that are left are
    those that took about equally long, and their correlation tells nothing: then it is not told.
    """
    both = (samples.arm == DUAL) & samples.raced
    first, second = samples.first[both][:MOST], samples.second[both][:MOST]
    seen = (samples.seen & samples.second_seen)[both][:MOST]
    title = (
        f"{len(first):,} requests with two calls: {_told(first[seen], second[seen], len(first))}"
    )
    plot, axes = canvas("correlation", title, ("first call (s)", "second call (s)"), source)
    axes.scatter(first[seen], second[seen], s=9, alpha=0.5, color=COLOURS[0], label="both seen")
    axes.scatter(
        first[~seen],
        second[~seen],
        s=14,
        alpha=0.5,
        marker="^",
        color=COLOURS[1],
        label="one was cut",
    )
    if len(first):
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.legend()
    return plot


def _told(first: Floats, second: Floats, of: int) -> str:
    if len(first) < FEW:
        return "too few to tell"
    if len(first) < MOSTLY * of:
        return f"{of - len(first):,} were cut, so their correlation is not to be known"
    return f"rank correlation {rank_correlation(first, second):+.2f}"


def rank_correlation(first: Floats, second: Floats) -> float:
    """Spearman's: the correlation of the ranks."""
    ranks = np.stack([np.argsort(np.argsort(values)) for values in (first, second)]).astype(float)
    return float(np.corrcoef(ranks)[0, 1])
