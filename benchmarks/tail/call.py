"""An upstream call in virtual time: it follows a script, at the seam where the race opens its calls."""

from collections.abc import Sequence
from types import TracebackType
from typing import Protocol, Self

import attrs
import trio

from benchmarks.tail.script import SILENT, Script
from policies.target import Target
from providers.errors import ProviderError
from providers.types import Event, RateLimits

_NOTHING = RateLimits()


class Visited(Protocol):
    """Who knows how calls go, and is told of them."""

    def begin(self, target: Target, /) -> Script:
        """A call reaches the target: this is how it goes."""

    def accepted(self, target: Target, /) -> None:
        """The target has taken a call."""

    def refused(self, error: ProviderError, /) -> None:
        """A call was refused."""

    def close(self) -> None:
        """One of the calls is closed."""


@attrs.define(eq=False)
class ScriptedCall:
    """An exchange that follows a script on Trio's clock."""

    visit: Visited
    target: Target
    limits: RateLimits = _NOTHING
    _script: Script = SILENT
    _place: int = 0

    async def __aenter__(self) -> Self:
        self._script = self.visit.begin(self.target)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.visit.close()

    async def start(self) -> None:
        """Waits for the headers, or for the refusal."""
        await trio.sleep(self._script.accepted)
        error = self._script.error
        if error is not None:
            self.visit.refused(error)
            raise error
        self.visit.accepted(self.target)

    async def receive(self) -> Sequence[Event]:
        """The next step's events; waits for ever after the last."""
        if self._place == len(self._script.steps):
            await trio.sleep_forever()
        wait, events = self._script.steps[self._place]
        self._place += 1
        if wait:  # what came together is read together, without asking the scheduler again
            await trio.sleep(wait)
        return events
