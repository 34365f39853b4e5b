"""One round of the measurement: every subject in turn, so that what the machine does hits all alike."""

import json
import math
import sys
from collections import defaultdict

import attrs
import msgspec
import trio

from benchmarks.overhead import cpu
from benchmarks.overhead.load import Order, Outcome
from benchmarks.overhead.subjects import Field, Subject
from benchmarks.stats import quantile

SHARE = 0.3
"""Of what a server can do at most, where its latency is measured."""

STALL = 0.2
"""Seconds of silence that a person notices."""

PATIENCE = 120.0
"""Seconds after which a load generator does not come back any more."""

FLOOD = "say-256x0"
GAP = 0.02
DELTAS = 64


@attrs.frozen
class Sizes:
    """How much is measured. Times in seconds; `rate` is requests a second."""

    seconds: float = 3.0
    rate: float = 100.0
    requests: int = 300
    streams: int = 64


@attrs.define(eq=False)
class Figures:
    """What was seen, by subject and figure: one value a round."""

    seen: defaultdict[str, defaultdict[str, list[float]]] = attrs.field(
        factory=lambda: defaultdict(lambda: defaultdict(list))
    )
    failed: defaultdict[str, int] = attrs.field(factory=lambda: defaultdict(int))

    def note(self, subject: Subject, outcome: Outcome, **values: float) -> None:
        """Adds a value to each of these figures."""
        self.failed[subject.name] += outcome.failed
        for name, value in values.items():
            self.seen[subject.name][name].append(value)


@attrs.define(eq=False)
class Rounds:
    """Measures a field, round by round."""

    field: Field
    sizes: Sizes
    figures: Figures = attrs.field(factory=Figures)

    async def once(self, seed: int) -> None:
        """A round."""
        for subject in self.field.subjects:
            await self._saturate(subject)
        for clients in (1, 16):
            for subject in self.field.subjects:
                await self._latency(subject, clients, seed)
        for subject in self._streaming():
            await self._first_token(subject, seed)
        for subject in self._streaming():
            await self._events(subject, seed)
        for subject in self._streaming():
            await self._relayed(subject)

    async def briefly(self, seed: int) -> None:
        """A round of whole answers alone: at saturation, and to one client at leisure."""
        for subject in self.field.subjects:
            await self._saturate(subject)
        for subject in self.field.subjects:
            await self._latency(subject, 1, seed)

    def _streaming(self) -> list[Subject]:
        return [subject for subject in self.field.subjects if subject.streams]

    async def _saturate(self, subject: Subject) -> None:
        await send(saturation(subject, 0.5))
        outcome, spent = await watched(subject, saturation(subject, self.sizes.seconds))
        answered = max(1, outcome.answered)
        self.figures.note(
            subject,
            outcome,
            rps=outcome.answered / outcome.elapsed,
            cpu_us=1e6 * spent / answered,
        )

    async def _latency(self, subject: Subject, clients: int, seed: int) -> None:
        rate = self._rate(subject, clients)
        count = max(20, int(self.sizes.requests * rate / self.sizes.rate))
        order = _order(subject, "paced", "say-1x0", clients=clients, rate=rate, count=count)
        outcome = await send(attrs.evolve(order, seed=seed))
        self.figures.note(
            subject,
            outcome,
            **{
                f"p50_{clients}": quantile(outcome.total, 0.5),
                f"p99_{clients}": quantile(outcome.total, 0.99),
            },
        )

    async def _first_token(self, subject: Subject, seed: int) -> None:
        rate = self._rate(subject, 16)
        count = max(20, int(self.sizes.requests * rate / self.sizes.rate))
        order = _order(subject, "paced", "say-8x0", clients=16, rate=rate, count=count, stream=True)
        outcome = await send(attrs.evolve(order, seed=seed))
        self.figures.note(
            subject,
            outcome,
            ttft_p50=quantile(outcome.first, 0.5),
            ttft_p99=quantile(outcome.first, 0.99),
        )

    def _rate(self, subject: Subject, clients: int) -> float:
        """Not more than the server can do with ease, and for many clients three times the rate of one."""
        wanted = self.sizes.rate * (1 if clients == 1 else 3)
        return max(1.0, min(wanted, SHARE * self.figures.seen[subject.name]["rps"][-1]))

    async def _events(self, subject: Subject, seed: int) -> None:
        outcome, spent = await watched(subject, streams(subject, self.sizes.streams, seed))
        self.figures.note(
            subject,
            outcome,
            event_us=1e6 * spent / max(1, outcome.events),
            stalled=sum(gap > STALL for gap in outcome.gaps) + outcome.failed,
        )

    async def _relayed(self, subject: Subject) -> None:
        """Events that come as fast as they are taken."""
        order = _order(
            subject, "saturate", FLOOD, clients=16, seconds=self.sizes.seconds, stream=True
        )
        outcome, spent = await watched(subject, order)
        self.figures.note(subject, outcome, relay_us=1e6 * spent / max(1, outcome.events))


def saturation(subject: Subject, seconds: float) -> Order:
    """Whole answers to sixteen clients at once, as many as come."""
    return _order(subject, "saturate", "say-1x0", clients=16, seconds=seconds)


def streams(subject: Subject, count: int, seed: int, words: int = DELTAS) -> Order:
    """So many streams, begun spread over the time that one of them lasts."""
    return attrs.evolve(
        _order(subject, "streams", f"say-{words}x20", clients=count, count=count, stream=True),
        spread=DELTAS * GAP,
        seed=seed,
    )


async def send(order: Order) -> Outcome:
    """Has a load generator of its own carry out the order."""
    _, measuring = cpu.cores()
    told = msgspec.json.encode(attrs.evolve(order, cores=sorted(measuring))).decode()
    command = [sys.executable, "-m", "benchmarks.overhead.load", told]
    with trio.fail_after(PATIENCE + order.count / (order.rate or math.inf)):
        done = await trio.run_process(command, capture_stdout=True)
    return msgspec.json.decode(done.stdout, type=Outcome)


async def watched(subject: Subject, order: Order) -> tuple[Outcome, float]:
    """The outcome, and the seconds of CPU that the subject took for it."""
    if subject.pid is None:
        return await send(order), float("nan")
    before = cpu.used(subject.pid)
    outcome = await send(order)
    return outcome, cpu.used(subject.pid) - before


def _order(
    subject: Subject,
    kind: str,
    model: str,
    *,
    clients: int,
    stream: bool = False,
    **numbers: float,
) -> Order:
    body = {
        "model": model,
        "messages": [{"role": "user", "content": "Say something green."}],
        "stream": stream,
    }
    order = {
        "kind": kind,
        "url": subject.url,
        "headers": subject.headers,
        "body": json.dumps(body),
        "clients": clients,
        **numbers,
    }
    return msgspec.convert(order, Order)
