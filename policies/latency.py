"""What was seen of the time to first token: one recent estimate a key, one distribution a model.

`PeakEwma` answers "who is fast now?" for balancing, `Window` answers "how slow is unusual?" for
hedging. Both take durations in seconds, in two kinds: `sample` was seen, `at_least` is a call that
was given up after so long (it lost its race, its client left, its clock ran out). Errors are
neither: a quick 429 is not a fast key.
"""

import math
from collections import deque

import attrs

from policies.survival import FLOOR, Survival, bucket

TAU = 30.0  # seconds in which an idle key's reputation fades to 37 %


@attrs.define(eq=False)
class PeakEwma:
    """A key's recent time to first token: rises at once, falls slowly, in the logarithm.

    `median` is what its kind usually takes. Without news the estimate drifts there and not towards
    zero, or a slow key would look like the best one after a minute of rest.
    """

    tau: float = TAU
    _log: float | None = None
    _at: float = 0.0

    def value(self, now: float, median: float) -> float:
        """The estimate in seconds, never 0; the median if nothing was seen."""
        if self._log is None:
            return max(median, FLOOR)
        usual = _log(median)
        return math.exp(usual + (self._log - usual) * self._kept(now))

    def sample(self, seconds: float, now: float, median: float) -> None:
        """A first token came after so long."""
        seen, current = _log(seconds), math.log(self.value(now, median))
        if self._log is None or seen >= current:
            self._set(seen, now)
            return
        blended = seen + (self._log - seen) * self._kept(now)
        self._set(min(current, blended), now)

    def at_least(self, seconds: float, now: float, median: float) -> None:
        """No first token came for so long. Never lowers the estimate."""
        if seconds > self.value(now, median):
            self._set(_log(seconds), now)

    def _kept(self, now: float) -> float:
        return math.exp(-max(0.0, now - self._at) / self.tau)

    def _set(self, log: float, now: float) -> None:
        self._log, self._at = log, now


def _log(seconds: float) -> float:
    return math.log(max(seconds, FLOOR))


@attrs.define(eq=False)
class Window:
    """The recent times to first token of one kind of call: an exact sliding window.

    It keeps what is younger than `span` seconds, at least the last `least` (a quiet model must not
    forget all it knows) and at most the last `most`. Fill it from primary attempts only: hedges
    start when things are slow, so they are no fair sample.
    """

    span: float = 600.0
    least: int = 500
    most: int = 2000
    _survival: Survival = attrs.field(factory=Survival, repr=False)
    _seen: deque[tuple[float, int, bool]] = attrs.field(factory=deque, repr=False)
    _known: dict[float, float | None] = attrs.field(factory=dict, repr=False)
    _changes: int = 0

    @property
    def count(self) -> int:
        """How many calls it remembers, given-up ones included."""
        return self._survival.count

    @property
    def median(self) -> float | None:
        """The usual time in seconds."""
        return self.quantile(0.5)

    def sample(self, seconds: float, now: float) -> None:
        """A first token came after so long."""
        self._add(bucket(seconds), now, censored=False)

    def at_least(self, seconds: float, now: float) -> None:
        """No first token came for so long."""
        self._add(bucket(seconds), now, censored=True)

    def quantile(self, p: float) -> float | None:
        """The time in seconds within which a share `p` of all calls has its first token, or None.

        May lag behind by one call in a hundred: it is asked for with every request.
        """
        if p not in self._known:
            self._known[p] = self._survival.quantile(p)
        return self._known[p]

    def _add(self, position: int, now: float, *, censored: bool) -> None:
        self._survival.add(position, censored=censored)
        self._seen.append((now, position, censored))
        while self.count > self.most or self._outdated(now):
            _, old, was_censored = self._seen.popleft()
            self._survival.remove(old, censored=was_censored)
        self._changes += 1
        if self._changes * 100 > self.count:
            self._changes = 0
            self._known.clear()

    def _outdated(self, now: float) -> bool:
        return self.count > self.least and self._seen[0][0] < now - self.span
