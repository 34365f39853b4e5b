"""The pool of keys as a race sees it."""

import random
from collections import Counter

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.choosing import Wish
from policies.latency import Window
from policies.pool import Pool
from policies.settings import Hedge
from policies.target import Target
from providers import errors
from providers.errors import RateLimited, UpstreamFailed

FAILED = UpstreamFailed("broke", status=500)
LIMITED = RateLimited("slow down", status=429)
INVALID = errors.CredentialRejected("who?", status=401)

A1 = Target("a-1", "a", "org-a", "m")
A2 = Target("a-2", "a", "org-a", "m")
A3 = Target("a-3", "a", "org-a2", "m")
B1 = Target("b-1", "b", "org-b", "m")
C1 = Target("c-1", "c", "org-c", "vendor/m")


def rng():
    return random.Random(42)


def call(pool, target, outcome="won", *, now=0.0, ttft=0.1, error=None, primary=True):
    """One whole attempt; gives the changes that followed."""
    lease = pool.begin(target, now, primary=primary)
    if ttft is not None:
        pool.first(lease, now + ttft)
    return pool.finish(lease, outcome, now + (ttft or 0.0), rng(), error)


def eject(pool, *targets, now=0.0):
    for target in targets:
        for _ in range(3):
            call(pool, target, "failed", now=now, ttft=None, error=FAILED)


def pick(pool, route, now, chance, **how):
    """The target that the pool picks, if it picks one."""
    choice = pool.pick(Wish(route, **how), now, chance)
    return None if choice is None else choice.candidate.target


def picked(pool, route, now=0.0, times=200, **how):
    chance = rng()
    targets = (pick(pool, route, now, chance, **how) for _ in range(times))
    return Counter(target.key if target else None for target in targets)


def window(pool, model="m"):
    """The times to first token of a model's primaries."""
    return dict(pool.chooser.estimates.models()).get(model, Window())


def test_an_unknown_pool_spreads_its_calls():
    """With nothing known and nothing running, chance decides."""
    assert set(picked(Pool(), ((A1, A2, B1),))) == {"a-1", "a-2", "b-1"}


def test_a_later_tier_is_for_when_the_earlier_has_nobody():
    """Used, avoided, resting: then the next tier, and back as soon as the first can."""
    pool, route = Pool(), ((A1, A2), (B1,))
    assert "b-1" not in picked(pool, route)
    assert set(picked(pool, route, avoid=["org-a"])) == {"b-1"}
    assert set(picked(pool, route, used=["a-1", "a-2"])) == {"b-1"}
    call(pool, A1, "failed", ttft=None, error=RateLimited("slow down", retry_after=5.0))
    assert set(picked(pool, route)) == {"b-1"}
    assert set(picked(pool, route, now=6.1)) == {"a-1", "a-2"}


def test_a_used_key_and_an_avoided_domain_are_never_picked():
    """Not even when nothing else is left."""
    pool = Pool()
    assert pick(pool, ((A1, A2),), 0.0, rng(), used=["a-1"], avoid=["org-a"]) is None
    assert pick(pool, ((A1,),), 0.0, rng(), used=["a-1"]) is None
    eject(pool, A1)
    assert pick(pool, ((A1,),), 1.0, rng(), used=["a-1"]) is None
    assert pick(pool, (), 0.0, rng()) is None


def test_a_rival_is_sought_far_away():
    """Another provider, else another domain, else another key."""
    pool = Pool()
    assert set(picked(pool, ((A2, A3, B1, C1),), rival_of=A1)) == {"b-1", "c-1"}
    assert set(picked(pool, ((A2, A3),), rival_of=A1)) == {"a-3"}
    assert set(picked(pool, ((A1, A2),), used=["a-1"], rival_of=A1)) == {"a-2"}


def test_a_faster_key_is_preferred():
    """Between two the better estimate wins, and hedges teach it too."""
    pool = Pool()
    call(pool, A1, ttft=0.1)
    call(pool, B1, ttft=3.0, primary=False)
    assert set(picked(pool, ((A1, B1),), now=0.2)) == {"a-1"}


def test_a_busy_key_is_spared():
    """In flight from begin to finish: the queue counts, headers and tokens do not end it."""
    pool = Pool()
    leases = [pool.begin(A1, 0.0) for _ in range(4)]
    assert set(picked(pool, ((A1, B1),))) == {"b-1"}
    for lease in leases:
        pool.first(lease, 1.0)
    assert pool.chooser.load.of("a-1") == 4
    for lease in leases:
        pool.finish(lease, "won", 1.0, rng())
    assert pool.chooser.load.total == 0


def test_a_full_key_takes_no_more_until_a_call_ends():
    """A key never has more calls in flight than it may; others take over, or nobody."""
    pool, small = Pool(), attrs.evolve(A1, concurrent=1)
    lease = pool.begin(small, 0.0)

    assert set(picked(pool, ((small, B1),))) == {"b-1"}
    assert set(picked(pool, ((small,),))) == {None}

    pool.finish(lease, "won", 1.0, rng())
    assert set(picked(pool, ((small,),), now=1.0)) == {"a-1"}


def test_a_heavier_key_takes_more():
    """Weight two with equal latency draws the call until its queue is that much longer."""
    pool, heavy = Pool(), attrs.evolve(A1, weight=2.0)
    for _ in range(30):
        pool.begin(pick(pool, ((heavy, B1),), 0.0, rng()) or B1, 0.0)
    assert pool.chooser.load.of("a-1") > 1.8 * pool.chooser.load.of("b-1")


def test_quick_errors_do_not_look_fast():
    """A key that answers 429 in 80 ms gains no calls by it: errors never enter latency."""
    pool = Pool()
    call(pool, B1, ttft=1.0)
    before = pool.snapshot(0.0).keys[0].ttft
    call(pool, B1, "failed", ttft=None, error=UpstreamFailed("broke", status=500))
    call(pool, A1, "failed", ttft=None, error=LIMITED)
    assert [key.ttft for key in pool.snapshot(0.0).keys] == pytest.approx([before, 1.0], rel=0.03)
    assert window(pool).count == 1


@pytest.mark.parametrize("outcome", ["lost", "client_gone", "timeout"])
def test_a_given_up_call_proves_how_long_it_was(outcome):
    """No first token after 4 s: the estimate is at least that, the window counts it as cut."""
    pool = Pool()
    lease = pool.begin(A1, 0.0)
    pool.finish(lease, outcome, 4.0, rng(), errors.TimedOut("silent", clock="first_token"))
    assert pool.snapshot(4.0).keys[0].ttft == pytest.approx(4.0)
    assert window(pool).quantile(0.5) == pytest.approx(4.0, rel=0.03)


def test_a_hedge_that_lost_is_no_sample_of_what_is_usual():
    """The window is for primaries."""
    pool = Pool()
    pool.finish(pool.begin(A1, 0.0, primary=False), "lost", 4.0, rng())
    assert window(pool).count == 0


def test_a_first_token_counts_once_and_stays_when_the_answer_breaks():
    """The time to first token is known, whatever came after it."""
    pool = Pool()
    lease = pool.begin(A1, 0.0)
    pool.first(lease, 0.5)
    pool.first(lease, 0.9)
    pool.finish(lease, "failed", 60.0, rng(), errors.BrokenAnswer("cut"))
    pool.first(lease, 61.0)
    assert window(pool).count == 1
    assert window(pool).median == pytest.approx(0.5, rel=0.03)


def test_an_answer_that_falls_silent_later_was_not_slow_to_begin():
    """Lost or timed out after its first token: the time to it is known, nothing is cut."""
    pool = Pool()
    call(pool, A1, "timeout", error=errors.TimedOut("silent", clock="idle"))
    lease = pool.begin(A1, 0.0)
    pool.first(lease, 0.1)
    pool.finish(lease, "client_gone", 60.0, rng())
    assert window(pool).count == 2
    assert pool.snapshot(60.0).keys[0].ttft < 0.2


def test_calls_that_fail_together_eject_once_and_an_old_answer_cures_nothing():
    """What an attempt says is judged by when it began."""
    pool = Pool()
    old = pool.begin(A1, 0.0)
    leases = [pool.begin(A1, 1.0) for _ in range(9)]
    told = [pool.finish(lease, "failed", 2.0, rng(), FAILED) for lease in leases]
    assert [change.to for changes in told for change in changes] == ["ejected"]
    assert pool.first(old, 3.0) == ()
    assert pool.finish(old, "won", 3.0, rng()) == ()
    assert pool.chooser.health.state(A1, 3.0) == "ejected"


def test_an_attempt_ends_once():
    """A second finish changes nothing: no negative load, no second blame, no freed probe."""
    pool = Pool()
    eject(pool, A1)
    probe = pool.begin(A1, 20.0)
    pool.finish(probe, "lost", 20.0, rng())
    other = pool.begin(A1, 20.0)
    assert pool.finish(probe, "failed", 20.0, rng(), FAILED) == ()
    assert pool.chooser.load.of("a-1") == 1
    assert not pool.chooser.health.available(A1, 20.0)
    pool.finish(other, "lost", 20.0, rng())
    assert pool.chooser.health.available(A1, 20.0)


@pytest.mark.parametrize("outcome", ["lost", "client_gone"])
def test_a_loser_is_no_verdict_even_if_it_broke_on_the_way_out(outcome):
    """Cancelled calls say nothing of the key's health."""
    pool = Pool()
    for _ in range(10):
        assert call(pool, A1, outcome, error=FAILED) == ()
    assert pool.chooser.health.state(A1, 0.0) == "active"


def test_changes_of_state_are_told():
    """The caller journals them; the third failure ejects."""
    pool = Pool()
    changes = [call(pool, A1, "failed", ttft=None, error=FAILED) for _ in range(3)]
    assert [[change.to for change in told] for told in changes] == [[], [], ["ejected"]]
    assert call(pool, A1, "failed", ttft=None) == ()


def test_when_all_is_ejected_the_pool_still_answers():
    """In need an ejected key is better than none; a refused or limited one is not."""
    pool, route = Pool(), ((A1,), (B1,))
    eject(pool, A1, B1)
    assert set(picked(pool, route, now=1.0)) == {"a-1"}
    assert set(picked(pool, route, now=1.0, used=["a-1"])) == {"b-1"}
    assert pool.soonest(route, 1.0) == 0.0
    call(pool, A1, "failed", now=1.0, ttft=None, error=INVALID)
    assert set(picked(pool, route, now=1.0)) == {"b-1"}


def test_a_well_key_in_a_later_tier_is_better_than_an_ejected_one():
    """Need begins only when every tier is out."""
    pool = Pool()
    eject(pool, A1, A2)
    assert set(picked(pool, ((A1, A2), (B1,)), now=1.0)) == {"b-1"}


def test_above_half_the_ejected_help_out_only_under_load():
    """The well key takes the calls until it is as busy as an ejected one is doubtful."""
    pool, route = Pool(), ((A1, A2, B1),)
    eject(pool, A1, A2)
    for _ in range(23):
        assert set(picked(pool, route, now=1.0, times=20)) == {"b-1"}
        pool.begin(B1, 1.0)
    for _ in range(2):
        pool.begin(B1, 1.0)
    assert set(picked(pool, route, now=1.0)) == {"a-1"}


def test_waiting_is_no_use_when_no_key_is_accepted():
    """`refused` tells a credential problem from a rest that is soon over."""
    pool, route = Pool(), ((A1, B1),)
    call(pool, A1, "failed", ttft=None, error=INVALID)
    assert not pool.refused(route, 0.0)
    call(pool, B1, "failed", ttft=None, error=errors.QuotaExhausted("no money"))
    assert pool.refused(route, 0.0)
    assert pick(pool, route, 0.0, rng()) is None
    assert pool.soonest(route, 0.0) == 600.0
    assert not pool.refused(route, 600.0)


def test_a_drained_key_is_left_alone():
    """The operator's word; running calls go on."""
    pool = Pool()
    lease = pool.begin(A1, 0.0)
    pool.drain("a-1")
    assert set(picked(pool, ((A1, B1),))) == {"b-1"}
    pool.finish(lease, "won", 1.0, rng())
    pool.drain("a-1", False)
    assert "a-1" in picked(pool, ((A1, B1),))


def test_the_snapshot_shows_everything():
    """Keys with state and load, models with quantiles, budgets with what they gave."""
    pool = Pool()
    pool.retain([A1, B1])
    call(pool, A1, ttft=0.5)
    pool.begin(A1, 1.0)
    eject(pool, B1)
    pool.allowances.route("r", Hedge(burst=3.0)).withdraw()
    pool.allowances.retries("r")
    seen = pool.snapshot(1.0)
    assert [(key.target.key, key.state, key.inflight) for key in seen.keys] == [
        ("a-1", "active", 1),
        ("b-1", "ejected", 0),
    ]
    (model,) = seen.models
    assert (model.model, model.count, model.p99) == ("m", 1, pytest.approx(0.5, rel=0.03))
    assert [(b.route, b.kind, b.level, b.granted, b.refused) for b in seen.budgets] == [
        ("r", "hedge", 2.0, 1, 0),
        ("r", "failover", 10.0, 0, 0),
    ]


def test_a_reload_keeps_what_it_keeps_and_old_leases_stay_good():
    """A request that began on the old configuration ends without harm."""
    pool = Pool()
    lease = pool.begin(B1, 0.0)
    eject(pool, A1)
    pool.retain([A1])
    assert pool.chooser.health.state(A1, 1.0) == "ejected"
    assert [key.target.key for key in pool.snapshot(1.0).keys] == ["a-1"]
    pool.first(lease, 1.0)
    pool.finish(lease, "won", 2.0, rng())
    assert pool.chooser.load.total == 0


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.integers(0, 2**32), st.integers(2, 8))
def test_every_pick_is_the_same_for_the_same_chance(seed, size):
    """Replays of the journal must be exact: nothing but `rng` and `now` decides."""
    tier = tuple(Target(f"k{number}", "p", f"d{number}", "m") for number in range(size))

    def run():
        pool, chance, chosen = Pool(), random.Random(seed), []
        for number in range(60):
            now = number * 0.5
            target = pick(pool, (tier,), now, chance)
            chosen.append(target)
            if target is None:
                continue
            lease = pool.begin(target, now)
            failed = chance.random() < 0.3
            if not failed:
                pool.first(lease, now + chance.random())
            error = chance.choice([FAILED, LIMITED]) if failed else None
            pool.finish(lease, "failed" if failed else "won", now + 1.0, chance, error)
        return chosen

    assert run() == run()
