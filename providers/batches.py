"""Embeddings of more inputs than a provider takes at once: several calls, one after the other, as if one.

Nothing is told before all have answered, and one that fails is the failure of the whole.
"""

from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Protocol, Self, runtime_checkable

import attrs
import trio

from providers.base import Dialect
from providers.client import Exchange, HttpClient, Upstream
from providers.types import (
    EmbedCall,
    Ended,
    Event,
    Failed,
    Native,
    RateLimits,
    Usage,
    UsageSeen,
    Vectors,
)


@runtime_checkable
class Batching(Protocol):
    """A dialect whose provider takes only so many inputs at once."""

    def most_inputs(self, model: str) -> int:
        """How many, for this model."""


class Batches:
    """To be used like one `Exchange`."""

    def __init__(self, exchanges: Sequence[Exchange]) -> None:
        self._first, *self._others = exchanges
        self._said = False
        self.limits = RateLimits()

    async def __aenter__(self) -> Self:
        await self._first.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._first.__aexit__(kind, error, trace)  # noqa: ASYNC102 - shields itself

    async def start(self) -> None:
        """Sends the first call and waits for its answer's headers.

        Raises:
            ProviderError: no connection, or the upstream answered with an error.
        """
        await self._start(self._first)

    async def receive(self) -> Sequence[Event]:
        """All events at once; empty after that.

        Raises:
            ProviderError: one of the other calls was not accepted.
        """
        if self._said:
            await trio.lowlevel.checkpoint()
            return ()
        self._said = True
        events = await _all(self._first)
        for exchange in self._others:
            if isinstance(events[-1], Failed):
                break
            async with exchange:
                await self._start(exchange)
                events += await _all(exchange)
        return merged(events)

    async def _start(self, exchange: Exchange) -> None:
        await exchange.start()
        self.limits = exchange.limits


def exchange_for(
    http: HttpClient, upstream: Upstream, call: EmbedCall, model: str, *, connect: float
) -> Exchange | Batches:
    """The exchange for a call, in as many batches as its provider wants.

    Raises:
        ProviderError: it cannot be sent there.
    """
    batches = split(call, _most(upstream.dialect, model))
    made = [Exchange(http, upstream, batch, model, connect=connect) for batch in batches]
    return made[0] if len(made) == 1 else Batches(made)


def split(call: EmbedCall, most: int | None) -> list[EmbedCall]:
    """The call in parts of at most so many inputs."""
    if most is None or len(call.inputs) <= most:
        return [call]
    return [*_parts(call, most)]


def merged(events: Sequence[Event]) -> list[Event]:
    """The events of several answers as those of one."""
    failed = next((event for event in events if isinstance(event, Failed)), None)
    if failed is not None:
        return [failed]
    given = [event for event in events if isinstance(event, Vectors)]
    items = tuple(item for vectors in given for item in vectors.items)
    spent = [event.usage for event in events if isinstance(event, UsageSeen)]
    used = [UsageSeen(_sum(spent))] if spent else []
    return [Vectors(items, given[0].model), *used, Ended()]


def _most(dialect: Dialect, model: str) -> int | None:
    return dialect.most_inputs(model) if isinstance(dialect, Batching) else None


def _parts(call: EmbedCall, most: int) -> Iterator[EmbedCall]:
    for start in range(0, len(call.inputs), most):
        inputs = call.inputs[start : start + most]
        body = {**call.body, "input": list(inputs)}
        native = _part(call.native, start, start + most)
        yield attrs.evolve(call, inputs=inputs, body=body, native=native)


def _part(native: Native | None, start: int, end: int) -> Native | None:
    """The same part of the request as its client told it, in Gemini's form: the only one with batches."""
    if native is None:
        return None
    return attrs.evolve(
        native, body={**native.body, "requests": native.body["requests"][start:end]}
    )


def _sum(spent: Sequence[Usage]) -> Usage:
    prompt, total = (sum(getattr(usage, name) for usage in spent) for name in ("prompt", "total"))
    return Usage(prompt=prompt, total=total)


async def _all(exchange: Exchange) -> list[Event]:
    """Everything until the exchange has no more."""
    events: list[Event] = []
    while batch := await exchange.receive():
        events += batch
    return events
