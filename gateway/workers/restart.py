"""When a worker that died is started again: at once, but a worker that dies again and again waits longer."""

import attrs

STEADY = 10.0
"""Seconds after which a worker's life was no failed start."""

FIRST, MOST = 0.5, 30.0
"""Seconds before the second start in a row, doubled for each further one up to the most."""

_DOUBLINGS = 10  # more than it takes from the first to the most; keeps the power finite


@attrs.define
class Restarts:
    """One worker's deaths in a row."""

    row: int = 0

    def died(self, lived: float) -> float:
        """It died after so many seconds. Gives the seconds until it should be started again."""
        self.row = 1 if lived >= STEADY else self.row + 1
        return 0.0 if self.row == 1 else min(MOST, FIRST * 2.0 ** min(self.row - 2, _DOUBLINGS))
