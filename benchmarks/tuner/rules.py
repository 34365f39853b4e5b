"""A policy as the tuner sees it: one backup, after a delay, for a share of requests, within a budget."""

import math

import attrs


@attrs.frozen
class Rule:
    """A hedge starts `delay` seconds after the dispatch; None: at the p95 of what was seen lately.

    A share `probability` of requests takes it up. Hedges never outnumber `budget` times the primaries by
    more than `burst`.
    """

    delay: float | None
    probability: float = 1.0
    budget: float = 1.0
    burst: float = 10.0

    @property
    def never(self) -> bool:
        """Whether it does not hedge at all."""
        return self.probability <= 0.0 or (self.delay is not None and math.isinf(self.delay))


NEVER = Rule(delay=math.inf, probability=0.0)
"""No hedging at all."""
