"""A whole answer that is streamed upstream, where the upstream allows it.

Some models stream only for some accounts: they refuse the request because of `stream` alone. Then the same
call is sent again as the client asked for it, in the same attempt, and the next ones to that key and model go
without the detour.
"""

from collections.abc import Awaitable, Callable, Sequence
from types import TracebackType
from typing import Self, TypeAlias

import attrs

from gateway.attempt import Exchange
from policies.target import Target
from providers.errors import RequestRejected
from providers.streamed import refuses_streaming
from providers.types import Call, Event, RateLimits

MOST = 4096
"""Keys and models that are remembered; beyond that, they are asked again."""

OpenCall: TypeAlias = Callable[[Target, Call], Exchange]


@attrs.define(eq=False)
class Unstreamed:
    """Which keys' models are known to refuse streaming."""

    _known: set[tuple[str, str]] = attrs.field(factory=set)

    def add(self, target: Target) -> None:
        """This one does."""
        if len(self._known) >= MOST:
            self._known.clear()
        self._known.add((target.key, target.model))

    def __contains__(self, target: Target) -> bool:
        return (target.key, target.model) in self._known


@attrs.define(eq=False)
class StreamedOrWhole:
    """An exchange that is streamed, or whole where streaming is refused."""

    target: Target
    streamed: Call
    whole: Call
    open: OpenCall
    unstreamed: Unstreamed
    _exchange: Exchange = attrs.field(init=False)
    _refused: Exchange | None = None

    async def __aenter__(self) -> Self:
        call = self.whole if self.target in self.unstreamed else self.streamed
        self._exchange = self.open(self.target, call)
        await self._exchange.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            await self._exchange.__aexit__(kind, error, trace)  # noqa: ASYNC102 - exchanges shield themselves
        finally:
            if self._refused is not None:
                await self._refused.__aexit__(kind, error, trace)  # noqa: ASYNC102 - as above

    @property
    def limits(self) -> RateLimits:
        """What the answer's headers said of the key's quota."""
        return self._exchange.limits

    async def start(self) -> None:
        """Sends the call, and once more if only its streaming was refused.

        Raises:
            ProviderError: as the exchange says.
        """
        try:
            await self._exchange.start()
        except RequestRejected as error:
            if self.target in self.unstreamed or not refuses_streaming(error):
                raise
            self.unstreamed.add(self.target)
            whole = self.open(self.target, self.whole)
            await whole.__aenter__()
            self._refused, self._exchange = self._exchange, whole
            await self._exchange.start()

    def receive(self) -> Awaitable[Sequence[Event]]:
        """The next events."""
        return self._exchange.receive()
