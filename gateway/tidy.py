"""Memory after a rush: garbage that is in cycles is collected once the gateway has come to rest.

A request leaves some two hundred objects in cycles (nurseries, protocol objects, tracebacks). The collector
counts allocations and comes for them with the next requests, which is too late: by then the next rush
has taken fresh memory beside what the last one left, and the process grows from rush to rush. At rest
the collection costs nobody anything.
"""

import gc
from collections.abc import Callable

import trio

LOOK_EVERY = 1.0
"""Seconds between looks; the gateway is at rest when it was so at two of them."""

A_RUSH = 100
"""Requests since the last collection that make one worth while."""


async def tidy(written: Callable[[], int], running: Callable[[], int]) -> None:
    """Collects after each rush, for ever. `written` is how many records the journal got so far, about one
    for each request; `running` how many upstream calls there are now."""
    last = collected = written()
    while True:
        await trio.sleep(LOOK_EVERY)
        now = written()
        if now == last and now - collected >= A_RUSH and not running():
            gc.collect()
            collected = now
        last = now
