"""Which prompt beginnings are in which target's cache, and which target served each the last time.

A warm prompt has its first token much sooner and costs less, so its times must not be mixed with the
others', and its next call had better go to the same place. Providers keep a beginning for some minutes
after its last use; nobody says when it is gone. Beginnings are told by their names (hashes) alone.
"""

from collections import OrderedDict
from typing import Generic, TypeVar

import attrs

from policies.target import Target

TTL = 300.0
"""Seconds that a beginning is thought to stay in a cache after its last use."""

MOST = 10_000
"""Beginnings that are remembered, of each kind; the longest unused go first."""

K = TypeVar("K")
V = TypeVar("V")


@attrs.define(eq=False)
class _Recent(Generic[K, V]):
    """What was put in the last `TTL` seconds, at most `MOST` of it."""

    _entries: OrderedDict[K, tuple[V, float]] = attrs.field(factory=OrderedDict)

    def put(self, key: K, value: V, now: float) -> None:
        self._entries[key] = value, now
        self._entries.move_to_end(key)
        if len(self._entries) > MOST:
            self._entries.popitem(last=False)

    def get(self, key: K, now: float) -> V | None:
        entry = self._entries.get(key)
        return entry[0] if entry and now < entry[1] + TTL else None


@attrs.define(eq=False)
class Warmth:
    """What is known of caches. Every operation takes constant time; memory is bounded."""

    _warm: _Recent[tuple[str, str, str], bool] = attrs.field(factory=_Recent)
    _sticky: _Recent[str, str] = attrs.field(factory=_Recent)

    def seen(self, affinity: str, target: Target, now: float) -> None:
        """The target has this beginning in its cache now: it read it there, or has just put it there."""
        self._warm.put((affinity, target.key, target.model), value=True, now=now)

    def warm(self, affinity: str | None, target: Target, now: float) -> bool:
        """Whether the beginning is thought to be in the target's cache; None is no beginning."""
        if affinity is None:
            return False
        return self._warm.get((affinity, target.key, target.model), now) is not None

    def renew(self, affinity: str, target: Target, now: float) -> None:
        """The beginning's next calls shall go to this target.

        Not to be called for a primary that was so slow that a hedge started, even if it won: that
        would tie the beginning to a slow key. Then the former bond just runs out.
        """
        self._sticky.put(affinity, target.key, now)

    def sticky(self, affinity: str, now: float) -> str | None:
        """The key that this beginning was last tied to, if that was not too long ago."""
        return self._sticky.get(affinity, now)
