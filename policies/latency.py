"""What was seen of the time to first token: one recent estimate a key, one distribution a model.

`PeakEwma` answers "who is fast now?" for balancing, `Window` answers "how slow is unusual?" for
hedging. Both take durations in seconds, in two kinds: `sample` was seen, `at_least` is a call that
was given up after so long (it lost its race, its client left, its clock ran out). Errors are
neither: a quick 429 is not a fast key.
"""

import math
from array import array

import attrs

from policies.survival import FLOOR, Curve, Survival, bucket

TAU = 30.0  # seconds in which an idle key's reputation fades to 37 %
_SLACK = 128  # outdated calls that wait to be cut off together


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
        age = now - self._at
        return math.exp(-age / self.tau) if age > 0.0 else 1.0

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

    Memory: a call is ten bytes, a time and its bucket with the flag for given up in the lowest bit,
    in two arrays whose outdated beginning is cut off now and then. With the counts and the curve a
    full window of 2000 takes 32 KB at most, an empty one 5 KB.
    """

    span: float = 600.0
    least: int = 500
    most: int = 2000
    age: int = attrs.field(default=0, init=False)
    """Rises whenever what it answers may have changed."""
    _survival: Survival = attrs.field(factory=Survival, init=False, repr=False)
    _times: "array[float]" = attrs.field(factory=lambda: array("d"), init=False, repr=False)
    _marks: "array[int]" = attrs.field(factory=lambda: array("H"), init=False, repr=False)
    _start: int = attrs.field(default=0, init=False)
    _known: dict[float, float | None] = attrs.field(factory=dict, init=False, repr=False)
    _curve: Curve | None = attrs.field(default=None, init=False, repr=False)
    _changes: int = attrs.field(default=0, init=False)

    @property
    def count(self) -> int:
        """How many calls it remembers, given-up ones included."""
        return self._survival.count

    @property
    def nbytes(self) -> int:
        """What its arrays take."""
        survival, arrays = self._survival, (self._times, self._marks)
        counts = (survival.ended, survival.censored)
        return sum(len(array) * array.itemsize for array in (*arrays, *counts))

    @property
    def median(self) -> float | None:
        """The usual time in seconds."""
        return self.quantile(0.5)

    @property
    def curve(self) -> Curve | None:
        """The whole distribution; None if nothing was seen. Lags behind as `quantile` does."""
        if self._curve is None:
            self._curve = self._survival.curve()
        return self._curve

    def sample(self, seconds: float, now: float) -> None:
        """A first token came after so long."""
        self.add(bucket(seconds), now, censored=False)

    def at_least(self, seconds: float, now: float) -> None:
        """No first token came for so long."""
        self.add(bucket(seconds), now, censored=True)

    def quantile(self, p: float) -> float | None:
        """The time in seconds within which a share `p` of all calls has its first token, or None.

        May lag behind by one call in a hundred: it is asked for with every request.
        """
        if p not in self._known:
            curve = self.curve
            self._known[p] = None if curve is None else curve.quantile(p)
        return self._known[p]

    def add(self, position: int, now: float, *, censored: bool) -> None:
        """One more call, given by its bucket."""
        survival = self._survival
        survival.add(position, censored=censored)
        self._times.append(now)
        self._marks.append(position << 1 | censored)
        self._changes += max(1, self._slide(now))
        if self._changes * 100 > survival.count:
            self._changes = 0
            self.age += 1
            self._known.clear()
            self._curve = None

    def _slide(self, now: float) -> int:
        """Forgets what is outdated, and says how many that were."""
        survival, at, begin = self._survival, self._start, now - self.span
        while survival.count > self.least and (
            survival.count > self.most or self._times[at] < begin
        ):
            survival.remove(self._marks[at] >> 1, censored=bool(self._marks[at] & 1))
            at += 1
        forgotten, self._start = at - self._start, at
        if at >= _SLACK:
            del self._times[:at], self._marks[:at]
            self._start = 0
        return forgotten
