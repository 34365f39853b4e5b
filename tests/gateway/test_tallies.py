"""Numbers of the hot path, and what Prometheus reads of them."""

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.registry import Collector

from gateway.tallies import Counters, Histograms

VALUES = (0.05, 0.1, 0.1000001, 0.7, 3.0, 0.0)


def scraped(collector: Collector) -> list[str]:
    """The lines that a scrape gives, without those that say when a series was made."""
    registry = CollectorRegistry()
    registry.register(collector)
    lines = generate_latest(registry).decode().splitlines()
    return sorted(line for line in lines if "_created" not in line)


def test_counters_read_as_the_library_s_own() -> None:
    """Same names, same labels, same numbers."""
    ours = Counters("asked", "What was asked", ("who", "what"))
    theirs = Counter("asked", "What was asked", ["who", "what"], registry=None)
    for who, amount in (("a", 1.0), ("b", 2.5), ("a", 0.0), ('odd "one"\n', 1.0)):
        ours.add((who, "x"), amount)
        theirs.labels(who, "x").inc(amount)
    assert scraped(ours) == scraped(theirs)


def test_histograms_read_as_the_library_s_own() -> None:
    """A value on a bound counts below it; buckets add up; the sum is there."""
    ours = Histograms("took", "How long", ("model",), (0.1, 0.5, 1, 2.5))
    theirs = Histogram("took", "How long", ["model"], registry=None, buckets=(0.1, 0.5, 1, 2.5))
    for model in ("m", "n"):
        for value in VALUES:
            ours.observe((model,), value)
            theirs.labels(model).observe(value)
    assert scraped(ours) == scraped(theirs)


def test_a_histogram_without_labels_is_there_before_its_first_value() -> None:
    """So that a rate over it begins with zero."""
    ours = Histograms("took", "How long", (), (0.1,))
    assert scraped(ours) == scraped(Histogram("took", "How long", registry=None, buckets=(0.1,)))


def test_a_family_that_nothing_was_said_of_is_named_all_the_same() -> None:
    """With its meaning, and no numbers."""
    assert scraped(Counters("asked", "What was asked", ("who",))) == [
        "# HELP asked_total What was asked",
        "# TYPE asked_total counter",
    ]
