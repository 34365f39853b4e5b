"""What is known of everybody's time to first token: an estimate a target, windows by kind of call.

A primary is seen in three windows: that of its scope (model, size and warmth), that of its model and
size, and that of its model. What a small window says is drawn towards the next larger one.

Memory: a full window with what is remembered of its answers takes 33 KB at most and there are at most
512, hence 17 MB; a target takes 0.5 KB and there are at most 4096, hence 2 MB. Whoever was quiet for
longest is forgotten first, for clients may name models that nobody lists.
"""

import math
from collections import OrderedDict
from collections.abc import Collection, Iterator
from typing import TypeAlias

import attrs

from policies.features import Scope
from policies.latency import PeakEwma, Window
from policies.survival import Curve, bucket
from policies.target import Target

USUAL = 1.0  # seconds to the first token, where nothing was ever seen
MOST_SCOPES = 512
MOST_TARGETS = 4096

BEYOND = 10.0
"""Calls that must have taken longer than a quantile before it is believed: for p95, 200 calls."""

PRIOR = 50
"""How many calls of one's own weigh as much as all that the larger window knows."""

CURVE = 50
"""Calls that a whole distribution needs before anything is concluded from it."""

_Key: TypeAlias = tuple[str | bool, ...]


@attrs.frozen
class Observation:
    """One quantile of the times to first token seen so far.

    `seconds` is None where not enough was seen. `count` is how many calls it rests on: those of the
    largest window that was needed. `source` says which windows spoke, for the journal:
    `p95:model*size*warm:n=1412`, or `p95:model*size:n=40>model:n=900` for one drawn to another.
    """

    seconds: float | None
    count: int
    source: str


@attrs.define(eq=False)
class _Level:
    """A window with the larger one above it, and what was asked of both since they changed."""

    key: _Key
    name: str
    above: "_Level | None"
    window: Window = attrs.field(factory=Window)
    _observed: dict[tuple[float, int | None], Observation] = attrs.field(factory=dict)
    _age: int = 0

    @property
    def age(self) -> int:
        """Rises whenever an observation may have changed."""
        return self.window.age + (self.above.age if self.above else 0)

    def observe(self, p: float, least: int | None) -> Observation:
        if (age := self.age) != self._age:
            self._observed.clear()
            self._age = age
        known = self._observed.get((p, least))
        if known is None:
            seconds, count, windows = self._estimate(p, least)
            known = Observation(seconds, count, f"p{100 * p:g}:{windows}")
            self._observed[p, least] = known
        return known

    def _estimate(self, p: float, least: int | None) -> tuple[float | None, int, str]:
        own, count = self.window.quantile(p), self.window.count
        name = f"{self.name}:n={count}"
        if own is not None and _trusted(count, p, least):
            return own, count, name
        if self.above is None:
            return None, count, name
        if self._same_as_above():
            return self.above._estimate(p, least)  # noqa: SLF001 - it is one of us
        larger, rests_on, names = self.above._estimate(p, least)  # noqa: SLF001 - it is one of us
        if own is None or larger is None:
            return larger, rests_on, names
        mixed = (count * math.log(own) + PRIOR * math.log(larger)) / (count + PRIOR)
        return math.exp(mixed), rests_on, f"{name}>{names}"

    def _same_as_above(self) -> bool:
        """Whether the larger window holds the same calls, so that it has nothing to add.

        As long as nothing was ever forgotten, equal counts mean that.
        """
        window, above = self.window, self.above
        return above is not None and above.window.count == window.count < window.least


def _trusted(count: int, p: float, least: int | None) -> bool:
    return count * (1.0 - p) >= BEYOND - 1e-9 if least is None else count >= least


@attrs.define(eq=False)
class Estimates:
    """Fed by every attempt that says something of latency; windows by primaries only.

    Hedges start when things are slow, so they are no fair sample of how long a call takes. All times
    are seconds. What is asked may lag behind by one call in a hundred.
    """

    _levels: OrderedDict[_Key, _Level] = attrs.field(factory=OrderedDict)
    _targets: OrderedDict[tuple[str, str], PeakEwma] = attrs.field(factory=OrderedDict)

    def first(
        self, target: Target, scope: Scope, seconds: float, now: float, *, primary: bool
    ) -> None:
        """A first token came after so long."""
        self._of(target).sample(seconds, now, self.expected(scope))
        if primary:
            self._record(scope, bucket(seconds), now, censored=False)

    def gave_up(
        self, target: Target, scope: Scope, seconds: float, now: float, *, primary: bool
    ) -> None:
        """No first token came for so long."""
        self._of(target).at_least(seconds, now, self.expected(scope))
        if primary:
            self._record(scope, bucket(seconds), now, censored=True)

    def observe(self, scope: Scope, p: float, least: int | None = None) -> Observation:
        """The p-quantile of calls like this.

        A window is believed if ten of its calls lie beyond the quantile, or if it holds `least` calls
        where that is given. One that is not believed is drawn to the larger one in the logarithm, as
        if that one's value had been seen fifty times; the largest must be believed.
        """
        level = self._nearest(scope)
        if level is None:
            return Observation(None, 0, f"p{100 * p:g}:model:n=0")
        return level.observe(p, least)

    def ttft(self, target: Target, scope: Scope, now: float) -> float:
        """The target's estimate, never 0; for an unmeasured target, what is usual in the scope."""
        expected = self.expected(scope)
        seen = self._targets.get((target.key, target.model))
        return seen.value(now, expected) if seen else expected

    def median(self, scope: Scope) -> float | None:
        """The median of the nearest kind of call of which anything was seen."""
        level = self._nearest(scope)
        return level.window.median if level else None

    def expected(self, scope: Scope) -> float:
        """The same, and what is usual elsewhere where nothing was seen."""
        median = self.median(scope)
        return USUAL if median is None else median

    def curve(self, scope: Scope) -> Curve | None:
        """The distribution of the nearest kind of call of which enough was seen."""
        level = self._nearest(scope)
        while level is not None and level.window.count < CURVE:
            level = level.above
        return level.window.curve if level else None

    def models(self) -> Iterator[tuple[str, Window]]:
        """Every upstream model with its window: `count`, `quantile(p)`."""
        return ((str(key[0]), seen.window) for key, seen in self._levels.items() if len(key) == 1)

    def retain(self, targets: Collection[Target]) -> None:
        """Forgets all that does not concern these targets."""
        known = {(target.key, target.model) for target in targets}
        models = {target.model for target in targets}
        for at in [at for at in self._targets if at not in known]:
            del self._targets[at]
        for key in [key for key in self._levels if key[0] not in models]:
            del self._levels[key]

    def _record(self, scope: Scope, position: int, now: float, *, censored: bool) -> None:
        level: _Level | None = self._levels.get(_keys(scope)[0]) or self._grow(scope)
        while level is not None:
            level.window.add(position, now, censored=censored)
            self._levels.move_to_end(level.key)  # after its scopes', so that they go before it
            level = level.above
        while len(self._levels) > MOST_SCOPES:
            self._levels.popitem(last=False)

    def _grow(self, scope: Scope) -> _Level:
        """The scope's level, with those above it."""
        above: _Level | None = None
        for key in reversed(_keys(scope)):
            name = _NAMES[len(key)]
            above = self._levels.setdefault(key, _Level(key, name, above))
        assert above is not None, "a scope has three levels"
        return above

    def _nearest(self, scope: Scope) -> _Level | None:
        levels, model, size = self._levels, scope.model, scope.size
        return (
            levels.get((model, size, scope.warm))
            or levels.get((model, size))
            or levels.get((model,))
        )

    def _of(self, target: Target) -> PeakEwma:
        at = target.key, target.model
        seen = self._targets.get(at)
        if seen is None:
            seen = self._targets[at] = PeakEwma()
            if len(self._targets) > MOST_TARGETS:
                self._targets.popitem(last=False)
        else:
            self._targets.move_to_end(at)
        return seen


_NAMES = {1: "model", 2: "model*size", 3: "model*size*warm"}


def _keys(scope: Scope) -> tuple[_Key, _Key, _Key]:
    """A scope's windows, from its own to the largest."""
    model, size = scope.model, scope.size
    return (model, size, scope.warm), (model, size), (model,)
