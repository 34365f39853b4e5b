"""Figures become a table, and promises are judged by medians."""

import attrs
import pytest

from benchmarks.overhead.streaming import Level, Memory
from benchmarks.overhead.table import Result, added, demands, spread, table

FIGURES = (
    "rps",
    "cpu_us",
    "p50_1",
    "p99_1",
    "p50_16",
    "p99_16",
    "ttft_p50",
    "ttft_p99",
    "event_us",
    "relay_us",
)


def figures(rps: float, cpu: float, latency: float) -> dict[str, list[float]]:
    """Three rounds of a subject, the middle one as told."""
    values = dict.fromkeys(FIGURES, latency) | {
        "rps": rps,
        "cpu_us": cpu,
        "event_us": cpu / 10,
        "relay_us": cpu / 10,
    }
    return {name: [value * k for k in (0.9, 1.0, 1.1)] for name, value in values.items()}


RESULT = Result(
    rounds=3,
    seen={
        "direct": figures(40_000, 20.0, 0.0001),
        "hedgerow": figures(4_000, 240.0, 0.0004),
        "bare proxy": {
            **figures(8_000, 120.0, 0.0002),
            "ttft_p99": [],
            "event_us": [],
            "relay_us": [],
        },
    },
    failed={"direct": 0, "hedgerow": 2, "bare proxy": 0},
    levels={"hedgerow": [Level(256, 5, 0, 0.05), Level(512, 5, 9, 0.4)]},
    memory={"hedgerow": Memory(60_000_000, 1000, 150_000_000, 90_000_000)},
)


def test_a_spread_is_the_median_between_the_least_and_the_most() -> None:
    """Scaled, as it is shown."""
    assert spread([0.001, 0.003, 0.002], 1e3, 1) == "2.0 (1.0-3.0)"
    assert spread([]) == "-"


def test_latency_is_what_is_added_to_the_direct_call_of_the_same_round() -> None:
    """Round by round."""
    assert added(RESULT.seen, "hedgerow", "p50_1") == pytest.approx([0.00027, 0.0003, 0.00033])


def test_the_table_has_it_all() -> None:
    """Every subject, and what was not measured as a dash."""
    told = table(RESULT)
    assert "4000 (3600-4400)" in told
    assert "256 streams without a stall" in told
    assert "60 MB idle, 150 MB with 1000 streams, 90 MB after" in told
    assert "bare proxy    takes 0.50 (0.50-0.50) times the CPU of hedgerow" in told
    assert "0.30 (0.27-0.33)" in told


def test_what_is_kept_and_what_is_not() -> None:
    """A bar that is missed says so."""
    assert all(demand.kept for demand in demands(RESULT))
    slow = {**RESULT.seen, "hedgerow": figures(400, 2_400.0, 0.004)}
    missed = [demand.says for demand in demands(attrs.evolve(RESULT, seen=slow)) if not demand.kept]
    assert [says.partition(":")[0] for says in missed] == [
        "requests a second and core",
        "CPU of a request, bare proxies",
        "added p50, 1 client, ms",
        "added p99, 1 client, ms",
        "added TTFT p99, 16, ms",
        "events a second and core",
    ]
