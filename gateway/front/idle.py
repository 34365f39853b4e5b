"""When connections that nobody uses are closed: one clock for all, for their patience is the same.

A timer of its own for every wait between two requests costs as much as reading the request's head.
"""

from collections.abc import Callable

import attrs
import trio

LEAST = 0.01
"""Seconds between two looks, however short the patience."""

Close = Callable[[], None]


@attrs.define(eq=False)
class IdleClock:
    """Calls whoever has been idle for `patience` seconds. Who began first is due first."""

    patience: float
    _due: dict[Close, float] = attrs.field(factory=dict, repr=False)

    def begins(self, close: Close) -> None:
        """Idle from now on; `close` is called once, unless `ends` is told before."""
        self._due[close] = trio.current_time() + self.patience

    def ends(self, close: Close) -> None:
        """Not idle any more."""
        self._due.pop(close, None)

    async def run(self) -> None:
        """Runs until it is cancelled. Without anybody idle it looks again when the next could be due."""
        while True:
            now = trio.current_time()
            first = now + self.patience
            for close, due in list(self._due.items()):
                if due > now:
                    first = due
                    break
                del self._due[close]
                close()
            await trio.sleep_until(max(first, now + LEAST))
