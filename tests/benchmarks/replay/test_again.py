"""A log run again."""

from functools import cache

import attrs

from benchmarks.replay.again import (
    Tape,
    again,
    holds,
    observed,
    outcome,
    pack,
    policy_of,
    route_of,
    same,
    tapes,
    unpack,
)
from benchmarks.tail.scenarios import POOL
from policies.learned import Learned, Rule
from policies.settings import Policy
from tests.benchmarks.virtual import EXPLORING, raced


@cache
def tape() -> Tape:
    """3,000 requests of the real race."""
    policy, records = raced("spiky", 3_000)
    (found,) = tapes(records, {policy.policy_id: policy})
    return found


def test_the_policy_that_made_the_log_makes_it_again() -> None:
    """p50, p95, p99 and hedges come out as they were."""
    run = again(tape(), policy_of(tape().policy), 1, exploring=True)

    off = same(tape(), run, 1)

    assert {name: holds(name, each) for name, each in off.items()} == dict.fromkeys(
        ("p50", "p95", "p99", "hedges"), True
    )
    assert abs(off["p95"].value - 1.0) < 0.01


def test_another_policy_gives_another_outcome() -> None:
    """Without hedging the p99 is that of the latency model, and there are no extra calls."""
    policy = policy_of(tape().policy)
    off = attrs.evolve(policy, hedge=attrs.evolve(policy.hedge, policy="off"))

    made = outcome([again(tape(), off, 1, exploring=False)], 1)

    assert made.extra.value == 0.0
    assert made.p99.low < 4.1 < made.p99.high * 1.1
    assert made.p99.value > 1.3 * outcome([observed(tape())], 1).p99.value


def test_a_learned_policy_is_run_as_the_gateway_would() -> None:
    """Its rule for the upstream's model, its budget."""
    policy = policy_of(tape().policy)
    rule = Learned((Rule(1.0, 0.5, "model"),))
    hedge = attrs.evolve(policy.hedge, policy="learned", learned=rule)

    made = outcome([again(tape(), attrs.evolve(policy, hedge=hedge), 1, exploring=False)], 1)

    assert 0.02 < made.extra.value < 0.06


def test_policy_and_route_are_read_back_from_the_record() -> None:
    """As they were when the log was made."""
    assert policy_of(tape().policy) == attrs.evolve(EXPLORING, name="default")
    assert route_of(tape().policy) == POOL
    assert isinstance(policy_of(tape().policy), Policy)


def test_a_tape_goes_to_another_process_and_is_the_same() -> None:
    """By its lines."""
    there = unpack(pack(tape()))

    assert there.records == tape().records
    assert there.policy == tape().policy


def test_requests_whose_policy_is_not_in_the_log_are_left_out() -> None:
    """Nobody knows their route."""
    _, records = raced("spiky", 200)

    assert tapes(records, {}) == []
