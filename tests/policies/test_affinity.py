"""Where a prompt's beginning belongs."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from policies.affinity import bounded, rank
from policies.target import Target


def targets(*weights):
    return [Target(f"k{n}", "p", "d", "m", weight=weight) for n, weight in enumerate(weights)]


def keys(ranked):
    return [target.key for target in ranked]


ORDER = ["k3", "k2", "k1", "k0", "k4"]  # of "prefix-1"
PREFIXES = [f"prefix-{number}" for number in range(1000)]


def test_every_process_ranks_alike():
    """The order is a fixed function of names: no release may change it."""
    assert keys(rank("prefix-1", targets(*[1.0] * 5))) == ORDER
    assert rank("prefix-1", []) == []


def test_the_written_order_says_nothing():
    """Only names and weights count."""
    pool = targets(1.0, 2.0, 3.0)
    assert rank("p", pool) == rank("p", pool[::-1])


@given(st.text(max_size=20), st.integers(2, 12), st.data())
def test_a_target_that_leaves_moves_only_its_own(prefix, count, data):
    """The others keep their order, so only its own beginnings move, to their designated backups."""
    pool = targets(*[1.0 + n % 3 for n in range(count)])
    gone = data.draw(st.sampled_from(pool))
    before = rank(prefix, pool)
    after = rank(prefix, [target for target in pool if target is not gone])
    assert after == [target for target in before if target is not gone]


def test_weights_are_shares_of_beginnings():
    """A target of weight 2 has twice as many, and backups are spread, too."""
    pool = targets(1.0, 1.0, 2.0)
    ranked = [keys(rank(prefix, pool)) for prefix in PREFIXES]
    firsts = Counter(order[0] for order in ranked)
    assert 430 < firsts["k2"] < 570
    assert 190 < firsts["k0"] < 310
    backups = Counter(order[1] for order in ranked if order[0] == "k2")
    assert abs(backups["k0"] - backups["k1"]) < 80


def test_odd_texts_are_names_like_others():
    """Half a surrogate pair, which JSON allows, breaks nothing."""
    assert len(rank("\ud800", targets(1.0, 1.0))) == 2


def test_an_idle_pool_gives_the_first():
    """One call is within any share."""
    pool = targets(1.0, 0.01, 5.0)
    assert bounded(pool[1:], Counter().__getitem__) is pool[1]
    assert bounded([], Counter().__getitem__) is None


def test_a_swamped_target_passes_calls_on_in_order():
    """Above 1.25 of the mean the next one takes it, the designated backup first."""
    pool = targets(1.0, 1.0, 1.0, 1.0)
    assert bounded(pool, Counter(k0=4, k1=3, k2=4, k3=4).__getitem__) is pool[0]
    assert bounded(pool, Counter(k0=6, k1=3, k2=3, k3=3).__getitem__) is pool[1]
    assert bounded(pool, Counter(k0=6, k1=6, k2=1, k3=1).__getitem__) is pool[2]


def test_a_heavier_target_bears_more():
    """The share is by weight."""
    pool, loads = targets(3.0, 1.0), Counter(k0=6, k1=2)
    assert bounded(pool, loads.__getitem__) is pool[0]
    assert bounded(targets(1.0, 1.0), loads.__getitem__).key == "k1"


def test_a_smaller_slack_is_stricter():
    """With a slack of 1 nobody gets more than the mean, rounded up."""
    pool, loads = targets(1.0, 1.0), Counter(k0=4, k1=4)
    assert bounded(pool, loads.__getitem__, slack=1.0) is pool[0]
    loads["k0"] += 1
    assert bounded(pool, loads.__getitem__, slack=1.0) is pool[1]


@given(st.lists(st.tuples(st.floats(0.1, 10.0), st.integers(0, 300)), min_size=1, max_size=12))
def test_there_is_always_a_place(pairs):
    """Not everybody can be above the mean."""
    pool = targets(*[weight for weight, _ in pairs])
    loads = {target.key: load for target, (_, load) in zip(pool, pairs, strict=True)}
    assert bounded(pool, loads.__getitem__) in pool


def test_one_beginning_alone_fills_the_pool_evenly():
    """If everybody shares a beginning, no target gets far above the mean."""
    ranked, loads = rank("shared", targets(*[1.0] * 8)), Counter()
    for _ in range(800):
        loads[bounded(ranked, loads.__getitem__).key] += 1
    assert max(loads.values()) <= 126
    assert loads[ranked[0].key] == max(loads.values())
