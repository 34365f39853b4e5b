"""What contenders are put through: pools, traffic and troubles, as plain data.

All times are seconds of virtual time. Troubles are timed from the end of the warm-up, so that they do
not move when it is made longer. Slow periods come back every ten minutes: a run of such a scenario
lasts whole rounds of them, or a slow key would seem to be slow more often than it is.
"""

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, TypeAlias

import attrs

from policies.cost import Price
from policies.target import Route, Target
from providers.simulator.latency import SlowPeriod

MODEL = "model"
ROUND = 600.0  # after which troubles that pass come back
ONSET = 10.0  # from the end of the warm-up to the first trouble

Death: TypeAlias = Literal["invalid", "refused", "silent"]
"""A credential that is refused, a connection that is, or one that is accepted and never answered."""


@attrs.frozen
class Slow:
    """These keys are slow together, in a period that is first thought of at `since`."""

    keys: frozenset[str]
    period: SlowPeriod
    since: float = ONSET


@attrs.frozen
class Storm:
    """A domain's limit falls to `limit` calls a second for a while: what is above is turned away.

    `advice` is what it then says in Retry-After, None: nothing. With `quota` it says instead that the
    account is empty, of every call.
    """

    domain: str
    limit: float = 0.7
    lasting: float = 60.0
    advice: float | None = 5.0
    quota: bool = False


@attrs.frozen
class Dying:
    """From the first trouble's moment on a key is dead, in one of three ways."""

    key: str
    how: Death


@attrs.frozen
class Faults:
    """Shares of calls that go wrong after their status 200, each in its way.

    `error_frame` is an error event in place of the first token, `silence` a role and then nothing,
    `empty` an end without content. `pause` is a gap of 5 to 60 s after the first token, `cut` a
    stream that never goes on after it.
    """

    error_frame: float = 0.0
    silence: float = 0.0
    empty: float = 0.0
    pause: float = 0.0
    cut: float = 0.0

    @property
    def early(self) -> bool:
        """Whether the upstream says 200 before it knows if it will answer."""
        return bool(self.error_frame or self.silence or self.empty)


@attrs.frozen
class Prompts:
    """Long prompts of so many conversations; their beginnings are cached where they were last."""

    conversations: int = 300
    median: float = 8_000.0
    sigma: float = 0.8
    most: int = 60_000


@attrs.frozen
class Leaving:
    """A share of clients hangs up, at a moment uniform in [0, `within`)."""

    share: float
    within: float


@attrs.frozen
class Scenario:
    """One world to race in: a pool, its traffic, and what goes wrong.

    `rate` is arrivals a second, `sigma_r` the spread of the factor that attempts of a request share,
    `warm_up` how many requests come before those that count. Variants are not run unless asked for.
    """

    name: str
    about: str
    route: Route
    rate: float = 10.0
    sigma_r: float = 0.2
    warm_up: int = 500
    comes_back: bool = False
    variant: bool = False
    slow: tuple[Slow, ...] = ()
    storm: Storm | None = None
    dying: Dying | None = None
    faults: Faults = Faults()
    prompts: Prompts | None = None
    leaving: Leaving | None = None

    def counted(self, requests: int) -> int:
        """So many requests, or the next larger number that lasts whole rounds, if it lasts one at all."""
        a_round = self.rate * ROUND
        if not self.comes_back or requests < a_round / 2.0:
            return requests
        return math.ceil(math.ceil(requests / a_round) * a_round)


def _pool(price: Price | None = None) -> Route:
    """Eight keys in four domains at two providers."""
    return (
        tuple(
            Target(f"{domain}{n}", provider, domain, MODEL, price=price)
            for provider, domains in (("east", ("a", "b")), ("west", ("c", "d")))
            for domain in domains
            for n in (1, 2)
        ),
    )


_BACKUPS = frozenset({"s1", "s2", "s3", "s4"})


def _one_with_a_slow_backup() -> Route:
    slow = tuple(Target(key, "slow", key, MODEL) for key in sorted(_BACKUPS))
    return (Target("a1", "east", "a", MODEL),), slow


def _hostile(name: str, factor: float) -> Scenario:
    return Scenario(
        name,
        f"every backup is {factor:g} times as slow as the primary",
        _one_with_a_slow_backup(),
        slow=(Slow(_BACKUPS, SlowPeriod(factor, 1.0, 1.0), -math.inf),),
    )


def _slowed(keys: frozenset[str], factor: float, lasting: float) -> tuple[Slow, ...]:
    return (Slow(keys, SlowPeriod(factor, lasting, ROUND, ONSET)),)


POOL = _pool()
_ALL = frozenset(target.key for target in POOL[0])

# Three times as slow is not hostile: where one call in thirty takes five times as long as it should
# and more, such a backup is first in a third of the cases, and takes a quarter off the p99.

_SCENARIOS = (
    Scenario("iid", "all attempts independent, nothing goes wrong", POOL, sigma_r=0.0),
    Scenario(
        "slow-key",
        "one key of eight is six times as slow for 90 s of every 600",
        POOL,
        sigma_r=0.0,  # as in the simulations whose figures are demanded of it
        slow=_slowed(frozenset({"a1"}), 6.0, 90.0),
        comes_back=True,
    ),
    Scenario(
        "correlated-domain",
        "both keys of a domain are six times as slow for 90 s of every 600",
        POOL,
        slow=_slowed(frozenset({"a1", "a2"}), 6.0, 90.0),
        comes_back=True,
    ),
    Scenario(
        "brown-out",
        "everything is four times as slow for 120 s of every 600",
        POOL,
        slow=_slowed(_ALL, 4.0, 120.0),
        comes_back=True,
    ),
    Scenario(
        "429-storm",
        "a domain turns away nearly all calls for 60 s, with Retry-After: 5",
        POOL,
        storm=Storm("a"),
        comes_back=True,
    ),
    Scenario(
        "429-storm-no-header",
        "the same without saying for how long",
        POOL,
        storm=Storm("a", advice=None),
        comes_back=True,
        variant=True,
    ),
    Scenario(
        "429-storm-no-quota",
        "a domain's account is empty for 60 s",
        POOL,
        storm=Storm("a", quota=True),
        comes_back=True,
        variant=True,
    ),
    Scenario("key-death", "a key is refused with 401", POOL, dying=Dying("a1", "invalid")),
    Scenario(
        "key-death-refused",
        "connections for a key are refused",
        POOL,
        dying=Dying("a1", "refused"),
        variant=True,
    ),
    Scenario(
        "key-death-silent",
        "calls of a key are accepted and never answered",
        POOL,
        dying=Dying("a1", "silent"),
        variant=True,
    ),
    Scenario(
        "error-frame",
        "after a status 200, 2 % of calls fail, 1 % fall silent, 0.5 % are empty",
        POOL,
        faults=Faults(error_frame=0.02, silence=0.01, empty=0.005),
    ),
    Scenario(
        "stall",
        "in the middle 2 % of streams pause for 5 to 60 s, 0.5 % never go on",
        POOL,
        faults=Faults(pause=0.02, cut=0.005),
    ),
    Scenario(
        "heavy-prompts",
        "long prompts whose beginnings are cached where they went before",
        _pool(Price(input=1.0, output=5.0, cached_input=0.1)),
        prompts=Prompts(),
    ),
    Scenario(
        "disconnect", "a tenth of clients hang up within 3 s", POOL, leaving=Leaving(0.1, 3.0)
    ),
    Scenario("cold-start", "nothing is known at the beginning", POOL, warm_up=0),
    _hostile("hedge-hostile", 3.0),
    attrs.evolve(_hostile("hedge-hostile-10", 10.0), variant=True),
    Scenario("low-rate", "a request every ten seconds", POOL, rate=0.1),
)

SCENARIOS: Mapping[str, Scenario] = MappingProxyType({each.name: each for each in _SCENARIOS})
"""All of them by name, in the order in which they are run."""
