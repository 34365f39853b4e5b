"""Metrics of several processes in one text."""

from prometheus_client import CollectorRegistry, Gauge
from prometheus_client.parser import text_string_to_metric_families

from gateway.tallies import Counters, Histograms
from gateway.workers.scrape import Scrapes, exposition, rows


def registry(calls: int) -> CollectorRegistry:
    """A worker's metrics after so many calls."""
    made = CollectorRegistry()
    counters = Counters("calls", "Calls", ("model",))
    made.register(counters)
    Gauge("running", "Running", registry=made).set(calls)
    histograms = Histograms("seconds", "Seconds", (), (1.0,))
    made.register(histograms)
    for _ in range(calls):
        counters.add(('a "quoted" model',))
        histograms.observe((), 0.5)
    return made


def test_each_value_is_there_for_each_worker_and_each_family_once() -> None:
    """As Prometheus reads it: a family with its help and type, then the samples of all workers."""
    first, second = registry(1), registry(2)
    text = exposition(first, [rows(first, 1), rows(second, 2)]).decode()
    families = {family.name: family for family in text_string_to_metric_families(text)}
    assert set(families) == {"calls", "running", "seconds"}
    assert text.count("# TYPE") == 3
    assert families["calls"].type == "counter"
    found = {
        (sample.name, sample.labels["worker"]): sample.value
        for family in families.values()
        for sample in family.samples
        if not sample.name.endswith("_bucket")
    }
    assert found == {
        ("calls_total", "1"): 1.0,
        ("calls_total", "2"): 2.0,
        ("running", "1"): 1.0,
        ("running", "2"): 2.0,
        ("seconds_count", "1"): 1.0,
        ("seconds_count", "2"): 2.0,
        ("seconds_sum", "1"): 0.5,
        ("seconds_sum", "2"): 1.0,
    }
    assert {sample.labels["model"] for sample in families["calls"].samples} == {'a "quoted" model'}


def test_one_that_did_not_answer_is_left_out() -> None:
    """Its series end, instead of sums that fall and rise."""
    first = registry(1)
    text = exposition(first, [rows(first, 1)]).decode()
    assert 'worker="1"' in text
    assert 'worker="2"' not in text


async def test_a_question_is_answered_when_all_have_answered_or_died() -> None:
    """Not before, and not by answers to another one."""
    scrapes = Scrapes()
    with scrapes.opened({2, 3}) as scrape, scrapes.opened({2}) as other:
        scrapes.answered(scrape.number, 2, [])
        assert not scrape.done.is_set()
        scrapes.without(3)
        assert scrape.done.is_set()
        assert not other.done.is_set()
        assert set(scrape.answers) == {2}
    scrapes.answered(scrape.number, 2, [])


async def test_with_nobody_else_there_is_nothing_to_wait_for() -> None:
    """The only worker so far."""
    with Scrapes().opened(set()) as scrape:
        assert scrape.done.is_set()
