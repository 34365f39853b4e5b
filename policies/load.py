"""How busy each key is: the calls that have begun and not ended.

A call is busy until its last token is relayed or it is cancelled, not until its headers came.
"""

import attrs


@attrs.define(eq=False)
class Load:
    """Calls in flight by key name. Every `begin` is matched by one `end`."""

    _flying: dict[str, int] = attrs.field(factory=dict)

    def begin(self, key: str) -> None:
        """A call was sent."""
        self._flying[key] = self._flying.get(key, 0) + 1

    def end(self, key: str) -> None:
        """A call is over, however it ended."""
        left = self._flying.pop(key, 0) - 1
        if left > 0:
            self._flying[key] = left

    def of(self, key: str) -> int:
        """Calls in flight on this key."""
        return self._flying.get(key, 0)

    @property
    def total(self) -> int:
        """Calls in flight on all keys."""
        return sum(self._flying.values())
