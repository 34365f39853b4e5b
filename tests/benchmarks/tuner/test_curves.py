"""Survival curves by the table."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.tuner.curves import EDGES, at, bucket_of, counted, kaplan_meier, quantile
from policies.survival import Survival, bucket

times = st.floats(0.0005, 700.0)


@given(st.lists(st.tuples(times, st.booleans()), min_size=1, max_size=60), st.floats(0.01, 0.99))
def test_the_curves_are_those_by_which_the_gateway_hedges(
    calls: list[tuple[float, bool]], p: float
) -> None:
    """The same counts give the same S(t) and the same quantiles, wherever these are known."""
    one = Survival()
    for seconds, censored in calls:
        one.add(bucket(seconds), censored=censored)
    gateways = one.curve()
    assert gateways is not None
    seconds = np.array([each for each, _ in calls])
    cut = np.array([censored for _, censored in calls])
    rows = np.zeros(len(calls), dtype=np.int64)
    ours = kaplan_meier(counted(seconds[~cut], rows[~cut], 1), counted(seconds[cut], rows[cut], 1))

    assert abs(float(at(ours[0], 1.0)) - gateways.at(1.0)) < 1e-9
    if gateways.rest < 1.0 - p - 1e-9:
        assert abs(np.log(quantile(ours, p)[0] / gateways.quantile(p))) < 1e-6


def test_what_nobody_watched_for_so_long_is_not_known() -> None:
    """Half of the calls were cut at 2 s: the p90 is infinite, not 2 s."""
    seconds = np.array([1.0] * 5 + [2.0] * 5)
    rows = np.zeros(5, dtype=np.int64)
    curve = kaplan_meier(counted(seconds[:5], rows, 1), counted(seconds[5:], rows, 1))

    assert np.isinf(quantile(curve, 0.9)[0])
    assert 0.97 < quantile(curve, 0.5)[0] < 1.03


def test_buckets_begin_and_end_at_their_edges() -> None:
    """Every edge's own bucket is the one above it, but for the last."""
    inside = np.sqrt(EDGES[:-1] * EDGES[1:])

    assert (bucket_of(inside) == np.arange(512)).all()
    assert bucket_of([0.0])[0] == 0
    assert bucket_of([1e9])[0] == 511
