"""What a benchmark run of the tail produces: samples in cells, cells in a run. All times are seconds.

Names that verdicts know. Others may be used: they are shown and compared, but nothing is demanded.

scenarios   iid, slow-key, correlated-domain, brown-out, 429-storm, key-death, error-frame, stall,
            heavy-prompts, disconnect, cold-start, hedge-hostile, low-rate
contenders  unhedged; ours begin with "hedgerow" (hedgerow-quantile-5, hedgerow-single_r-2, ...);
            fixed-at-same-budget is one deterministic delay under the budget of hedgerow-single_r-2;
            random and random+hedge are ours without balancing; everything else is a rival
notes       budget          the share of extra load the contender was allowed (0.05), if any
            burst           hedges it may send beyond that share
            min_win_prob    how likely a win must be for a hedge; 0 asks for none
            sigma_r         spread of the request factor in the latency model (0 if not said)
            optimum         p99 in seconds that was possible, where only the harness can know
            leaked          upstream calls still open after their request had ended
            early_hedges    hedges sent before as many first tokens as `min_samples` were seen
            time_to_recover seconds from the fault's end until the p99 was as before
"""

import math
from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias

import attrs

UNHEDGED = "unhedged"
OURS = "hedgerow"
FIXED_AT_SAME_BUDGET = "fixed-at-same-budget"
PARTS = frozenset({UNHEDGED, FIXED_AT_SAME_BUDGET, "random", "random+hedge"})
"""Ours without one of its parts: shown, to tell what each of them is worth, and not compared."""

Outcome: TypeAlias = Literal["ok", "error", "gone"]
Hedged: TypeAlias = Literal["no", "won", "lost"]


@attrs.frozen
class Sample:
    """One request. Times run from the *scheduled* arrival, so a late start is the contender's fault.

    `ttft` and `total` are None where no first event, or no end, was reached. `attempts` are calls to
    the upstream for it, hedges and failovers included; `hedges` are those of them that were hedges.
    """

    due: float
    """The scheduled arrival, from the start of the cell."""
    ttft: float | None
    total: float | None
    attempts: int = 1
    hedges: int = 0
    outcome: Outcome = "ok"
    """`gone` is a client that hung up; its times belong to no quantile."""
    hedged: Hedged = "no"
    """Whether a hedge was sent, and whether it was the one that answered."""
    saw_429: bool = False
    """Whether any of its attempts was turned away with 429."""


@attrs.frozen
class Cell:
    """One contender in one scenario, with one profile of latency and one seed."""

    scenario: str
    profile: str
    contender: str
    seed: int
    median: float
    """Seconds: M of the latency model, the unit of what is said in "x median"."""
    samples: tuple[Sample, ...]
    """After the warm-up, in the order of their arrivals."""
    upstream_calls: int
    """For these samples, counted by the upstream, so that no contender can forget one."""
    notes: Mapping[str, float] = attrs.field(factory=dict)
    """What else was measured, by name (see above)."""

    @property
    def ours(self) -> bool:
        """Whether this is a contender of ours, and not a rival."""
        return self.contender.startswith(OURS)

    @property
    def ttfts(self) -> list[float]:
        """Seconds to the first token in order of arrival, of all whose client stayed.

        One that never had a first token took for ever: a contender does not get faster by failing.
        """
        stayed = (sample for sample in self.samples if sample.outcome != "gone")
        return [math.inf if sample.ttft is None else sample.ttft for sample in stayed]

    @property
    def errors(self) -> int:
        """Requests that ended in an error."""
        return sum(sample.outcome == "error" for sample in self.samples)

    @property
    def hedges(self) -> int:
        """Attempts that were hedges."""
        return sum(sample.hedges for sample in self.samples)

    @property
    def extra_load(self) -> float:
        """Calls beyond one for each request, as a share of the requests."""
        return self.upstream_calls / len(self.samples) - 1 if self.samples else 0.0

    @property
    def win_rate(self) -> float:
        """The share of hedged requests that a hedge answered; not a number if none was hedged."""
        hedged = [sample.hedged for sample in self.samples if sample.hedged != "no"]
        return hedged.count("won") / len(hedged) if hedged else math.nan


@attrs.frozen
class Run:
    """Everything one command measured, and how it can be measured again."""

    cells: tuple[Cell, ...]
    command: str
    version: str
    date: str
    seconds: float
    """How long the run took, in real time."""


def pooled(cells: Sequence[Cell]) -> Cell:
    """Cells that differ only in their seeds as one: samples one after the other, the largest notes.

    It carries the first cell's seed.
    """
    names = {name for cell in cells for name in cell.notes}
    return attrs.evolve(
        cells[0],
        samples=tuple(sample for cell in cells for sample in cell.samples),
        upstream_calls=sum(cell.upstream_calls for cell in cells),
        notes={n: max(c.notes[n] for c in cells if n in c.notes) for n in sorted(names)},
    )
