"""Who takes a call, asked directly. (In the pool, with what its calls taught it: `test_pool.py`.)"""

import random
from collections import Counter

import attrs
import pytest

from policies.choosing import LARGE, Chooser, Wish
from policies.features import Features
from policies.target import Target
from providers.errors import UpstreamFailed
from providers.types import RateLimits

LIMITS = RateLimits(
    requests_limit=100, requests_remaining=50, tokens_limit=10_000, tokens_remaining=100
)
PREFIXED = Features(prompt_tokens=2_000, affinity="prefix")


def target(key, provider="p", domain=None, **changes):
    return attrs.evolve(Target(key, provider, domain or key, "m"), **changes)


def tier(count):
    return tuple(target(f"k{number}", f"p{number % 3}") for number in range(count))


def picks(chooser, wish, *, now=0.0, times=300, seed=1):
    """How often each key was chosen."""
    chance = random.Random(seed)
    choices = (chooser.pick(wish, now, chance) for _ in range(times))
    return Counter(choice.candidate.target.key if choice else None for choice in choices)


def test_a_rival_is_sought_at_another_provider_then_in_another_domain():
    """What slows an attempt slows its neighbours."""
    running = target("a", "one", "x")
    near, far, farther = target("b", "one", "x"), target("c", "one", "y"), target("d", "two", "z")
    chooser = Chooser()
    assert set(picks(chooser, Wish(((near, far, farther),), rival_of=running))) == {"d"}
    assert set(picks(chooser, Wish(((near, far),), rival_of=running))) == {"c"}
    assert set(picks(chooser, Wish(((near,),), rival_of=running))) == {"b"}


@pytest.mark.parametrize("size", [LARGE - 1, LARGE, 50])
def test_large_tiers_are_drawn_from_as_fairly_as_small_ones(size):
    """The quick way and the thorough one choose alike: every fit key, and no other."""
    keys = tier(size)
    wish = Wish((keys,), used=["k0"], avoid=["k1"], rival_of=target("r", "p0", "r"))
    fit = {t.key for t in keys if t.provider != "p0" and t.key not in ("k0", "k1")}
    seen = picks(Chooser(), wish, times=200 * size)
    assert set(seen) == fit
    assert max(seen.values()) < 1.5 * min(seen.values())


def test_a_large_tier_with_hardly_anybody_left_still_finds_him():
    """Drawing gives up soon, and then everybody is looked at."""
    keys = tier(50)
    used = [t.key for t in keys[1:]]
    assert set(picks(Chooser(), Wish((keys,), used=used), times=20)) == {"k0"}


def test_a_key_whose_tokens_are_used_up_is_spared_and_better_than_none():
    """Its provider would say 429; but if there is nobody else, let it say so."""
    short, free = target("short"), target("free")
    chooser, wish = Chooser(), Wish(((short, free),), Features(prompt_tokens=500))
    chooser.headroom.told(short, LIMITS, 0.0)
    assert set(picks(chooser, wish)) == {"free"}
    assert set(picks(chooser, attrs.evolve(wish, used=["free"]))) == {"short"}


def test_tokens_that_are_used_up_send_calls_to_the_next_tier():
    """It is the same as being unable to take the call."""
    short, next_ = target("short"), target("next")
    chooser, wish = Chooser(), Wish(((short,), (next_,)), Features(prompt_tokens=500))
    chooser.headroom.told(short, LIMITS, 0.0)
    assert set(picks(chooser, wish)) == {"next"}


def test_a_key_that_showed_its_limit_takes_no_more():
    """A 429 tells how many calls at once are too many."""
    pushed, other = target("pushed"), target("other")
    chooser = Chooser()
    for _ in range(4):
        chooser.load.begin("pushed")
    chooser.concurrency.pushed_back("pushed", 4, 0.0)
    assert set(picks(chooser, Wish(((pushed, other),)))) == {"other"}


def test_an_ejected_key_is_better_than_none():
    """Only ejected, that is: the operator's word counts more."""
    ejected = target("ejected")
    chooser = Chooser()
    for _ in range(3):
        chooser.health.observe(ejected, UpstreamFailed("x", status=500), 0.0, random.Random(1))
    assert set(picks(chooser, Wish(((ejected,),)), now=1.0)) == {"ejected"}
    chooser.health.drain("ejected")
    assert set(picks(chooser, Wish(((ejected,),)), now=1.0)) == {None}


def test_requests_with_one_beginning_go_to_one_key_and_have_one_backup():
    """However chance falls: hashing decides, as long as keys are about equally fast."""
    keys, chooser = tier(6), Chooser()
    (own,) = picks(chooser, Wish((keys,), PREFIXED))
    running = next(t for t in keys if t.key == own)
    wish = Wish((keys,), PREFIXED, used=[own], rival_of=running)
    assert len(picks(chooser, wish)) == 1


def test_the_last_key_that_served_a_beginning_keeps_it():
    """Wherever the hash would have it go."""
    keys, chooser = tier(6), Chooser()
    (own,) = picks(chooser, Wish((keys,), PREFIXED))
    other = next(t for t in keys if t.key != own)
    chooser.warmth.renew("prefix", other, 0.0)
    assert set(picks(chooser, Wish((keys,), PREFIXED), now=1.0)) == {other.key}


def test_a_busy_key_gives_its_beginnings_away():
    """Nobody queues for a cache: a quarter above the mean is the bound."""
    keys, chooser = tier(6), Chooser()
    (own,) = picks(chooser, Wish((keys,), PREFIXED))
    for _ in range(12):
        chooser.load.begin(own)
    assert own not in picks(chooser, Wish((keys,), PREFIXED))


def test_a_key_that_has_become_slow_loses_its_beginnings():
    """A warm cache is worth a factor, not any wait."""
    keys, chooser = tier(2), Chooser()
    (own,) = picks(chooser, Wish((keys,), PREFIXED))
    slow, fast = sorted(keys, key=lambda t: t.key != own)
    scope = PREFIXED.scope("m")
    chooser.estimates.first(slow, scope, 9.0, 0.0, primary=True)
    chooser.estimates.first(fast, scope, 0.5, 0.0, primary=True)
    assert set(picks(chooser, Wish((keys,), PREFIXED))) == {fast.key}


@pytest.mark.parametrize("changes", [{"sticky": False}, {"balance": "weighted"}])
def test_who_does_not_want_affinity_has_none(changes):
    """Then chance has all of them."""
    keys = tier(4)
    assert len(picks(Chooser(), Wish((keys,), PREFIXED, **changes))) == 4


def test_a_comparison_names_each_key_once():
    """The journal tells what was compared: the designated key with what it counted as."""
    keys, chance = tier(2), random.Random(3)
    for _ in range(20):
        choice = Chooser().pick(Wish((keys,), PREFIXED), 0.0, chance)
        assert choice is not None
        names = [key for key, _ in choice.compared]
        assert len(names) == len(set(names))


def test_turns_are_counted_by_whoever_asks():
    """Round robin needs nothing but the number of the request."""
    keys = tier(3)
    chosen = [
        Chooser().pick(Wish((keys,), balance="round_robin", turn=turn), 0.0, random.Random(1))
        for turn in range(6)
    ]
    assert [c.candidate.target.key for c in chosen if c] == ["k0", "k1", "k2"] * 2


def test_the_cheapest_is_asked_for_its_cost():
    """Where money decides, time does not."""
    keys, prices = tier(3), {"k0": 3.0, "k1": 1.0, "k2": 2.0}
    wish = Wish((keys,), balance="lowest_cost", cost=lambda t: prices[t.key])
    assert set(picks(Chooser(), wish)) == {"k1"}
