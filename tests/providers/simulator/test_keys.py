"""Simulated keys: their limits and their models."""

import random

import pytest

from providers.simulator import KeyPlan, Ledger, RateLimit
from providers.simulator.dialect import Refused
from providers.simulator.keys import Keyring, TokenBucket


def test_a_bucket_lets_a_burst_through_then_the_rate():
    """Three at once, then two a second; the wait is said exactly."""
    bucket = TokenBucket(RateLimit(per_second=2.0, burst=3))
    assert [bucket.take(100.0) for _ in range(3)] == [0, 0, 0]
    assert bucket.take(100.0) == pytest.approx(0.5)
    assert bucket.take(100.25) == pytest.approx(0.25)
    assert bucket.take(100.5) == 0.0
    assert bucket.remaining == 0
    assert bucket.reset == pytest.approx(1.5)


def test_a_bucket_never_holds_more_than_its_burst():
    """An hour of silence buys no more than the burst."""
    bucket = TokenBucket(RateLimit(per_second=2.0, burst=3))
    bucket.take(0.0)
    bucket.take(3600.0)
    assert bucket.remaining == 2


def test_over_the_rate_is_refused_with_advice():
    """The refusal says how long to wait."""
    key = Keyring({}, KeyPlan(rate=RateLimit(per_second=0.5))).key("sk-1")
    key.admit("gpt-4o", 0.0)
    with pytest.raises(Refused) as refused:
        key.admit("gpt-4o", 0.0)
    assert refused.value.problem.kind == "rate_limited"
    assert refused.value.problem.retry_after == pytest.approx(2.0)


def test_a_model_that_is_not_on_the_list_is_missing():
    """A key with a list may use what is on it; a key without may use anything."""
    ring = Keyring({"sk-1": KeyPlan(models=("gpt-4o",))}, KeyPlan())
    ring.key("sk-1").admit("gpt-4o", 0.0)
    ring.key("sk-2").admit("whatever", 0.0)
    with pytest.raises(Refused) as refused:
        ring.key("sk-1").admit("whatever", 0.0)
    assert refused.value.problem.kind == "no_such_model"


def test_reset_puts_every_key_back_to_its_plan():
    """Scripts and buckets are as new; running calls stay counted."""
    ledger, rng = Ledger(), random.Random(1)
    ring = Keyring({"sk-1": KeyPlan(faults=("cut",))}, KeyPlan(), ledger)
    ring.key("sk-1").tally.open()
    ring.script("sk-1", ["stall", "stall"])
    ring.reset()
    faults = [ring.key("sk-1").next_fault(rng) for _ in range(2)]
    assert [fault and fault.kind for fault in faults] == ["cut", None]
    assert ledger.in_flight == ring.key("sk-1").tally.in_flight == 1
