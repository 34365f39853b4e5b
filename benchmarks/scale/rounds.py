"""CPU a request, site by site and round by round."""

import random
from collections.abc import Sequence

import attrs

from benchmarks.overhead.load import Order
from benchmarks.overhead.rounds import saturation, send, watched
from benchmarks.scale.levels import Level
from benchmarks.scale.site import Site

Seen = dict[Level, list[float]]


class Failing(Exception):
    """A gateway that is measured answers with errors."""


@attrs.frozen
class Sizes:
    """How much is measured. `warm` and `seconds` are of saturation, for each site; `warm` once only."""

    rounds: int = 9
    seconds: float = 2.0
    warm: float = 4.0


async def measure(sites: Sequence[Site], sizes: Sizes, rng: random.Random) -> Seen:
    """Microseconds of CPU a request, one figure a round, for each site's level.

    All sites take part in each round, in an order of its own, so that none always follows the same other.

    Raises:
        Failing: a request was not answered.
        ConnectionLost: idle connections did not last.
    """
    for site in sites:
        await send(_order(site, sizes.warm))
    seen: Seen = {site.level: [] for site in sites}
    for _ in range(sizes.rounds):
        for site in rng.sample(sites, len(sites)):
            seen[site.level].append(await _cost(site, sizes.seconds))
    return seen


async def _cost(site: Site, seconds: float) -> float:
    outcome, spent = await watched(site.subject, _order(site, seconds))
    if outcome.failed or not outcome.answered:
        raise Failing(f"{site.level.name}: {outcome.failed} of its requests failed")
    site.check()
    return 1e6 * spent / outcome.answered


def _order(site: Site, seconds: float) -> Order:
    return attrs.evolve(saturation(site.subject, seconds), bearers=site.bearers)
