"""The calls: one token, streamed, to every key in the same moment, through the gateway's own client."""

from collections.abc import Sequence

import attrs
import trio

from benchmarks.probe.spending import Purse, worst
from benchmarks.probe.verdicts import Seen
from gateway.upstreams import Upstreams
from gateway.wire import read_chat
from policies.cost import charge
from policies.target import Target
from providers.client import Exchange, HttpClient
from providers.errors import ProviderError, RateLimited
from providers.quirks import newer_limit
from providers.types import Failed, Usage, UsageSeen, is_semantic

PATIENCE = 30.0
"""Seconds after which a call is given up; its time is known to be longer."""


@attrs.define(eq=False)
class _Call:
    """One call so far."""

    started: float
    ttft: float | None = None
    remaining: int | None = None
    usage: Usage | None = None
    error: ProviderError | None = None


async def rounds(
    http: HttpClient,
    upstreams: Upstreams,
    targets: Sequence[Target],
    purse: Purse,
    *,
    every: float,
) -> list[dict[str, Seen]]:
    """Calls every target at once, then again `every` seconds later, as long as that was stated."""
    found: list[dict[str, Seen]] = []
    due = trio.current_time()
    while len(found) < purse.stated.rounds and purse.affords(targets):
        await trio.sleep_until(due)
        due = trio.current_time() + every
        seen: dict[str, Seen] = {}

        async def call(target: Target, seen: dict[str, Seen] = seen) -> None:
            seen[target.key] = await _call(http, upstreams, target)

        async with trio.open_nursery() as nursery:
            for target in targets:
                nursery.start_soon(call, target)
        for key, each in seen.items():
            purse.paid(key, each.nano_usd)
        found.append({target.key: seen[target.key] for target in targets})
    return found


async def _call(http: HttpClient, upstreams: Upstreams, target: Target) -> Seen:
    call = _Call(trio.current_time())
    with trio.move_on_after(PATIENCE) as scope:
        try:
            await _exchange(http, upstreams, target, call)
        except ProviderError as error:
            call.error = error
    cut = scope.cancelled_caught and call.ttft is None
    return Seen(
        ttft=PATIENCE if cut else call.ttft,
        remaining=call.remaining,
        limited=isinstance(call.error, RateLimited),
        cut=cut,
        error=None if call.error is None else type(call.error).__name__,
        nano_usd=_cost(target, call),
    )


async def _exchange(http: HttpClient, upstreams: Upstreams, target: Target, call: _Call) -> None:
    body = {
        "model": target.model,
        "messages": [{"role": "user", "content": "Hi"}],
        "max_tokens": 1,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    asked = read_chat(newer_limit(body, target.model))
    upstream = upstreams.find(target)
    async with Exchange(http, upstream, asked, target.model, connect=PATIENCE) as exchange:
        await exchange.start()
        call.remaining = exchange.limits.requests_remaining
        while events := await exchange.receive():  # to the end, so that the connection is kept
            if call.ttft is None and any(map(is_semantic, events)):
                call.ttft = trio.current_time() - call.started
            for event in events:
                if isinstance(event, UsageSeen):
                    call.usage = event.usage
                elif isinstance(event, Failed):
                    raise event.error


def _cost(target: Target, call: _Call) -> int:
    """By the provider's own count, or the worst case; nothing where it refused."""
    if call.usage is not None:
        return charge(target.price, call.usage)
    refused = call.error is not None and call.error.status is not None
    return 0 if refused else worst(target)
