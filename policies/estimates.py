"""What is known of everybody's time to first token: an estimate a target, a window a model."""

from collections.abc import Collection, Iterable
from statistics import median

import attrs

from policies.latency import PeakEwma, Window
from policies.target import Target

USUAL = 1.0  # seconds to the first token, where nothing was ever seen


@attrs.define(eq=False)
class Estimates:
    """Fed by every attempt that says something of latency; windows by primaries only.

    Hedges start when things are slow, so they are no fair sample of how long a call takes.
    """

    windows: dict[str, Window] = attrs.field(factory=dict)
    _targets: dict[tuple[str, str], PeakEwma] = attrs.field(factory=dict)

    def window(self, model: str) -> Window:
        """The times of this upstream model's primaries."""
        if model not in self.windows:
            self.windows[model] = Window()
        return self.windows[model]

    def first(self, target: Target, seconds: float, now: float, *, primary: bool) -> None:
        """A first token came after so long."""
        self._of(target).sample(seconds, now, self.usual([target]))
        if primary:
            self.window(target.model).sample(seconds, now)

    def gave_up(self, target: Target, seconds: float, now: float, *, primary: bool) -> None:
        """No first token came for so long."""
        self._of(target).at_least(seconds, now, self.usual([target]))
        if primary:
            self.window(target.model).at_least(seconds, now)

    def ttft(self, target: Target, now: float, usual: float) -> float:
        """The target's estimate in seconds; its model's median, or else `usual`, if it has none."""
        expected = self._median(target.model) or usual
        seen = self._targets.get((target.key, target.model))
        return seen.value(now, expected) if seen else expected

    def usual(self, targets: Iterable[Target]) -> float:
        """What to expect where nothing was seen: what the neighbours' models take."""
        medians = (self._median(model) for model in {target.model for target in targets})
        known = [seconds for seconds in medians if seconds is not None]
        return median(known) if known else USUAL

    def retain(self, targets: Collection[Target]) -> None:
        """Forgets all that does not concern these targets."""
        known = {(target.key, target.model) for target in targets}
        models = {target.model for target in targets}
        self._targets = {at: seen for at, seen in self._targets.items() if at in known}
        self.windows = {model: seen for model, seen in self.windows.items() if model in models}

    def _median(self, model: str) -> float | None:
        window = self.windows.get(model)
        return window.median if window else None

    def _of(self, target: Target) -> PeakEwma:
        at = target.key, target.model
        if at not in self._targets:
            self._targets[at] = PeakEwma()
        return self._targets[at]
