"""What a log says of how long calls take: one row a request, in the order of their arrival.

A request has a first lane, its primary and whatever stood in for it after an error, and may have a second
one: a hedge, or the other call of a request that explored two at once. Of a lane either its first token was
seen, or it is known to take longer than it was watched (`seen` is False). Durations are seconds.
"""

import attrs
import numpy as np

from benchmarks.tuner.curves import Flags, Floats, Ints

NONE, CONTROL, DUAL = 0, 1, 2
"""What a request explored, as its arm says."""


@attrs.frozen(eq=False)
class Samples:
    """`at` is when a request arrived, `first` and `second` how long its lanes were watched.

    `first` counts from the request's arrival. `second` counts from its own dispatch, `delay` after the
    first lane's: not a number where there was no second lane. `ttft` is what the client waited, not a
    number where it got nothing. `hedged` says that the second lane was a hedge, `arm` what was explored,
    `planned` the delay that was in force, not a number where none was.
    """

    at: Floats
    first: Floats
    seen: Flags
    delay: Floats
    second: Floats
    second_seen: Flags
    ttft: Floats
    arm: Ints
    hedged: Flags
    planned: Floats

    def __len__(self) -> int:
        return len(self.at)

    @property
    def raced(self) -> Flags:
        """Which requests had two lanes."""
        return ~np.isnan(self.delay)
