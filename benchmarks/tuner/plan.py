"""How long an experiment will take: how many requests until the sequential test knows, with which power.

Late requests are what counts (`policies.verdict`): each falls on the candidate's side with a probability that
follows from both sides' rates. Experiments are run to their ends by the thousand, event by event, with the very
evidence by which the gateway decides.
"""

import math

import attrs
import numpy as np

from benchmarks.tuner.curves import Floats
from policies.sequential import PRIOR

PATHS = 2_000
MOST = 4_000
"""Late requests of both sides after which an experiment counts as undecided."""

POWERS = (0.5, 0.8, 0.95)


@attrs.frozen
class Planned:
    """With this probability it is decided after so many requests of both sides; None: not in sight."""

    power: float
    requests: int | None


def planned(
    incumbent: float, candidate: float, share: float, alpha: float, rng: np.random.Generator
) -> tuple[Planned, ...]:
    """How many requests experiments take that end for the better; both rates are shares of late requests.

    `share` is the candidate's of what both sides have, `alpha` what the question itself may be wrong with.
    """
    rate = share * candidate + (1.0 - share) * incumbent
    if rate <= 0.0 or candidate >= incumbent:
        return tuple(Planned(power, None) for power in POWERS)
    ends = _ends(share * candidate / rate, share, alpha, rng)
    return tuple(Planned(power, _requests(ends, power, rate)) for power in POWERS)


def _requests(ends: Floats, power: float, rate: float) -> int | None:
    events = float(np.quantile(ends, power, method="higher"))
    return math.ceil(events / rate) if math.isfinite(events) else None


def _ends(true: float, share: float, alpha: float, rng: np.random.Generator) -> Floats:
    """After how many events each path is decided for the better; infinite where it is not."""
    n = np.arange(1, MOST + 1)
    log_gamma = np.array([math.lgamma(each + PRIOR) for each in range(MOST + 1)])
    whole = np.array([math.lgamma(each + 2.0 * PRIOR) for each in range(MOST + 1)])
    start = 2.0 * math.lgamma(PRIOR) - math.lgamma(2.0 * PRIOR)
    ends = np.full(PATHS, np.inf)
    for path in range(PATHS):
        k = np.cumsum(rng.random(MOST) < true)
        evidence = log_gamma[k] + log_gamma[n - k] - whole[n] - start
        evidence -= k * math.log(share) + (n - k) * math.log1p(-share)
        decided = np.flatnonzero(evidence >= -math.log(alpha))
        if len(decided) and k[decided[0]] < share * n[decided[0]]:
            ends[path] = n[decided[0]]
    return ends
