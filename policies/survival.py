"""How long calls take when some were not waited for: a Kaplan-Meier estimate over log buckets.

A cancelled call is not a fast call and not no call: it is known to take at least so long. Counting
only the calls that finished makes the slow tail look thin, hedges start too early and nominal 5 %
become 6 to 11 %. The product-limit estimate uses every call for as long as it was watched.

Buckets are 2.65 % wide, from 1 ms to almost 11 minutes; quantiles are interpolated within them.
"""

import math

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


@attrs.define(eq=False)
class Survival:
    """Counts by bucket: durations seen to their end, and those only known to be longer."""

    ended: list[int] = attrs.field(factory=lambda: [0] * BUCKETS, repr=False)
    censored: list[int] = attrs.field(factory=lambda: [0] * BUCKETS, repr=False)
    count: int = 0

    def add(self, position: int, *, censored: bool) -> None:
        """One more duration."""
        (self.censored if censored else self.ended)[position] += 1
        self.count += 1

    def remove(self, position: int, *, censored: bool) -> None:
        """One that was added before is forgotten."""
        (self.censored if censored else self.ended)[position] -= 1
        self.count -= 1

    def quantile(self, p: float) -> float | None:
        """The time in seconds within which a share `p` ends; None if nothing was seen.

        Where too few were watched for so long, it is the longest time seen: a lower bound.
        """
        watched, surviving, last = self.count, 1.0, 0
        for position, (ended, censored) in enumerate(zip(self.ended, self.censored, strict=True)):
            if not ended and not censored:
                continue
            after = surviving * (1.0 - ended / watched)
            if after <= 1.0 - p + _ROUNDING and ended:
                return edge(position + (surviving - (1.0 - p)) / (surviving - after))
            watched, surviving, last = watched - ended - censored, after, position
        return edge(last + 0.5) if self.count else None
