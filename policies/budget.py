"""The allowance that extra attempts spend from: a share of the primaries, refilled by nothing else.

Why no refill by time: a quiet gateway would earn a free allowance that it spends all at once on the
first brown-out; a limit on live hedges would grow with the very slowness that it should contain. A
share of the work bounds the extra load exactly, whatever the upstreams do:

    granted  <=  ratio x deposits + burst        at every moment
"""

from fractions import Fraction
from math import lcm

import attrs


@attrs.define(eq=False)
class Budget:
    """A bucket of attempts: `ratio` a primary, `burst` at most. It is full at first.

    Counted in whole units of a common fraction, so that no rounding ever grants one attempt too
    many: 0.05 is one twentieth here.
    """

    ratio: float = attrs.field(validator=attrs.validators.ge(0.0))
    burst: float = attrs.field(validator=attrs.validators.ge(0.0))
    deposits: int = attrs.field(default=0, init=False)
    granted: int = attrs.field(default=0, init=False)
    refused: int = attrs.field(default=0, init=False)
    _unit: int = attrs.field(init=False)
    _share: int = attrs.field(init=False)
    _cap: int = attrs.field(init=False)
    _level: int = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        share, burst = Fraction(str(self.ratio)), Fraction(str(self.burst))
        self._unit = lcm(share.denominator, burst.denominator)
        self._share = int(share * self._unit)
        self._level = int(burst * self._unit)
        # A bucket that cannot hold one attempt would never grant any, however much was put in.
        self._cap = max(self._level, self._unit)

    def deposit(self) -> None:
        """A primary was sent."""
        self.deposits += 1
        self._level = min(self._cap, self._level + self._share)

    def withdraw(self) -> bool:
        """Takes one extra attempt, if there is one."""
        if self._level < self._unit:
            self.refused += 1
            return False
        self._level -= self._unit
        self.granted += 1
        return True

    @property
    def level(self) -> float:
        """How many extra attempts it holds now."""
        return self._level / self._unit
