"""When requests are due, without end: the gaps between them by law and by chance."""

import random
from collections.abc import Iterator
from typing import Literal, TypeAlias

Law: TypeAlias = Literal["constant", "poisson", "gamma"]


def arrivals(law: Law, rate: float, cv: float, rng: random.Random) -> Iterator[float]:
    """Times in seconds, the first one gap after 0; `rate` a second on average, for ever.

    - `constant`: one every 1 / rate seconds
    - `poisson`: exponential gaps, as of many callers who do not know of one another
    - `gamma`: gamma-distributed gaps whose standard deviation is `cv` times their mean: shape 1 / cv²,
      mean 1 / rate. With cv = 1 they are exponential; more is bursts, less is more regular.
    """
    now = 0.0
    while True:
        now += _gap(law, rate, cv, rng)
        yield now


def _gap(law: Law, rate: float, cv: float, rng: random.Random) -> float:
    if law == "constant":
        return 1.0 / rate
    if law == "poisson":
        return rng.expovariate(rate)
    return rng.gammavariate(1.0 / cv**2, cv**2 / rate)
