"""The metrics of all workers in one answer, whichever of them is asked.

Each value has a `worker` label instead of being summed: a counter that belongs to one process starts
again at 0 with it, which Prometheus understands; of a sum it would see a part missing and count the rest
once more. `sum without (worker) (rate(…))` is the whole.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager

import attrs
import trio
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from gateway.workers.news import Row


def rows(registry: CollectorRegistry, worker: int) -> list[Row]:
    """Every value there is, as this worker's."""
    return [
        (family.name, sample.name, {**sample.labels, "worker": str(worker)}, sample.value)
        for family in registry.collect()
        for sample in family.samples
    ]


def exposition(registry: CollectorRegistry, answers: Iterable[Sequence[Row]]) -> bytes:
    """The text that Prometheus scrapes, of the values of several workers. They have the families in common."""
    families = {family.name: family for family in registry.collect()}
    for family in families.values():
        family.samples = []
    for row in (row for answer in answers for row in answer):
        name, sample, labels, value = row
        families[name].add_sample(sample, labels, value)
    collected = CollectorRegistry()
    collected.register(_Collected(list(families.values())))
    return generate_latest(collected)


@attrs.frozen(eq=False)
class _Collected(Collector):
    families: list[Metric]

    def collect(self) -> list[Metric]:
        return self.families


@attrs.define(eq=False)
class Scrape:
    """One question to all workers. `done` is set when all of them have answered or died."""

    number: int
    missing: set[int]
    answers: dict[int, list[Row]] = attrs.field(factory=dict)
    done: trio.Event = attrs.field(factory=trio.Event)

    def without(self, worker: int) -> None:
        """Nobody waits for this worker any more."""
        self.missing.discard(worker)
        if not self.missing:
            self.done.set()


@attrs.define(eq=False)
class Scrapes:
    """The questions that wait for answers."""

    _open: dict[int, Scrape] = attrs.field(factory=dict)
    _last: int = 0

    @contextmanager
    def opened(self, peers: Collection[int]) -> Iterator[Scrape]:
        """A new question to these, which takes answers until the block is left."""
        self._last += 1
        scrape = self._open[self._last] = Scrape(self._last, set(peers))
        if not peers:
            scrape.done.set()
        try:
            yield scrape
        finally:
            del self._open[scrape.number]

    def answered(self, number: int, worker: int, rows: list[Row]) -> None:
        """A worker has said its values; too late is no matter."""
        scrape = self._open.get(number)
        if scrape is not None:
            scrape.answers[worker] = rows
            scrape.without(worker)

    def without(self, worker: int) -> None:
        """A worker is dead and answers nothing any more."""
        for scrape in self._open.values():
            scrape.without(worker)
