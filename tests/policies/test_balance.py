"""Who takes the call, by each of the six ways to say it."""

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.balance import CAPACITY, Candidate, Choice, choose, scarcity
from policies.target import Target

KINDS = ["p2c", "round_robin", "weighted", "least_busy", "lowest_cost", "priority"]


def targets(*weights):
    return [Target(f"k{n}", "p", "d", "m", weight=weight) for n, weight in enumerate(weights)]


def candidate(target, **known):
    return Candidate(target, **{"ttft": 1.0, "inflight": 0, **known})


def pick(kind, pool, rng=None, *, turn=0, inflight=None, **known):
    """Asks for a choice; `known` gives members of candidates by key, or for all."""
    calls = inflight or {}

    def look(target):
        own = {name: v[target.key] if isinstance(v, dict) else v for name, v in known.items()}
        return candidate(target, inflight=calls.get(target.key, 0), **own)

    return choose(
        kind, pool, look, rng or random.Random(1), turn=turn, inflight=lambda key: calls.get(key, 0)
    )


def chosen(kind, pool, times, rng=None, **given):
    rng = rng or random.Random(7)
    return Counter(
        pick(kind, pool, rng, turn=turn, **given).candidate.target.key for turn in range(times)
    )


def test_the_score_is_an_expected_wait():
    """A queue as long as the capacity doubles it, a weight of two halves it, liking scales it."""
    single, double = targets(1.0, 2.0)
    assert candidate(single).score == 1.0
    assert candidate(single, inflight=int(CAPACITY)).score == 2.0
    assert candidate(single, inflight=2, capacity=2.0).score == 2.0
    assert candidate(double, ttft=3.0).score == 1.5
    assert candidate(single, affinity=0.4).score == 0.4


def test_a_scarce_quota_makes_a_key_look_slow():
    """Nothing happens above three tenths; with nothing left a key looks five times as slow."""
    assert scarcity(1.0) == scarcity(0.3) == 1.0
    assert scarcity(0.15) == pytest.approx(3.0)
    assert scarcity(0.0) == 5.0
    assert candidate(targets(1.0)[0], headroom=0.0).score == 5.0


@given(st.floats(0.01, 100.0), st.integers(0, 300), st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_more_of_anything_bad_never_improves_the_score(ttft, inflight, more, less):
    """Longer queues and scarcer quotas only raise it."""
    scarce, plenty = sorted((more, less))
    (target,) = targets(1.0)
    better = candidate(target, ttft=ttft, inflight=inflight, headroom=plenty)
    worse = candidate(target, ttft=ttft, inflight=inflight + 1, headroom=scarce)
    assert worse.score > better.score > 0.0


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_to_choose_from_is_an_error(kind):
    """The caller has to ask whether there is a candidate."""
    with pytest.raises(ValueError, match="nothing"):
        pick(kind, [])


def test_an_unknown_kind_is_a_mistake_of_ours():
    """The configuration has checked the name; nobody is chosen in silence."""
    with pytest.raises(AssertionError):
        pick("fastest", targets(1.0, 1.0))


@pytest.mark.parametrize("kind", KINDS)
def test_an_only_target_needs_no_lot(kind):
    """Chance is left alone where there is nothing to decide, so that replays agree."""
    rng = random.Random(1)
    before = rng.getstate()
    choice = pick(kind, targets(2.0), rng, turn=5)
    assert choice == Choice(choice.candidate, (("k0", 0.5),), 1.0)
    assert rng.getstate() == before


def test_the_better_of_two_is_chosen_and_both_are_told():
    """With two targets both are compared, whatever the lot says."""
    slow, fast = targets(1.0, 1.0)
    for seed in range(20):
        choice = pick("p2c", [slow, fast], random.Random(seed), ttft={"k0": 2.0, "k1": 1.0})
        assert choice.candidate.target is fast
        assert dict(choice.compared) == {"k0": 2.0, "k1": 1.0}
        assert choice.p_sel == 1.0


def test_two_draws_ask_for_two_candidates_only():
    """Of fifty keys two are scored, and the probability to be drawn is told."""
    asked = []
    choice = choose(
        "p2c",
        targets(*[1.0] * 50),
        lambda target: asked.append(target.key) or candidate(target),
        random.Random(3),
        turn=0,
        inflight=lambda _: 0,
    )
    assert asked == [key for key, _ in choice.compared]
    assert len(set(asked)) == 2
    assert choice.p_sel == pytest.approx(0.04)


def test_equals_share_the_calls_evenly():
    """Two are drawn without favour: nobody gets more than chance explains."""
    counts = chosen("p2c", targets(*[1.0] * 5), 5000)
    assert len(counts) == 5
    assert all(850 < count < 1150 for count in counts.values())


def test_the_worst_of_many_is_never_chosen_and_the_best_not_always():
    """Two draws avoid the worst without a stampede to the best."""
    counts = chosen("p2c", targets(*[1.0] * 4), 4000, ttft={f"k{n}": n + 1.0 for n in range(4)})
    assert "k3" not in counts
    assert 1800 < counts["k0"] < 2200


def both_hot(count, calls):
    """A pool whose first two targets have so many calls, the first being the faster one."""
    pool = targets(*[1.0] * count)
    speeds = {target.key: 0.1 if target.key == "k0" else 1.0 for target in pool}
    return [
        pick("p2c", pool, random.Random(seed), inflight=calls, ttft=speeds).candidate.target.key
        for seed in range(400)
        if {"k0", "k1"} == {key for key, _ in _drawn(pool, seed)}
    ]


def _drawn(pool, seed):
    return pick("p2c", pool, random.Random(seed)).compared


@pytest.mark.parametrize(
    ("count", "calls", "winner"),
    [
        (10, {"k0": 9, "k1": 8}, "k1"),
        (10, {"k0": 8, "k1": 8}, "k0"),
        (10, {"k0": 9, "k1": 8, "k5": 8}, "k0"),
        (10, {"k0": 9, "k1": 1}, "k0"),
        (9, {"k0": 9, "k1": 8}, "k0"),
    ],
    ids=["both hot", "equally hot", "a third as hot", "one cold", "too few for two"],
)
def test_of_two_hot_targets_the_shorter_queue_wins(count, calls, winner):
    """Above the 80th percentile of calls in flight the queue decides, below it the score."""
    winners = both_hot(count, calls)
    assert winners
    assert set(winners) == {winner}


def test_equal_weights_take_strict_turns():
    """A round of turns visits everybody once, in the written order."""
    pool = targets(*[2.0] * 3)
    order = [pick("round_robin", pool, turn=turn).candidate.target.key for turn in range(6)]
    assert order == ["k0", "k1", "k2"] * 2


@given(st.lists(st.floats(0.1, 10.0), min_size=2, max_size=8), st.integers(0, 10**12))
def test_turns_follow_the_weights_from_any_turn_on(weights, start):
    """In any two hundred turns each target has its share, give or take a few, without any memory."""
    pool = targets(*weights)
    counts = Counter(
        pick("round_robin", pool, turn=start + turn).candidate.target.key for turn in range(200)
    )
    for target in pool:
        assert abs(counts[target.key] - 200 * target.weight / sum(weights)) < 8


def test_weights_are_chances():
    """A weight of three is three times as likely as one, and the share is told."""
    pool = targets(1.0, 3.0)
    counts = chosen("weighted", pool, 4000)
    assert 2850 < counts["k1"] < 3150
    choice = pick("weighted", pool)
    assert choice.p_sel == choice.candidate.target.weight / 4.0


def test_rounding_never_leaves_nobody():
    """A draw at the very end of the circle is the last target's."""

    class Last(random.Random):
        def random(self):
            return 1.0

    assert pick("weighted", targets(0.1, 0.2, 0.3), Last()).candidate.target.key == "k2"


def test_the_least_busy_for_its_weight_takes_it():
    """Three calls on a weight of four are less than one on a weight of one."""
    choice = pick("least_busy", targets(1.0, 4.0), inflight={"k0": 1, "k1": 3})
    assert choice.candidate.target.key == "k1"
    assert choice.p_sel == 1.0


def test_equally_busy_targets_draw_lots():
    """Ties are shared evenly, and only the chosen one is looked at."""
    pool, busy = targets(1.0, 1.0, 1.0), {"k1": 1}
    counts = chosen("least_busy", pool, 2000, inflight=busy)
    assert set(counts) == {"k0", "k2"}
    assert 900 < counts["k0"] < 1100
    choice = pick("least_busy", pool, inflight=busy)
    assert choice.p_sel == 0.5
    assert len(choice.compared) == 1


def test_the_cheapest_takes_it_and_speed_parts_equals():
    """Cost first, then the score; all were compared."""
    pool, cost = targets(1.0, 1.0, 1.0), {"k0": 2.0, "k1": 1.0, "k2": 1.0}
    choice = pick("lowest_cost", pool, cost=cost, ttft={"k0": 0.1, "k1": 3.0, "k2": 2.0})
    assert choice.candidate.target.key == "k2"
    assert [key for key, _ in choice.compared] == ["k0", "k1", "k2"]
    assert choice.p_sel == 1.0


def test_priority_is_the_written_order():
    """The first that is offered takes it, however slow."""
    assert chosen("priority", targets(1.0, 9.0), 10, ttft={"k0": 9.0, "k1": 1.0}) == {"k0": 10}
