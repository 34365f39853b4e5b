"""Two keys of a domain without a connection are the domain's outage."""

import random

import pytest

from policies.health import Health
from policies.outage import Outage
from policies.target import Target
from providers.errors import RateLimited, TimedOut, Unreachable, UpstreamFailed

NOWHERE = Unreachable("no route")
A1 = Target("a-1", "a", "org-a", "m")
A2 = Target("a-2", "a", "org-a", "m")
A3 = Target("a-3", "a", "org-a", "m")
A1_OTHER = Target("a-1", "a", "org-a", "other")
B1 = Target("b-1", "b", "org-b", "m")


class NoLuck(random.Random):
    """Chance that never adds anything, so that times are exact."""

    def random(self):
        return 0.0


RNG = NoLuck()


def knowing(*targets):
    health = Health()
    health.retain(targets)
    return health


def see(health, target, error, now, begun=None):
    return health.observe(target, error, now, RNG, begun=begun)


def test_another_key_makes_it_an_outage_and_then_it_begins_anew():
    """The same key again says nothing new."""
    outage = Outage()
    met = [outage.unreachable(target, 0.0) for target in (A1, A1, B1, A2, A1, A2)]
    assert met == [False, False, False, True, False, True]


def test_forgetting_leaves_the_domains_that_are_kept():
    """What is forgotten does not make an outage later."""
    outage = Outage()
    outage.unreachable(A1, 0.0)
    outage.retain({"org-a"})
    assert outage.unreachable(A2, 0.0)
    outage.unreachable(A1, 0.0)
    outage.retain({"org-b"})
    assert not outage.unreachable(A2, 0.0)


@pytest.mark.parametrize("nowhere", [NOWHERE, TimedOut("no connection", clock="connect")])
def test_two_keys_without_a_connection_eject_their_whole_domain(nowhere):
    """The third key need not fail to know; another domain's key is as before."""
    health = knowing(A1, A2, A3, A1_OTHER, B1)
    assert see(health, A1, nowhere, 1.0) == ()
    (change,) = see(health, A2, nowhere, 2.0)
    assert (change.was, change.to, change.until) == ("active", "ejected", 12.0)
    assert (change.why, change.domain, change.model) == (type(nowhere).__name__, "org-a", None)
    assert [health.available(target, 3.0) for target in (A1, A2, A3, A1_OTHER, B1)] == [
        False, False, False, False, True,
    ]  # fmt: skip


def test_an_outage_like_any_ejection_never_empties_a_route():
    """Half of the tier comes back where too much is gone, and nobody waits for its end."""
    health = knowing(A1, A2, A3, B1)
    see(health, A1, NOWHERE, 0.0)
    see(health, A2, NOWHERE, 0.0)
    assert all(health.ejected(target, 3.0) for target in (A1, A2, A3))
    assert health.overflow([A1, A2, A3, B1], 3.0) == [A1]
    assert health.soonest([A1, A2, A3], 3.0) == 0.0


@pytest.mark.parametrize(
    "answer", [None, *(kind("", status=429) for kind in (RateLimited, UpstreamFailed))]
)
def test_an_answer_between_shows_that_the_domain_is_there(answer):
    """Even an error is one; but not the end of a stream that began before."""
    health = knowing(A1, A2, A3)
    see(health, A1, NOWHERE, 1.0)
    see(health, A2, answer, 2.0)
    assert see(health, A3, NOWHERE, 3.0) == ()
    see(health, A2, None, 4.0, begun=2.5)
    assert [change.domain for change in see(health, A2, NOWHERE, 5.0)] == ["org-a"]


def test_silence_between_shows_nothing():
    """A call that was never answered is no sign of life."""
    health = knowing(A1, A2, A3)
    see(health, A1, NOWHERE, 1.0)
    see(health, A3, TimedOut("silent", clock="first_token"), 2.0)
    assert [change.domain for change in see(health, A2, NOWHERE, 3.0)] == ["org-a"]


def test_a_domain_with_one_key_is_ejected_as_a_key_is():
    """After three failures in a row."""
    health = knowing(A1, B1)
    changes = [change for _ in range(3) for change in see(health, A1, NOWHERE, 0.0)]
    assert [(change.to, change.key, change.domain) for change in changes] == [
        ("ejected", "a-1", None)
    ]


def test_an_ejected_domain_is_tried_by_one_call_and_rests_longer_each_time():
    """10 s, 20 s, 30 s; the call that is answered brings all its keys back."""
    health = knowing(A1, A2, A3)
    see(health, A1, NOWHERE, 0.0)
    (change,) = see(health, A2, NOWHERE, 0.0)
    for pause, prober in ((20.0, A1), (30.0, A3)):
        now = change.until
        claim = health.begin(prober, now)
        assert not any(health.available(target, now) for target in (A1, A2, A3))
        health.release(claim)
        (change,) = see(health, prober, NOWHERE, now)
        assert (change.was, change.until - now) == ("probation", pause)
    now = change.until
    (change,) = see(health, A3, None, now + 1.0, begun=now)
    assert (change.was, change.to, change.domain) == ("probation", "active", "org-a")
    assert all(health.available(target, now) for target in (A1, A2, A3))


def test_calls_that_failed_while_the_domain_was_already_out_change_nothing():
    """Neither its pause nor any key's count: they are the same outage."""
    health = knowing(A1, A2, A3)
    see(health, A1, NOWHERE, 1.0)
    (change,) = see(health, A2, NOWHERE, 1.0)
    assert [see(health, A3, NOWHERE, 2.0, begun=0.5) for _ in range(5)] == [()] * 5
    assert see(health, A3, None, change.until + 1.0, begun=change.until) != ()
    assert health.available(A3, change.until + 1.0)


def test_keys_are_known_by_their_calls_too():
    """Two keys that were called are a domain of two keys."""
    health = Health()
    health.begin(A1, 0.0)
    health.begin(A2, 0.0)
    see(health, A1, NOWHERE, 0.0)
    assert [change.domain for change in see(health, A2, NOWHERE, 0.0)] == ["org-a"]
