"""Mixed traffic: whole answers, streams, and clients that go away at any moment, by an open loop."""

import json
import random
from collections import Counter

import attrs
import trio

from benchmarks.overhead.subjects import Subject
from benchmarks.stream_client import Request, post, send

PATIENCE = 60.0
"""Seconds after which a call counts as failed."""

GOOD = 200

_KINDS = {"whole": ("say-8x0", False), "stream": ("say-64x1", True), "left": ("say-64x20", True)}
_SHARES = {"whole": 50, "stream": 30, "left": 20}
_LEFT_WITHIN = 0.5


@attrs.define(eq=False)
class Traffic:
    """Calls to a subject, `rate` a second on average. `done` counts them by kind and outcome."""

    subject: Subject
    rate: float
    rng: random.Random
    done: Counter[str] = attrs.field(factory=Counter)
    _requests: dict[str, Request] = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._requests = {kind: self._request(*how) for kind, how in _KINDS.items()}

    async def run(self) -> None:
        """Calls until cancelled, then lets what is under way be."""
        kinds, shares = list(_SHARES), list(_SHARES.values())
        async with trio.open_nursery() as nursery:
            due = trio.current_time()
            while True:
                due += self.rng.expovariate(self.rate)
                await trio.sleep_until(due)
                (kind,) = self.rng.choices(kinds, shares)
                nursery.start_soon(self._call, kind)

    async def _call(self, kind: str) -> None:
        wait = self.rng.uniform(0.0, _LEFT_WITHIN) if kind == "left" else PATIENCE
        outcome = "in time"
        with trio.move_on_after(wait) as scope:
            outcome = await self._outcome(kind)
        if scope.cancelled_caught:
            outcome = "gone" if kind == "left" else "failed"
        self.done[f"{kind}, {outcome}"] += 1

    async def _outcome(self, kind: str) -> str:
        try:
            response = await send(self._requests[kind], lambda _: None)
        except (OSError, trio.BrokenResourceError):
            return "failed"
        return "answered" if response.complete and response.status == GOOD else "failed"

    def _request(self, model: str, stream: bool) -> Request:
        asked = {
            "model": model,
            "messages": [{"role": "user", "content": "Say something green."}],
            "stream": stream,
        }
        headers = {"content-type": "application/json", **self.subject.headers}
        return post(f"{self.subject.url}/chat/completions", headers, json.dumps(asked).encode())
