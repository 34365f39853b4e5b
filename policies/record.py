"""How a key did lately: failures in a row, share of good answers in half a minute, ejections."""

import attrs

SLICES = 10
SLICE = 3.0  # seconds
ENOUGH = 10  # answers before a share means anything
IN_A_ROW = 3
GOOD_SHARE = 0.8
FORGIVEN = 30.0  # seconds of good behaviour after which an ejection is the first again


@attrs.define(eq=False)
class Record:
    """One key's recent answers: a ring of ten exact slices of 3 s."""

    failures: int = 0
    ejections: int = 0
    _back: float = -FORGIVEN
    _good: list[int] = attrs.field(factory=lambda: [0] * SLICES, repr=False)
    _bad: list[int] = attrs.field(factory=lambda: [0] * SLICES, repr=False)
    _stamps: list[int] = attrs.field(factory=lambda: [-SLICES] * SLICES, repr=False)

    def good(self, now: float) -> None:
        """An answer was complete."""
        self.failures = 0
        self._good[self._slot(now)] += 1

    def bad(self, now: float) -> None:
        """An attempt failed by the key's or its upstream's fault."""
        self.failures += 1
        self._bad[self._slot(now)] += 1

    def is_poor(self, now: float) -> bool:
        """Whether the key should rest: it failed too often in a row, or too large a share."""
        if self.failures >= IN_A_ROW:
            return True
        good, total = self.recent(now)
        return total >= ENOUGH and good < GOOD_SHARE * total

    def eject(self, now: float, *, again: bool) -> int:
        """The key is ejected: how often in a row? Coming back only to fail goes on counting."""
        again = again or now < self._back + FORGIVEN
        self.ejections = self.ejections + 1 if again else 1
        return self.ejections

    def come_back(self, now: float) -> None:
        """The key answered after an ejection: what was before no longer counts against it."""
        self._back = now
        self.failures = 0
        self._stamps = [-SLICES] * SLICES

    def recent(self, now: float) -> tuple[int, int]:
        """Good answers and all answers in the last half minute."""
        oldest = int(now // SLICE) - SLICES
        fresh = [slot for slot, stamp in enumerate(self._stamps) if stamp > oldest]
        good = sum(self._good[slot] for slot in fresh)
        return good, good + sum(self._bad[slot] for slot in fresh)

    def _slot(self, now: float) -> int:
        stamp = int(now // SLICE)
        slot = stamp % SLICES
        if self._stamps[slot] != stamp:
            self._stamps[slot], self._good[slot], self._bad[slot] = stamp, 0, 0
        return slot
