"""Requests through the real race in virtual time."""

import numpy as np

from tests.benchmarks.virtual import raced


def test_every_request_leaves_its_record() -> None:
    """In the order of arrival, with its attempts; times of the wall follow one another as the clock did."""
    policy, records = raced("spiky", 1_000)

    assert len({record.request for record in records}) == 1_000
    assert all(record.policy_id == policy.policy_id for record in records)
    assert all(record.attempts[0].role == "primary" for record in records)
    begun = [record.ts - record.duration_ms for record in records]
    assert (np.diff(begun) > -1.0).all()


def test_races_are_the_gateways_own() -> None:
    """Once 200 calls were seen there are hedges, within the budget; who explores is not hedged."""
    _, records = raced("spiky", 1_000)
    hedges = [r for r in records if any(a.role == "hedge" for a in r.attempts)]

    assert 5 < len(hedges) <= 0.05 * 1_000 + 10
    assert records.index(hedges[0]) >= 200
    assert not [r for r in hedges if r.arm != "none"]
    assert [r for r in records if r.arm == "dual" and len(r.attempts) == 2]
