"""The allowance that hedges spend from: a share of the primaries' cost, refilled by nothing else.

Why no refill by time: a quiet gateway would earn a free allowance that it spends all at once on the
first brown-out; a limit on live hedges would grow with the very slowness that it should contain. A
share of the work bounds the extra load exactly, whatever the upstreams do. With equal costs, at
every moment,

    granted  <=  ratio x deposits + burst

and with any costs the sum of what was granted is at most `ratio` times the sum of what was deposited,
plus `burst` times the largest mean cost so far.
"""

from collections.abc import Sequence
from fractions import Fraction
from math import lcm

import attrs

MEMORY = 50  # primaries over which the mean cost is taken
REMEMBERED = (
    4 * MEMORY
)  # of a heap of primaries no more than these move the mean: all but 2 % of it
FINE = 1 << 20  # in so many parts of one the mean is kept


@attrs.define(eq=False, on_setattr=attrs.setters.NO_OP)  # set a dozen times a request
class Budget:
    """A bucket of cost: `ratio` of each primary goes in, and it holds `burst` average primaries.

    It is full when it first hears of a cost. Costs are whole numbers in any one unit (1 a request, or
    nano-dollars); what is free counts as 1, so that it is bounded too. All is counted in whole units
    of a common fraction, so that no rounding ever grants too much: 0.05 is one twentieth here.

    A hedge that costs more than the whole bucket holds (a long prompt among short ones, one that is
    cached here and not there) could never be granted. It is refused, but the bucket may then save up
    for one such, until the next grant. That changes when something is spent, never how much.
    """

    ratio: float = attrs.field(validator=attrs.validators.ge(0.0))
    burst: float = attrs.field(validator=attrs.validators.ge(0.0))
    deposits: int = attrs.field(default=0, init=False)
    deposited: int = attrs.field(default=0, init=False)
    granted: int = attrs.field(default=0, init=False)
    refused: int = attrs.field(default=0, init=False)
    spent: int = attrs.field(default=0, init=False)
    _unit: int = attrs.field(init=False)
    _share: int = attrs.field(init=False)
    _burst: int = attrs.field(init=False)
    _mean: int = attrs.field(default=0, init=False)
    _level: int = attrs.field(default=0, init=False)
    _goal: int = attrs.field(default=0, init=False)

    def __attrs_post_init__(self) -> None:
        share, burst = Fraction(str(self.ratio)), Fraction(str(self.burst))
        self._unit = lcm(share.denominator, burst.denominator)
        self._share = int(share * self._unit)
        self._burst = int(burst * self._unit)

    def deposit(self, cost: int = 1) -> None:
        """A primary was sent that costs so much."""
        self.deposit_all(cost, 1)

    def deposit_all(self, total: int, count: int) -> None:
        """So many primaries were sent that cost so much together."""
        cost = self._heard(-(-total // count))
        self.deposits += count
        self.deposited += max(total, count)
        # Rounded up: the mean must be able to reach a cost that stays the same, or the bucket would
        # hold a little less than it should for ever.
        for _ in range(min(count, REMEMBERED)):
            self._mean -= (self._mean - cost * FINE) // MEMORY
        # A bucket that cannot hold one attempt would never grant any, however much was put in.
        usual = max(self._burst, self._unit) * self._mean // FINE
        self._level = min(max(usual, self._goal), self._level + self._share * max(total, count))

    def affords(self, cost: int = 1) -> bool:
        """Whether `withdraw` would grant so much now."""
        needed = self._unit * self._heard(cost)
        return self._level >= needed

    def withdraw(self, cost: int = 1) -> bool:
        """Takes one hedge that costs so much, if there is enough."""
        cost = self._heard(cost)
        if not self.affords(cost):
            self.refused += 1
            self._goal = self._unit * cost
            return False
        self._level -= self._unit * cost
        self._goal = 0
        self.granted += 1
        self.spent += cost
        return True

    @property
    def level(self) -> float:
        """How many average hedges it holds now."""
        if not self._mean:
            return self.burst
        return self._level * FINE / (self._unit * self._mean)

    def _heard(self, cost: int) -> int:
        cost = max(cost, 1)
        if not self._mean:
            self._mean = cost * FINE
            self._level = self._burst * cost
        return cost


def withdraw_all(buckets: Sequence[Budget], cost: int = 1) -> bool:
    """Takes one hedge from every bucket, or from none if any has too little.

    The ones with too little count the refusal. A bucket that is named twice pays once.
    """
    distinct = dict.fromkeys(buckets)
    poor = [bucket for bucket in distinct if not bucket.affords(cost)]
    for bucket in poor or distinct:
        bucket.withdraw(cost)
    return not poor
