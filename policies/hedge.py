"""When a silent attempt gets a rival: the plan that is made when an attempt is sent.

A plain function of what it is given; the race carries out what it says, and `gate` decides again when
a delay has passed. Delays count from the latest dispatch, and hedging is on the time to first token,
never on the whole answer: long answers are not slow ones.
"""

from collections.abc import Callable, Mapping
from typing import Protocol, TypeAlias

import attrs

from policies.features import Features, Scope
from policies.settings import Hedge, HedgeKind, Moment

FIXED = 1.5
"""The fixed delay in seconds, where a policy names none."""


@attrs.frozen
class Plan:
    """How long an attempt may stay silent, in seconds, before a hedge is wanted; () is for ever.

    `probability` is the share of requests that take it up at all: a request does if its coin falls
    below. `source` says why it is so, for the journal: `off`, `fixed`, `header`, `class:tools`,
    `warmup:n=12`, `learned:off` or, for example, `quantile:p95:n=1412`.
    """

    delays: tuple[float, ...]
    source: str
    probability: float = 1.0

    @property
    def delay(self) -> float | None:
        """The first of its delays; None: it has none."""
        return self.delays[0] if self.delays else None


OFF = Plan((), "off")


class Observation(Protocol):
    """One quantile of the times to first token seen so far (see `estimates.Observation`)."""

    @property
    def seconds(self) -> float | None:
        """The quantile; None: not enough was seen."""

    @property
    def count(self) -> int:
        """How many calls it rests on."""

    @property
    def source(self) -> str:
        """Whose they were: the scope's own, or those of what stands in for it."""


class Observed(Protocol):
    """What a plan asks of the past."""

    def observe(self, scope: Scope, p: float, least: int | None, /) -> Observation:
        """The p-quantile of calls like this; `least` calls must have been seen (None: as p needs)."""


def plan(settings: Hedge, features: Features, scope: Scope, observed: Observed) -> Plan:
    """The hedging of an attempt that starts now.

    The request's own wish (`features.hedge`) stands above the policy: a number is a delay in seconds,
    taken as it is, even where the policy says off (the budget still bounds it); `off` never hedges;
    `auto` and None leave it to the policy. A request that must not run twice is never hedged, nor is
    any where `max_parallel` is below 2.
    """
    if features.hedge == "off" or settings.max_parallel < 2:
        return OFF
    if features.unhedgeable is not None:
        return Plan((), f"class:{features.unhedgeable}")
    if isinstance(features.hedge, int | float):
        return Plan((max(0.0, features.hedge),), "header")
    return _KINDS[settings.policy](settings, scope, observed)


def _off(_settings: Hedge, _scope: Scope, _observed: Observed) -> Plan:
    return OFF


def _fixed(settings: Hedge, _scope: Scope, _observed: Observed) -> Plan:
    return Plan((FIXED if settings.delay is None else settings.delay,), "fixed")


def _quantile(settings: Hedge, scope: Scope, observed: Observed) -> Plan:
    return _at_quantile("quantile", settings, scope, observed)


def _single_r(settings: Hedge, scope: Scope, observed: Observed) -> Plan:
    # An earlier delay that only some requests take up improves a quantile that one late delay for all
    # at the same cost cannot reach (Kaler, He, Elnikety: Optimal Reissue Policies, 2017).
    if settings.delay is None:
        planned = _at_quantile("single_r", settings, scope, observed)
        return attrs.evolve(planned, probability=settings.probability)
    return Plan((settings.delay,), "single_r", settings.probability)


def _schedule(settings: Hedge, scope: Scope, observed: Observed) -> Plan:
    counts, known = [], []
    for moment in settings.schedule:
        seconds, count = _when(moment, settings, scope, observed)
        counts += [] if count is None else [count]
        known += [] if seconds is None else [(seconds, _name(moment))]
    least = min(counts, default=0)
    if not known:
        return _warmup(settings, least) if counts else Plan((), "off")
    known.sort(key=lambda named: named[0])
    names = ",".join(name for _, name in known)
    counted = f":n={least}" if counts else ""
    return Plan(tuple(seconds for seconds, _ in known), f"schedule:{names}{counted}")


def _learned(settings: Hedge, scope: Scope, observed: Observed) -> Plan:
    rule = None if settings.learned is None else settings.learned.find(scope)
    if rule is None:
        return _quantile(settings, scope, observed)
    if rule.delay is None:
        return Plan((), "learned:off")
    return Plan((_clamped(rule.delay, settings),), "learned", rule.probability)


_Kind: TypeAlias = Callable[[Hedge, Scope, Observed], Plan]
_KINDS: Mapping[HedgeKind, _Kind] = {
    "off": _off,
    "fixed": _fixed,
    "quantile": _quantile,
    "single_r": _single_r,
    "schedule": _schedule,
    "learned": _learned,
}


def _at_quantile(kind: str, settings: Hedge, scope: Scope, observed: Observed) -> Plan:
    seen = observed.observe(scope, settings.quantile, settings.min_samples)
    if seen.seconds is None:
        return _warmup(settings, seen.count)
    source = f"{kind}:{seen.source}"
    return Plan((_clamped(seen.seconds, settings),), source)


def _warmup(settings: Hedge, count: int) -> Plan:
    # Not yet known is never the least delay: a fresh process would hedge its first requests all.
    if settings.default_delay is None:
        return Plan((), f"warmup:n={count}")
    return Plan((settings.default_delay,), "warmup:default")


def _when(
    moment: Moment, settings: Hedge, scope: Scope, observed: Observed
) -> tuple[float | None, int | None]:
    """The seconds of a moment, and how many calls they rest on if they were observed."""
    if isinstance(moment, int | float):
        return moment, None
    seen = observed.observe(scope, moment.p, settings.min_samples)
    return None if seen.seconds is None else _clamped(seen.seconds, settings), seen.count


def _clamped(seconds: float, settings: Hedge) -> float:
    return min(max(seconds, settings.min_delay), settings.max_delay)


def _name(moment: Moment) -> str:
    return f"{moment:g}s" if isinstance(moment, int | float) else _percentile(moment.p)


def _percentile(p: float) -> str:
    return f"p{100 * p:g}"
