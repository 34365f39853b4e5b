"""A log's samples as counts: by slices of consecutive requests, so that resampling them is adding up.

A slice is a hundred requests. Slices that were about equally fast belong to one regime: a backup is drawn
from the regime of its request, as in a brown-out both are slow. Blocks of consecutive slices are what a
bootstrap draws, because neighbours in time share what they are slow by.
"""

import attrs
import numpy as np

from benchmarks.tuner.curves import Floats, Ints, at, counted, kaplan_meier, quantile
from benchmarks.tuner.samples import DUAL, Samples

SLICE = 100
"""Requests in a slice."""

BLOCKS = 40
"""In how many blocks a log is cut, if it is long enough."""

REGIMES = 4
"""At most so many regimes."""

SHARED_VARIANCE = 0.05
"""The share of all variance, in logarithms, that must lie between slices before there are several regimes."""

TAIL = 0.85
"""Which quantile is far enough out in the tail to ask whether the other call is slow too."""

FAR_SHARE = 1.0 - TAIL
"""How many calls lie there."""

RANKS = 100
"""In how many classes of rank the other call's times are counted."""


@attrs.frozen(eq=False)
class Evidence:
    """Counts of `slices` slices.

    `slice_of` is each request's slice, `regime` and `block` are each slice's. `ended` and `censored` count
    first calls by the 512 buckets of time. `rival_ended` and `rival_censored` count the other call of
    requests whose first is known to lie beyond its regime's tail, by 100 classes of rank: the share of all
    calls of the regime that are as fast or faster. `tails` is where the tail begins, in seconds, by regime.
    `shared` is the share of variance that lies between slices.
    """

    regime: Ints
    slice_of: Ints
    block: Ints
    sizes: Floats
    ended: Floats
    censored: Floats
    rival_ended: Floats
    rival_censored: Floats
    tails: Floats
    shared: float

    @property
    def regimes(self) -> int:
        """How many there are."""
        return len(self.tails)

    @property
    def blocks(self) -> int:
        """How many there are."""
        return int(self.block[-1]) + 1

    def summed(self, counts: Floats, weights: Floats) -> Floats:
        """Counts by resample and regime: (R, regimes, ...) of (slices, ...), each slice so often as `weights`
        of (R, slices) say."""
        parts = [
            weights[:, self.regime == regime] @ counts[self.regime == regime]
            for regime in range(self.regimes)
        ]
        return np.stack(parts, axis=1)

    def drawn(self, resamples: int, rng: np.random.Generator) -> Floats:
        """How often each slice is in each resample of blocks: (resamples, slices)."""
        times = rng.multinomial(self.blocks, np.full(self.blocks, 1.0 / self.blocks), resamples)
        return times[:, self.block].astype(float)

    def once(self) -> Floats:
        """The log itself as its own only resample."""
        return np.ones((1, len(self.regime)))


def gather(samples: Samples) -> Evidence:
    """The evidence that lies in samples; at least one request."""
    count = len(samples)
    slice_of = np.minimum(np.arange(count) // SLICE, max(0, count // SLICE - 1))
    slices = int(slice_of[-1]) + 1
    seen = samples.seen
    ended = counted(samples.first[seen], slice_of[seen], slices)
    censored = counted(samples.first[~seen], slice_of[~seen], slices)
    regime, shared = _regimes(samples, slice_of, slices)
    others = _others(samples, slice_of, slices)
    curves = _curves(ended, censored, regime)
    tails = quantile(curves, TAIL)
    known = samples.raced & (samples.first > tails[regime[slice_of]])
    ranks, rival_seen = (
        _ranks(samples.second[known], regime[slice_of[known]], curves),
        samples.second_seen[known],
    )
    return Evidence(
        regime=regime,
        slice_of=slice_of,
        block=np.arange(slices) * min(BLOCKS, slices) // slices,
        sizes=np.bincount(slice_of, minlength=slices).astype(float),
        ended=ended + others[0],
        censored=censored + others[1],
        rival_ended=_by_rank(ranks[rival_seen], slice_of[known][rival_seen], slices),
        rival_censored=_by_rank(ranks[~rival_seen], slice_of[known][~rival_seen], slices),
        tails=tails,
        shared=shared,
    )


def _others(samples: Samples, slice_of: Ints, slices: int) -> tuple[Floats, Floats]:
    """The other calls of dual requests, seen to their end and cut: as fair samples as the first ones."""
    duals = (samples.arm == DUAL) & samples.raced
    seen, cut = duals & samples.second_seen, duals & ~samples.second_seen
    return (
        counted(samples.second[seen], slice_of[seen], slices),
        counted(samples.second[cut], slice_of[cut], slices),
    )


def _ranks(seconds: Floats, regime: Ints, curves: Floats) -> Floats:
    """The share of all calls of each one's regime that take no longer."""
    ranks = np.zeros(len(seconds))
    for each, curve in enumerate(curves):
        ranks[regime == each] = 1.0 - at(curve, seconds[regime == each])
    return ranks


def _by_rank(ranks: Floats, rows: Ints, count: int) -> Floats:
    places = rows * RANKS + np.minimum(RANKS - 1, (ranks * RANKS).astype(np.int64))
    return np.bincount(places, minlength=count * RANKS).reshape(count, RANKS).astype(float)


def _curves(ended: Floats, censored: Floats, regime: Ints) -> Floats:
    """The curve of each regime: (regimes, 513)."""
    regimes = range(int(regime.max()) + 1)
    return np.stack(
        [
            kaplan_meier(ended[regime == each].sum(axis=0), censored[regime == each].sum(axis=0))
            for each in regimes
        ]
    )


def _regimes(samples: Samples, slice_of: Ints, slices: int) -> tuple[Ints, float]:
    """The regime of each slice, the fastest first, and how much of the variance lies between slices.

    A slice's level is the median of the logarithms; pure chance moves it by 1.2533 sigma / sqrt(n).
    """
    logs = np.log(np.maximum(samples.first, 1e-6))
    order = np.argsort(slice_of, kind="stable")
    parts = np.split(logs[order], np.flatnonzero(np.diff(slice_of[order])) + 1)
    levels = np.array([np.median(part) for part in parts])
    spread = np.median([np.subtract(*np.percentile(part, [75, 25])) / 1.349 for part in parts])
    by_chance = (1.2533 * spread) ** 2 / SLICE
    between = max(0.0, float(np.var(levels)) - by_chance)
    within = float(np.mean([np.var(part) for part in parts]))
    shared = between / max(between + within, 1e-12)
    if shared < SHARED_VARIANCE:
        return np.zeros(slices, dtype=np.int64), shared
    return _clustered(levels, 4.0 * np.sqrt(by_chance)), shared


def _clustered(levels: Floats, apart: float) -> Ints:
    """Levels in groups: the widest gaps between neighbours part them, if they are wide enough."""
    ordered = np.sort(levels)
    centres = np.quantile(ordered, (np.arange(REGIMES) + 0.5) / REGIMES)
    for _ in range(50):
        nearest = np.argmin(np.abs(levels[:, None] - centres), axis=1)
        moved = np.array(
            [
                levels[nearest == k].mean() if (nearest == k).any() else centre
                for k, centre in enumerate(centres)
            ]
        )
        if np.allclose(moved, centres):
            break
        centres = moved
    kept = [centres[0]]
    for centre in centres[1:]:
        if centre - kept[-1] > apart:
            kept.append(centre)
    nearest = np.argmin(np.abs(levels[:, None] - np.array(kept)), axis=1)
    _, renamed = np.unique(nearest, return_inverse=True)
    return renamed.astype(np.int64)
