"""What an experiment has come to, for people and as plain values."""

import random
from collections.abc import Iterator

import attrs

from gateway.watch import Watched, quantile_ms
from policies.sequential import ratio_bounds
from policies.verdict import MAIN, Tally
from state.experiments import Experiments

BLOCKS, RESAMPLES = 40, 400


@attrs.frozen
class SideReport:
    """One side's figures, in milliseconds; None where there are none."""

    side: str
    requests: int
    late: int
    failed: int
    extra: float
    p50: float | None
    p95: float | None
    p99: float | None


@attrs.frozen
class Report:
    """An experiment now. `ratio` bounds the candidate's rate of late requests over the incumbent's; it holds
    however often it is looked at. `p99_gain` bounds by how many ms the candidate's p99 is the shorter one."""

    experiment: str
    policy: str
    state: str
    sides: tuple[SideReport, ...]
    threshold_ms: float
    evidence: float
    needed: float
    ratio: tuple[float, float]
    p99_gain: tuple[float, float] | None
    off: float | None

    def lines(self) -> Iterator[str]:
        """As a person reads it."""
        yield f"{self.experiment}: {self.policy}, {self.state}"
        yield f"  {'side':<11}{'requests':>9}{'late':>7}{'failed':>8}{'extra':>8}{'p50':>9}{'p95':>9}{'p99':>9}"
        for each in self.sides:
            times = "".join(f"{_ms(value):>9}" for value in (each.p50, each.p95, each.p99))
            extra = f"{100 * each.extra:.1f} %"
            yield (
                f"  {each.side:<11}{each.requests:>9,}{each.late:>7,}{each.failed:>8,}{extra:>8}{times}"
            )
        low, high = self.ratio
        yield (
            f"  late is over {self.threshold_ms:.0f} ms; {low:.2f} to {high:.2f} times as many requests of the "
            f"candidate's are; evidence {self.evidence:.3g} of {self.needed:.0f}"
        )
        if self.p99_gain is not None:
            yield f"  its p99 is {self.p99_gain[0]:.0f} to {self.p99_gain[1]:.0f} ms shorter (95 %, blocks)"
        if self.off is not None:
            yield f"  its p99 is {100 * self.off:+.1f} % off what was predicted"


def report(told: Experiments, name: str, watched: Watched) -> Report:
    """What a watched experiment has come to."""
    begun, ended, verdict = told.started(name), told.stopped(name), told.verdict(name)
    assert begun is not None, "it is known"
    judge, alpha = watched.judge, MAIN * begun.alpha
    state = "running" if ended is None else f"ended: {ended.why}"
    sides = tuple(_side(side, tally) for side, tally in judge.sides.items() if tally.requests)
    return Report(
        experiment=name,
        policy=begun.policy,
        state=state,
        sides=sides,
        threshold_ms=begun.threshold_ms,
        evidence=judge.evidence,
        needed=1.0 / alpha,
        ratio=ratio_bounds(*judge.events("late"), judge.fair, alpha),
        p99_gain=_gain(judge.sides["incumbent"].ttfts, judge.sides["candidate"].ttfts),
        off=None if verdict is None else verdict.off,
    )


def _side(name: str, tally: Tally) -> SideReport:
    times = tally.ttfts
    return SideReport(
        name,
        tally.requests,
        tally.count("late"),
        tally.count("failed"),
        tally.hedges / max(1, tally.requests),
        quantile_ms(times, 0.5),
        quantile_ms(times, 0.95),
        quantile_ms(times, 0.99),
    )


def _gain(incumbent: list[float], candidate: list[float]) -> tuple[float, float] | None:
    """The middle 99 % of resampled blocks, which claim 95 %: blocks of a p99 are few."""
    if min(len(incumbent), len(candidate)) < 1_000:
        return None
    rng = random.Random(1)
    gains = sorted(_p99(incumbent, rng) - _p99(candidate, rng) for _ in range(RESAMPLES))
    return gains[RESAMPLES // 200], gains[-1 - RESAMPLES // 200]


def _p99(values: list[float], rng: random.Random) -> float:
    """Of one resample of consecutive blocks, of which the largest fifth each is enough."""
    size = -(-len(values) // BLOCKS)
    blocks = [values[at : at + size] for at in range(0, len(values), size)]
    drawn = [value for block in rng.choices(blocks, k=len(blocks)) for value in block]
    drawn.sort()
    return drawn[max(0, -(-99 * len(drawn) // 100) - 1)]


def _ms(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f} ms"
