"""Objectives: read, refused, judged."""

import pytest

from benchmarks.load.slo import BadSlo, judge, read_limit, read_slo
from benchmarks.load.summary import Limit, Run, summarize
from tests.benchmarks.load.made import failed, outcome, run_of

RUN = run_of([outcome(n, ttft=0.01 * (n + 1)) for n in range(98)] + [failed(98), failed(99)])


def met(text: str, run: Run = RUN) -> bool:
    slo = read_slo(text)
    limits = [Limit("ttft", 0.5)]
    (verdict,) = judge([slo], run, summarize(run, limits))
    return verdict.met


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ttft p50 < 500ms", True),
        ("ttft p50 < 490ms", False),
        ("ttft p50<=490ms", True),
        ("TTFT P99.9 < 1s", True),
        ("ttft max < 0.98", False),
        ("ttft min <= 10ms", True),
        ("e2el avg < 200ms", True),
        ("itl p99 < 11ms", True),
        ("tpot p90 < 9ms", False),
        ("errors < 2%", False),
        ("errors <= 2%", True),
        ("errors < 0.03", True),
        ("goodput >= 50%", True),
        ("goodput > 0.9", False),
        ("goodput > 0.4/s", True),
        ("goodput > 3/s", False),
    ],
)
def test_an_objective_is_met_or_missed(text: str, expected: bool) -> None:
    """98 answers with first tokens from 10 to 980 ms, two errors; good is half a second."""
    assert met(text) == expected


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("tfft p95 < 1s", "did you mean ttft"),
        ("latency p95 < 1s", "There are ttft, itl"),
        ("ttft < 1s", "which statistic"),
        ("ttft p95 1s", "no objective; write one as"),
        ("ttft p95 > 1s", "wants little"),
        ("goodput < 1%", "wants much"),
        ("ttft p100 < 1s", "no statistic p100"),
        ("ttft p0 < 1s", "no statistic p0"),
        ("ttft median < 1s", "no statistic median"),
        ("errors p95 < 1%", "one number"),
        ("ttft p95 < 1x", "expected a duration"),
        ("ttft p95 < -1", "expected a duration"),
        ("errors < 200%", "expected a share"),
        ("errors < few", "expected a share"),
        ("errors < 1/s", "expected a share"),
        ("", "no objective"),
    ],
)
def test_one_that_is_mistyped_says_what_is_wrong(text: str, says: str) -> None:
    """With the text itself."""
    with pytest.raises(BadSlo, match=says) as caught:
        read_slo(text)
    assert repr(text) in str(caught.value)


def test_what_was_not_measured_meets_nothing() -> None:
    """Silence is no success."""
    nothing = run_of([failed(0)])

    assert not met("ttft p95 < 1h", nothing)
    assert not met("errors < 100%", run_of([]))


def test_a_verdict_says_what_was_measured() -> None:
    """A tick or a cross, the objective, the value."""
    slos = [read_slo("ttft p50  <  1s"), read_slo("errors < 1%"), read_slo("goodput > 9/s")]
    verdicts = judge(slos, RUN, summarize(RUN, [Limit("ttft", 0.5)]))

    assert [str(verdict) for verdict in verdicts[:2]] == [
        "✓ ttft p50 < 1s: 490 ms",
        "✗ errors < 1%: 2.00%",
    ]
    assert str(verdicts[2]).startswith("✗ goodput > 9/s: 0.50")


def test_limits_of_a_request_are_read_or_follow_from_objectives() -> None:
    """Of what a single request has: not of gaps, which are many."""
    assert read_limit("ttft<800ms") == Limit("ttft", 0.8)
    assert read_limit("E2EL <= 2s") == Limit("e2el", 2.0)
    assert read_slo("tpot p95 < 30ms").limit == Limit("tpot", 0.03)
    assert read_slo("itl p95 < 30ms").limit is None
    assert read_slo("errors < 1%").limit is None
    for text in ("itl < 1s", "ttft > 1s", "ttft < soon", "errors < 1%", "ttft"):
        with pytest.raises(BadSlo):
            read_limit(text)
