"""How busy each key is: the calls that have begun and not ended.

A call is busy until its last token is relayed or it is cancelled, not until its headers came.
"""

from collections import Counter

import attrs


@attrs.define(eq=False)
class Load:
    """Calls in flight by key name. Every `begin` is matched by one `end`."""

    _flying: Counter[str] = attrs.field(factory=Counter)

    def begin(self, key: str) -> None:
        """A call was sent."""
        self._flying[key] += 1

    def end(self, key: str) -> None:
        """A call is over, however it ended."""
        self._flying[key] -= 1
        if self._flying[key] <= 0:
            del self._flying[key]

    def of(self, key: str) -> int:
        """Calls in flight on this key."""
        return self._flying[key]

    @property
    def total(self) -> int:
        """Calls in flight on all keys."""
        return self._flying.total()
