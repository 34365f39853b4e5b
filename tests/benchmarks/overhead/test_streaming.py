"""When a level of streams counts as free of stalls."""

import pytest

from benchmarks.overhead.streaming import Level


@pytest.mark.parametrize(
    ("streams", "stalled", "flows"),
    [(64, 0, True), (64, 1, False), (1000, 5, True), (1000, 6, False)],
)
def test_one_in_a_thousand_may_stall(streams: int, stalled: int, flows: bool) -> None:
    """Over all waves together."""
    assert Level(streams, 5, stalled, 0.3).flows == flows
