"""Upstream calls that follow a script, at the seam where the race opens them."""

from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import Self

import attrs
import trio

from policies.target import Target
from providers.errors import ProviderError
from providers.types import Ended, Event, Finished, RateLimits, Started, TextDelta

UNTOLD = RateLimits()

Step = tuple[float, Sequence[Event] | ProviderError]


def spoken(text: str = "hello") -> tuple[Event, ...]:
    """A whole small answer."""
    return (Started(), TextDelta(text), Finished("stop"), Ended())


@attrs.define(eq=False)
class ScriptedExchange:
    """Plays its steps: seconds to wait, then events to give or an error to raise. Then keeps silent."""

    target: Target
    steps: list[Step]
    accept_after: float = 0.0
    close_takes: float = 0.0
    closed_at: float | None = None
    limits: RateLimits = UNTOLD

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with trio.move_on_after(2.0, shield=True):
            await trio.sleep(self.close_takes)
        self.closed_at = trio.current_time()

    async def start(self) -> None:
        await trio.sleep(self.accept_after)

    async def receive(self) -> Sequence[Event]:
        if not self.steps:
            await trio.sleep_forever()
        delay, what = self.steps.pop(0)
        await trio.sleep(delay)
        if isinstance(what, ProviderError):
            raise what
        return what


@attrs.define(eq=False)
class Stage:
    """Opens scripted exchanges by key, and remembers them."""

    scripts: dict[str, list[Step]]
    close_takes: float = 0.0
    opened: list[ScriptedExchange] = attrs.field(factory=list)

    def open(self, target: Target) -> ScriptedExchange:
        exchange = ScriptedExchange(
            target, list(self.scripts[target.key]), close_takes=self.close_takes
        )
        self.opened.append(exchange)
        return exchange

    @property
    def open_calls(self) -> int:
        """How many are still open."""
        return sum(exchange.closed_at is None for exchange in self.opened)


def targets(keys: Iterable[str], *, domain: str | None = None) -> tuple[Target, ...]:
    """A tier of keys, each its own provider and domain unless one is given."""
    return tuple(Target(key, domain or key, domain or key, "model") for key in keys)
