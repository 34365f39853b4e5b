"""Counters and histograms for the hot path, shown to Prometheus when it asks.

The library's own take a lock and ask three questions for every number, and a request tells ten of them. Here a
number is an entry of a dict: only the event loop's thread counts, and the scrape is answered there, too.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import accumulate

import attrs
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

Labels = tuple[str, ...]
"""The values of a family's labels, in the order of their names."""


@attrs.define(eq=False)
class Counters(Collector):
    """A family of counters."""

    name: str
    help: str
    labels: Labels
    _counts: dict[Labels, float] = attrs.field(factory=dict, repr=False)

    def add(self, labels: Labels, amount: float = 1.0) -> None:
        """So much more."""
        self._counts[labels] = self._counts.get(labels, 0.0) + amount

    def collect(self) -> Iterator[CounterMetricFamily]:
        """What Prometheus is told."""
        family = CounterMetricFamily(self.name, self.help, labels=self.labels)
        for labels, count in self._counts.items():
            family.add_metric(labels, count)
        yield family


@attrs.define(eq=False)
class _Seen:
    counts: list[int]
    total: float = 0.0


@attrs.define(eq=False)
class Histograms(Collector):
    """A family of histograms with the same buckets. `bounds` are their upper ends, without the infinite one."""

    name: str
    help: str
    labels: Labels
    bounds: Sequence[float]
    _seen: dict[Labels, _Seen] = attrs.field(factory=dict, repr=False)

    def __attrs_post_init__(self) -> None:
        if not self.labels:
            self._at(())  # there from the beginning, as it has no name to wait for

    def observe(self, labels: Labels, value: float) -> None:
        """One more value; a value on a bound is below it."""
        seen = self._seen.get(labels) or self._at(labels)
        seen.counts[bisect_left(self.bounds, value)] += 1
        seen.total += value

    def _at(self, labels: Labels) -> _Seen:
        return self._seen.setdefault(labels, _Seen([0] * (len(self.bounds) + 1)))

    def collect(self) -> Iterator[HistogramMetricFamily]:
        """What Prometheus is told."""
        family = HistogramMetricFamily(self.name, self.help, labels=self.labels)
        ends = [*map(floatToGoString, self.bounds), "+Inf"]
        for labels, seen in self._seen.items():
            buckets = list(zip(ends, accumulate(seen.counts), strict=True))
            family.add_metric(labels, buckets, seen.total)
        yield family
