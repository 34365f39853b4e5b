"""Whether the tuner tells the truth, in small."""

import attrs

from benchmarks.tuner.known import Row, Size, WorldResult, examine, worlds


def test_sixteen_worlds_are_looked_at() -> None:
    """Four profiles under four conditions."""
    assert len(set(worlds())) == 16


def test_a_small_run_is_about_right() -> None:
    """Six logs of one world: estimates near the truth, the recommended policy near the optimum."""
    found = examine("spiky", "independent", Size(10_000, 6, 100_000, 50, 2))

    assert all(abs(row.bias) < 0.08 for row in found.rows)
    assert found.worst < 0.10
    assert 1.7 < found.optimum < 1.95


def test_what_is_off_by_more_than_it_may_be_is_named() -> None:
    """Means, intervals and recommended policies; where calls depend on one another a tenth is allowed."""
    good = Row("p95", 1.0, 0.06, 0.01, 0.95)
    result = WorldResult("spiky", "shared", (good,), 1.0, 0.0, 0.05)

    assert not result.misses
    assert attrs.evolve(result, condition="independent").misses == ["p95: off by +6.0 %"]
    assert attrs.evolve(result, rows=(attrs.evolve(good, coverage=0.8),)).misses == [
        "p95: 80 % of intervals hold the truth"
    ]
    assert attrs.evolve(result, worst=0.2).misses == [
        "a recommended policy is 20 % above the optimum"
    ]
