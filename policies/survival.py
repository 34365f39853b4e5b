"""How long calls take when some were not waited for: a Kaplan-Meier estimate over log buckets.

A cancelled call is not a fast call and not no call: it is known to take at least so long. Counting
only the calls that finished makes the slow tail look thin, hedges start too early and nominal 5 %
become 6 to 11 %. The product-limit estimate uses every call for as long as it was watched.

Buckets are 2.65 % wide, from 1 ms to almost 11 minutes; quantiles are interpolated within them.
"""

import math
from array import array
from bisect import bisect_left
from itertools import islice

import attrs

BUCKETS = 512
FLOOR = 0.001
RATIO = 1.0265
_STEP = math.log(RATIO)
_ROUNDING = 1e-12


def bucket(seconds: float) -> int:
    """The bucket of a duration; the first and last take all that lies beyond."""
    if seconds <= FLOOR:
        return 0
    return min(BUCKETS - 1, int(math.log(seconds / FLOOR) / _STEP))


def edge(position: float) -> float:
    """The duration in seconds at a bucket's lower edge, or a fraction of a bucket above it."""
    return FLOOR * math.exp(_STEP * position)


_MIDDLES = array("d", (edge(position + 0.5) for position in range(BUCKETS)))


@attrs.frozen(eq=False)
class Curve:
    """S(t), the share of calls that take longer than t, as it was when it was asked for.

    `_edges` holds S at the edges of the buckets from `_low`, below which nothing was seen, to the
    last one in which anything was; inside a bucket S falls evenly in the logarithm of time. What is
    left at the end is known to take longer and nothing else: it is treated as never ending.
    """

    _low: int
    _edges: "array[float]" = attrs.field(repr=False)

    @property
    def rest(self) -> float:
        """The share of calls that nobody saw end."""
        return self._edges[-1]

    def at(self, seconds: float) -> float:
        """The share of calls that take longer than so many seconds."""
        if seconds <= FLOOR:
            return 1.0
        position = math.log(seconds / FLOOR) / _STEP - self._low
        if position <= 0.0:
            return 1.0
        if position >= len(self._edges) - 1:
            return self.rest
        below = int(position)
        upper = self._edges[below]
        return upper - (upper - self._edges[below + 1]) * (position - below)

    def quantile(self, p: float) -> float:
        """The time in seconds within which a share `p` ends; `p` lies between 0 and 1.

        Where too few were watched for so long, it is the longest time seen: a lower bound.
        """
        edges, left = self._edges, 1.0 - p
        end = bisect_left(edges, -left - _ROUNDING, key=lambda surviving: -surviving)
        if end == 0:
            return edge(self._low)
        if end == len(edges):
            return edge(self._low + end - 1.5)  # the middle of the last bucket
        before, after = edges[end - 1], edges[end]
        return edge(self._low + end - 1 + (before - left) / (before - after))

    def remaining(self, waited: float) -> float:
        """How many seconds more half of the calls take that have taken so long already.

        Infinite where fewer than half of them were ever seen to end.
        """
        left = self.at(waited) / 2.0
        if left <= 0.0 or left < self.rest:
            return math.inf
        return max(0.0, self.quantile(1.0 - left) - waited)

    def ended(self) -> list[tuple[int, float]]:
        """The buckets in which calls end, each with the share of all calls that do."""
        after = islice(self._edges, 1, None)
        falls = (high - low for high, low in zip(self._edges, after, strict=False))
        return [(at, share) for at, share in enumerate(falls, self._low) if share]


def _nothing() -> "array[int]":
    return array("I", bytes(array("I").itemsize * BUCKETS))


@attrs.define(eq=False)
class Survival:
    """Counts by bucket: durations seen to their end, and those only known to be longer."""

    ended: "array[int]" = attrs.field(factory=_nothing, repr=False)
    censored: "array[int]" = attrs.field(factory=_nothing, repr=False)
    count: int = 0
    _low: int = BUCKETS  # nothing was ever seen below

    def add(self, position: int, *, censored: bool) -> None:
        """One more duration."""
        (self.censored if censored else self.ended)[position] += 1
        self.count += 1
        self._low = min(self._low, position)

    def remove(self, position: int, *, censored: bool) -> None:
        """One that was added before is forgotten."""
        (self.censored if censored else self.ended)[position] -= 1
        self.count -= 1

    def curve(self) -> Curve | None:
        """The distribution as it is now; None if nothing was seen."""
        if not self.count:
            return None
        low, watched, surviving = self._low, self.count, 1.0
        edges = array("d", (1.0,))
        for ended, censored in zip(self.ended[low:], self.censored[low:], strict=True):
            if ended:
                surviving *= 1.0 - ended / watched
            edges.append(surviving)
            watched -= ended + censored
            if not watched:
                break
        return Curve(low, edges)

    def quantile(self, p: float) -> float | None:
        """The time in seconds within which a share `p` ends; None if nothing was seen."""
        curve = self.curve()
        return None if curve is None else curve.quantile(p)


def win_probability(primary: Curve, backup: Curve, delay: float) -> float:
    """How likely a backup that starts `delay` seconds after a primary, silent until then, is first.

    P(delay + Y < X | X > delay) for independent X and Y: the mean over the backup's times Y of the
    share of the silent primaries that take longer still. A primary that has been silent for longer
    than any was ever watched is taken to stay so; a backup's times beyond its curve win nothing.
    """
    silent = primary.at(delay)
    if silent <= 0.0:
        return 1.0 - backup.rest
    waits = ((share, delay + _MIDDLES[position]) for position, share in backup.ended())
    return sum(share * primary.at(end) for share, end in waits) / silent
