"""How long backups take: the times to first token of every attempt at a provider's model.

Delays are read from primaries, which are a fair sample of what requests meet. Whether a backup would be
first is another question: a pool's other provider may be three times slower under the same model name,
and if all its attempts are hedges no primary ever tells. Here every attempt counts, those that were cut
as lower bounds: a backup that lost twenty times in a row is known to be slow.
"""

from collections import OrderedDict
from typing import TypeAlias

import attrs

from policies.latency import Window
from policies.survival import Curve, bucket, edge, win_probability
from policies.target import Target

ENOUGH = 20
"""Attempts before anything is concluded from them."""

MOST = 256
"""Provider and model pairs that are remembered; the one that was quiet for longest goes first."""

_At: TypeAlias = tuple[str, str]


@attrs.define(eq=False)
class Rivals:
    """One window for each provider and upstream model."""

    _windows: OrderedDict[_At, Window] = attrs.field(factory=OrderedDict)
    _won: dict[tuple[_At, int], tuple[Curve, Curve, float]] = attrs.field(factory=dict)

    def first(self, target: Target, seconds: float, now: float) -> None:
        """A first token came after so long."""
        self._of(target).sample(seconds, now)

    def gave_up(self, target: Target, seconds: float, now: float) -> None:
        """No first token came for so long."""
        self._of(target).at_least(seconds, now)

    def curve(self, target: Target) -> Curve | None:
        """The distribution at this target's provider; None while too little is known."""
        window = self._windows.get((target.provider, target.model))
        return window.curve if window is not None and window.count >= ENOUGH else None

    def win_probability(self, primary: Curve, backup: Target, delay: float) -> float | None:
        """How likely a backup started after `delay` is first, if the primary is still silent then.

        Both taken for independent; None while too little is known. The delay is rounded to its bucket,
        and what was found is kept until one of the curves changes.
        """
        rival = self.curve(backup)
        if rival is None:
            return None
        at = (backup.provider, backup.model), bucket(delay)
        known = self._won.get(at)
        if known is None or known[0] is not primary or known[1] is not rival:
            if len(self._won) >= MOST:
                self._won.clear()
            known = primary, rival, win_probability(primary, rival, edge(at[1] + 0.5))
            self._won[at] = known
        return known[2]

    def _of(self, target: Target) -> Window:
        at = target.provider, target.model
        window = self._windows.get(at)
        if window is None:
            window = self._windows[at] = Window(least=200)
            if len(self._windows) > MOST:
                self._windows.popitem(last=False)
        else:
            self._windows.move_to_end(at)
        return window
