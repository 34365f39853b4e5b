"""Survival curves by the thousand: Kaplan-Meier over the buckets that the gateway itself counts in.

`policies.survival` keeps one curve that changes with every call; here whole tables of counts become tables
of curves at once, one for each resample of a bootstrap. The last axis is always the buckets (512), or their
edges (513). Between edges a curve falls evenly in the logarithm of time.
"""

import math
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from policies.survival import BUCKETS, FLOOR, RATIO

Floats: TypeAlias = npt.NDArray[np.float64]
Ints: TypeAlias = npt.NDArray[np.int64]
Flags: TypeAlias = npt.NDArray[np.bool_]

STEP = math.log(RATIO)
EDGES: Floats = FLOOR * np.exp(STEP * np.arange(BUCKETS + 1))
"""Seconds at the buckets' edges."""


def bucket_of(seconds: npt.ArrayLike) -> Ints:
    """The bucket of each duration; the first and last take all that lies beyond."""
    clipped = np.maximum(np.asarray(seconds, dtype=float), FLOOR)
    found: Ints = np.minimum(BUCKETS - 1, (np.log(clipped / FLOOR) / STEP).astype(np.int64))
    return found


def counted(seconds: Floats, rows: Ints, count: int) -> Floats:
    """How many durations of each row lie in each bucket: an array of (count, 512)."""
    places = rows * BUCKETS + bucket_of(seconds)
    return np.bincount(places, minlength=count * BUCKETS).reshape(count, BUCKETS).astype(float)


def kaplan_meier(ended: Floats, censored: Floats) -> Floats:
    """S at the edges, from counts of durations that were seen to their end and of those that were not.

    The product-limit estimate (Kaplan and Meier 1958): each bucket's share of ends among all that were
    still watched. What was cut in a bucket was watched to its end. Where nobody is watched any more the
    curve stays where it is: the rest is known to take longer and nothing else.
    """
    gone = np.cumsum(ended + censored, axis=-1)
    watched = gone[..., -1:] - gone + ended + censored
    with np.errstate(invalid="ignore", divide="ignore"):
        kept = np.where(watched > 0.0, 1.0 - ended / watched, 1.0)
    curves = np.ones((*ended.shape[:-1], ended.shape[-1] + 1))
    np.cumprod(np.maximum(kept, 0.0), axis=-1, out=curves[..., 1:])
    return curves


def at(curves: Floats, seconds: npt.ArrayLike) -> Floats:
    """S of each curve at these times, one axis of times behind those of the curves; 1 before all time."""
    position = positions(seconds)
    below = np.minimum(position.astype(np.int64), curves.shape[-1] - 2)
    part = position - below
    upper, lower = curves[..., below], curves[..., below + 1]
    found: Floats = upper - (upper - lower) * part
    return found


def positions(seconds: npt.ArrayLike) -> Floats:
    """Where times lie among the edges, as whole and fractional buckets."""
    clipped = np.maximum(np.asarray(seconds, dtype=float), FLOOR)
    found: Floats = np.clip(np.log(clipped / FLOOR) / STEP, 0.0, float(BUCKETS))
    return found


def quantile(curves: Floats, p: float) -> Floats:
    """The time within which a share `p` ends, of each curve at the edges; infinite where none is known."""
    reached = curves <= 1.0 - p + 1e-12
    first = np.argmax(reached, axis=-1)
    known = np.take_along_axis(reached, first[..., None], axis=-1)[..., 0]
    after = np.take_along_axis(curves, first[..., None], axis=-1)[..., 0]
    before = np.take_along_axis(curves, np.maximum(first - 1, 0)[..., None], axis=-1)[..., 0]
    with np.errstate(invalid="ignore", divide="ignore"):
        part = np.where(before > after, (before - (1.0 - p)) / (before - after), 1.0)
    position = np.where(first > 0, first - 1 + part, 0.0)
    found: Any = np.where(known, FLOOR * np.exp(STEP * position), np.inf)
    return np.asarray(found, dtype=float)
