"""Rest after trouble, then try again gently."""

import random

import pytest

from policies.health import PROBE_WAIT, Health
from policies.rest import Lifted, Rested, Told
from policies.target import Target
from providers import errors
from providers.errors import RateLimited, UpstreamFailed

FAILED = UpstreamFailed("broke", status=500)
LIMITED = RateLimited("slow down", status=429, retry_after=10.0)
LIMITED_SOMEHOW = RateLimited("slow down", status=429)
INVALID = errors.CredentialRejected("who?", status=401)
EMPTY = errors.QuotaExhausted("no money", status=402)
MISSING = errors.ModelMissing("what?", status=404)


class NoLuck(random.Random):
    """Chance that never adds anything, so that times are exact."""

    def random(self):
        return 0.0


RNG = NoLuck()
A1 = Target("a-1", "a", "org-a", "m")
A2 = Target("a-2", "a", "org-a", "m")
A1_OTHER = Target("a-1", "a", "org-a", "other")
A2_OTHER = Target("a-2", "a", "org-a", "other")
B1 = Target("b-1", "b", "org-b", "m")


def see(health, target, *seen, now=0.0, begun=None):
    """Tells of several outcomes; gives the changes that followed."""
    return [
        change for error in seen for change in health.observe(target, error, now, RNG, begun=begun)
    ]


def ejected(*targets, now=0.0, health=None):
    health = health or Health()
    for target in targets:
        see(health, target, FAILED, FAILED, FAILED, now=now)
    return health


def test_a_key_without_trouble_is_active():
    """Nothing seen is nothing bad."""
    health = Health()
    assert health.available(A1, 0.0)
    assert health.state(A1, 0.0) == "active"
    assert health.soonest([A1], 0.0) == 0.0


def test_a_rate_limit_cools_the_domain_for_that_model_only():
    """Keys of one organisation share the limit; its other models do not."""
    health = Health()
    (change,) = see(health, A1, LIMITED, now=5.0)
    assert (change.key, change.was, change.to, change.why) == ("a-1", "active", "cooling", "429")
    assert (change.until, change.domain, change.model) == (15.0, "org-a", "m")
    assert [health.available(target, 6.0) for target in (A1, A2, A1_OTHER, B1)] == [
        False, False, True, True,
    ]  # fmt: skip
    assert health.soonest([A1, A2], 6.0) == 9.0
    assert health.state(A2, 6.0) == "cooling"


def test_a_cooled_domain_is_back_at_once_and_for_everybody():
    """No probation after a rate limit: its end was told."""
    health = Health()
    see(health, A1, LIMITED)
    assert health.state(A1, 10.0) == "active"
    assert health.begin(A1, 10.0) == ()
    assert health.available(A2, 10.0)


def test_of_two_cool_downs_the_later_end_counts():
    """A short advice does not undercut a long one that still runs; a longer one extends it."""
    health = Health()
    see(health, A1, LIMITED)
    assert see(health, A1, RateLimited("again", retry_after=2.0), now=1.0) == []
    assert health.soonest([A1], 1.0) == 9.0
    (change,) = see(health, A1, RateLimited("again", retry_after=30.0), now=1.0)
    assert (change.was, change.to, change.until) == ("cooling", "cooling", 31.0)


def test_calls_limited_together_are_one_refusal_and_later_ones_are_more():
    """The pause doubles for refusals in a row, not for each call of a burst; success resets it."""
    health = Health()
    pauses = []
    now = 0.0
    for _ in range(3):
        see(health, A1, LIMITED_SOMEHOW, LIMITED_SOMEHOW, LIMITED_SOMEHOW, now=now)
        pauses.append(health.soonest([A1], now))
        now += 100.0
    assert pauses == [1.0, 2.0, 4.0]
    assert see(health, A1, None, now=now) == []
    see(health, A1, LIMITED_SOMEHOW, now=now)
    assert health.soonest([A1], now) == 1.0


def test_a_success_that_began_before_does_not_end_a_cool_down():
    """An old stream may well end while its domain is limited."""
    health = Health()
    see(health, A1, LIMITED, now=5.0)
    see(health, A1, None, now=6.0, begun=1.0)
    see(health, A1, None, now=6.0, begun=6.0)
    assert not health.available(A1, 6.0)


@pytest.mark.parametrize("status", [503, 529])
def test_an_overloaded_upstream_that_names_a_time_is_left_alone_and_counted(status):
    """503 and 529 with Retry-After cool, and are failures like any other."""
    health = Health()
    busy = UpstreamFailed("busy", status=status, retry_after=20.0)
    changes = see(health, A1, busy, busy, busy)
    assert [(change.was, change.to) for change in changes] == [
        ("active", "cooling"),
        ("cooling", "ejected"),
    ]
    assert not health.available(A1, 15.0)


def test_other_failures_that_name_a_time_are_failures_only():
    """What a proxy's 502 says about later is not the upstream's word."""
    health = Health()
    assert see(health, A1, UpstreamFailed("proxy", status=502, retry_after=20.0)) == []
    assert health.available(A1, 0.0)


@pytest.mark.parametrize("status", [408, 409, 425, 500, 502, 503, 504, 529])
def test_an_upstream_that_breaks_is_a_failure_whatever_it_calls_it(status):
    """Three in a row eject."""
    health = Health()
    broke = UpstreamFailed("broke", status=status)
    assert [change.to for change in see(health, A1, *[broke] * 3)] == ["ejected"]


@pytest.mark.parametrize("clock", ["connect", "first_byte", "first_token", "idle"])
def test_silence_is_a_failure(clock):
    """Before the first token or after it: three in a row eject."""
    health = Health()
    silent = errors.TimedOut("silent", clock=clock)
    assert [change.to for change in see(health, A1, *[silent] * 3)] == ["ejected"]


def test_an_empty_answer_is_a_failure():
    """A good status with nothing behind it is no success."""
    health = Health()
    empty = errors.BrokenAnswer("empty")
    assert [change.to for change in see(health, A1, *[empty] * 3)] == ["ejected"]


def test_three_failures_in_a_row_eject_the_key_and_nothing_else():
    """Ten seconds, that key, all its models."""
    health = Health()
    (change,) = see(health, A1, FAILED, FAILED, FAILED, now=1.0)
    assert (change.was, change.to, change.until) == ("active", "ejected", 11.0)
    assert (change.why, change.domain, change.model) == ("500", None, None)
    assert [health.available(target, 2.0) for target in (A1, A1_OTHER, A2)] == [False, False, True]


def test_a_poor_share_of_successes_ejects_too():
    """Two in ten failing, never three in a row, is fine; three in ten is not."""
    health = Health()
    fine = [None, None, FAILED, None, None] * 2
    assert see(health, A1, *fine) == []
    assert [change.to for change in see(health, A2, *fine, FAILED)] == ["ejected"]


@pytest.mark.parametrize(
    "error", [LIMITED, errors.RequestRejected("bad"), errors.TimedOut("too long", clock="total")]
)
def test_what_is_not_the_keys_fault_never_ejects(error):
    """Rate limits, wrong requests and a request's own deadline are neutral."""
    health = Health()
    assert "ejected" not in [change.to for change in see(health, A1, *[error] * 50)]


def test_failures_that_were_under_way_together_are_one_ejection():
    """The fourth to tenth failure of a batch change nothing: they began before it was ejected."""
    health = ejected(A1, now=5.0)
    assert see(health, A1, *[FAILED] * 7, now=6.0, begun=1.0) == []
    assert see(health, A1, FAILED, now=15.0, begun=1.0) == []
    assert health.state(A1, 15.0) == "probation"


def test_probation_lets_one_attempt_through_and_its_success_opens_the_door():
    """One probe; while it runs the others wait; when it is answered, all are welcome."""
    health = ejected(A1)
    assert health.state(A1, 10.0) == "probation"
    claim = health.begin(A1, 10.0)
    assert not health.available(A1, 10.0)
    assert health.begin(A1, 10.0) == ()
    health.release(claim)
    (change,) = see(health, A1, None, now=11.0, begun=10.0)
    assert (change.was, change.to, change.why) == ("probation", "active", "answered")
    assert health.available(A1, 11.0)
    assert health.state(A1, 11.0) == "active"


def test_a_probe_without_a_verdict_gives_its_place_back():
    """A lost race or a 429 leaves the key on probation for the next."""
    health = ejected(A1)
    health.release(health.begin(A1, 10.0))
    assert health.available(A1, 10.0)
    assert health.state(A1, 10.0) == "probation"
    assert health.begin(A1, 10.0) != ()


def test_a_probe_that_fails_ejects_again_for_longer():
    """One failure is enough on probation: 10 s, 20 s, 30 s."""
    health, now, rests = ejected(A1), 10.0, []
    for _ in range(3):
        health.release(health.begin(A1, now))
        (change,) = see(health, A1, FAILED, now=now)
        rests.append(change.until - now)
        now = change.until
    assert rests == [20.0, 30.0, 40.0]


def test_a_key_that_flaps_is_not_forgiven_by_one_success():
    """Back and ejected again within half a minute counts in a row; after a calm time it does not."""
    health = ejected(A1)
    see(health, A1, None, now=10.0)
    *_, change = see(health, A1, FAILED, FAILED, FAILED, now=20.0)
    assert change.until == 40.0
    see(health, A1, None, now=40.0)
    *_, change = see(health, A1, FAILED, FAILED, FAILED, now=100.0)
    assert change.until == 110.0


def test_an_old_success_does_not_open_the_door_but_a_new_one_does_even_early():
    """Used in need while ejected and answered: the key is well again."""
    health = ejected(A1, now=5.0)
    assert see(health, A1, None, now=6.0, begun=4.0) == []
    assert [change.to for change in see(health, A1, None, now=7.0, begun=6.0)] == ["active"]


def test_a_refused_credential_is_left_alone_for_an_hour_then_tried_once():
    """All its models; the organisation's other keys go on."""
    health = Health()
    (change,) = see(health, A1, INVALID)
    assert (change.to, change.until, change.model, change.domain) == ("invalid", 3600.0, None, None)
    assert [health.available(target, 1.0) for target in (A1, A1_OTHER, A2)] == [False, False, True]
    assert see(health, A1, INVALID, now=5.0, begun=0.0) == []
    claim = health.begin(A1, 3600.0)
    assert not health.available(A1, 3600.0)
    health.release(claim)
    (again,) = see(health, A1, INVALID, now=3601.0)
    assert (again.was, again.to, again.until) == ("probation", "invalid", 7201.0)


def test_an_empty_account_rests_the_whole_domain_longer_each_time():
    """Ten minutes, then twenty; one key of the domain tries for all."""
    health = Health()
    (change,) = see(health, A1, EMPTY)
    assert (change.to, change.until, change.domain) == ("exhausted", 600.0, "org-a")
    assert [health.available(target, 1.0) for target in (A2, A2_OTHER, B1)] == [False, False, True]
    claim = health.begin(A2, 600.0)
    assert not health.available(A1, 600.0)
    health.release(claim)
    (again,) = see(health, A2, EMPTY, now=601.0)
    assert again.until == 601.0 + 1200.0
    (paid,) = see(health, A2, None, now=2000.0)
    assert (paid.was, paid.to, paid.domain) == ("probation", "active", "org-a")


def test_an_unknown_model_is_left_out_at_that_key_only():
    """The key's other models and the model's other keys are as before."""
    health = Health()
    (change,) = see(health, A1, MISSING)
    assert (change.to, change.until, change.model, change.domain) == ("invalid", 600.0, "m", None)
    assert [health.available(target, 1.0) for target in (A1, A1_OTHER, A2)] == [False, True, True]


def test_a_draining_key_gets_no_calls_until_it_is_put_back():
    """The operator's word is above all, in need too."""
    health = ejected(A1)
    health.drain("a-1")
    assert health.state(A1, 0.0) == "draining"
    assert not health.available(A1, 100.0)
    assert not health.ejected(A1, 1.0)
    assert health.soonest([A1], 0.0) is None
    health.drain("a-1", False)
    assert health.available(A1, 100.0)


def test_the_gravest_state_is_shown():
    """Invalid before exhausted before cooling before ejected."""
    health, shown = ejected(A1), []
    for error in (LIMITED, EMPTY, INVALID):
        see(health, A1, error)
        shown.append(health.state(A1, 0.0))
    assert shown == ["cooling", "exhausted", "invalid"]
    assert not health.ejected(A1, 1.0)


def test_the_wait_is_for_what_time_can_heal():
    """The longest of a key's rests, the shortest of the keys; an ejection is never waited for."""
    health = Health()
    see(health, A1, EMPTY, LIMITED)
    see(health, B1, RateLimited("slow down", retry_after=4.0))
    assert health.soonest([A1], 0.0) == 600.0
    assert health.soonest([A1, B1], 1.0) == 3.0
    assert ejected(A1).soonest([A1], 0.0) == 0.0
    health.begin(A1, 600.0)
    assert health.soonest([A1], 600.0) == PROBE_WAIT
    assert health.soonest([], 0.0) is None


def test_a_probe_that_is_rate_limited_gives_its_place_back_and_proves_nothing():
    """The key stays on probation: neither good nor bad."""
    health = ejected(A1)
    health.release(health.begin(A1, 10.0))
    see(health, A1, LIMITED_SOMEHOW, now=10.0)
    assert health.state(A1, 10.5) == "cooling"
    assert health.state(A1, 11.0) == "probation"
    assert health.begin(A1, 11.0) != ()


def test_refused_credentials_are_tried_once_more_after_a_reload():
    """The operator may have replaced them; other troubles keep their time."""
    health = ejected(A2)
    see(health, A1, INVALID)
    health.reprobe()
    assert health.state(A1, 1.0) == "probation"
    assert health.state(A2, 1.0) == "ejected"
    claim = health.begin(A1, 1.0)
    assert len(claim) == 1
    health.release(claim)
    assert [change.until for change in see(health, A1, INVALID, now=2.0)] == [3602.0]


@pytest.mark.parametrize(
    ("size", "bad", "back"),
    [(8, 4, 0), (8, 5, 1), (8, 8, 4), (3, 1, 0), (3, 2, 1), (2, 1, 0), (1, 1, 1)],
)
def test_no_more_than_half_of_a_tier_is_left_out(size, bad, back):
    """What is ejected above half is let back in, those first whose rest ends soonest."""
    tier = [Target(f"k{number}", "p", "d", "m") for number in range(size)]
    health = Health()
    for number, target in enumerate(tier[:bad]):
        ejected(target, now=float(number), health=health)
    assert health.overflow(tier, float(bad)) == tier[:back]


def test_forgetting_leaves_what_is_still_configured():
    """After a reload the kept keys keep their state; the others leave nothing."""
    health = ejected(A1, B1)
    see(health, A2, LIMITED)
    health.drain("b-1")
    health.retain([A1, A2])
    assert not health.available(A1, 1.0)
    assert not health.available(A2, 1.0)
    assert health.available(B1, 1.0)
    assert len(health._rests) == 2
    assert set(health._records) == {("ejected", "a-1")}
    health.retain([])
    assert health.available(A1, 1.0)


def pair() -> tuple[Health, Health, list[Told]]:
    """Two processes: what the first finds, the second adopts; and what either has told."""
    told: list[Told] = []
    first, second = Health(), Health(tell=told.append)

    def tell(found: Told) -> None:
        told.append(found)
        second.adopt(found, now=0.0)

    first.tell = tell
    return first, second, told


@pytest.mark.parametrize("error", [LIMITED, FAILED, INVALID, EMPTY, MISSING])
def test_what_one_process_finds_another_keeps_to(error):
    """The same keys rest for the same time, whatever the trouble was; nothing is told twice."""
    first, second, told = pair()
    see(first, A1, error, error, error)
    for target in (A1, A2, A1_OTHER, B1):
        assert second.state(target, 5.0) == first.state(target, 5.0)
        assert second.soonest([target], 5.0) == first.soonest([target], 5.0)
    assert len(told) == 1


def test_a_key_that_one_process_cured_is_back_in_another():
    """Its answer counts if its call began after the rest did, as at home."""
    first, second, told = pair()
    ejected(A1, health=first)
    assert second.state(A1, 5.0) == "ejected"
    see(first, A1, None, now=12.0, begun=11.0)
    assert second.state(A1, 12.0) == "active"
    assert [type(each) for each in told] == [Rested, Lifted]
    ejected(A1, now=13.0, health=second)
    second.adopt(Lifted(("ejected", "a-1"), 12.5), 14.0)
    assert second.state(A1, 14.0) == "ejected"


def test_an_adopted_ejection_counts_in_the_next_ones_length():
    """Coming back only to fail is longer each time, also where each process saw only one of them."""
    first, second, _ = pair()
    ejected(A1, health=first)
    (change,) = see(second, A1, FAILED, now=11.0)
    assert change.until == 31.0


def test_the_longer_of_two_rests_holds():
    """Old news does not shorten what was found here."""
    _, second, _ = pair()
    see(second, A1, LIMITED)
    second.adopt(Rested(("cooling", "org-a", "m"), "cooling", 0.0, 4.0), 1.0)
    assert second.soonest([A1], 1.0) == 9.0


def test_a_newcomer_is_told_all_that_keeps_calls_away():
    """Rests and drained keys: it begins where the others are."""
    first, _, _ = pair()
    see(first, A1, LIMITED)
    ejected(B1, health=first)
    first.drain("a-2")
    newcomer = Health()
    for told in first.known():
        newcomer.adopt(told, 1.0)
    for target in (A1, A2, B1, A1_OTHER):
        assert newcomer.state(target, 1.0) == first.state(target, 1.0)


def test_the_operators_word_reaches_every_process():
    """A key taken out here is taken out there, and put back."""
    first, second, _ = pair()
    first.drain("a-1")
    assert second.state(A1, 0.0) == "draining"
    first.drain("a-1", False)
    assert second.state(A1, 0.0) == "active"
