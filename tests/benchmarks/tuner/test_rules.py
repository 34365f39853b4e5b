"""Policies as the tuner sees them."""

import math

from benchmarks.tuner.rules import NEVER, Rule


def test_a_rule_hedges_unless_its_delay_is_endless_or_its_probability_nothing() -> None:
    """A delay that follows what was seen is one that hedges."""
    assert NEVER.never
    assert Rule(math.inf).never
    assert Rule(1.0, probability=0.0).never
    assert not Rule(1.0).never
    assert not Rule(None).never
