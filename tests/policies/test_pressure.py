"""A rate limit of all domains of a provider is the provider's."""

import random

import pytest

from policies.health import Health
from policies.pressure import SPAN, Pressure
from policies.target import Target
from providers.errors import RateLimited, UpstreamFailed

LIMITED = RateLimited("slow down", status=429)
A1 = Target("a-1", "a", "org-a", "m")
A2 = Target("a-2", "a", "org-a", "m")
A1_OTHER = Target("a-1", "a", "org-a", "other")
AX = Target("a-x", "a", "org-x", "m")
AY = Target("a-y", "a", "org-y", "m")
B1 = Target("b-1", "b", "org-b", "m")
ALL = (A1, A2, A1_OTHER, AX, AY, B1)


class NoLuck(random.Random):
    """Chance that never adds anything, so that times are exact."""

    def random(self):
        return 0.0


RNG = NoLuck()


def see(health, target, error, now, begun=None):
    return health.observe(target, error, now, RNG, begun=begun)


def pressed():
    """All three domains of provider a refuse within a few seconds, at 0, 1 and 2."""
    health = Health()
    health.retain(ALL)
    changes = [
        change
        for number, target in enumerate((A1, AX, AY))
        for change in see(health, target, LIMITED, float(number))
    ]
    return health, changes


@pytest.mark.parametrize(
    ("times", "common"),
    [((0.0, 1.0), True), ((0.0, SPAN), True), ((0.0, SPAN + 0.1), False)],
)
def test_it_is_common_if_all_domains_refused_within_ten_seconds(times, common):
    """Later than that is another story."""
    pressure, domains = Pressure(), {"org-a", "org-x"}
    assert not pressure.pushed_back(A1, times[0], domains)
    assert pressure.pushed_back(AX, times[1], domains) is common


def test_one_domain_is_not_all_of_several_and_never_all_of_one():
    """However often it refuses."""
    pressure = Pressure()
    assert not any(pressure.pushed_back(A1, 0.0, {"org-a", "org-x"}) for _ in range(9))
    assert not any(pressure.pushed_back(A1, 0.0, {"org-a"}) for _ in range(9))


def test_an_event_begins_once_and_providers_are_forgotten():
    """The next one needs all domains again."""
    pressure, domains = Pressure(), {"org-a", "org-x"}
    pressure.pushed_back(A1, 0.0, domains)
    pressure.retain({"a"})
    assert pressure.pushed_back(AX, 0.0, domains)
    assert not pressure.pushed_back(AX, 0.0, domains)
    pressure.retain({"b"})
    assert not pressure.pushed_back(A1, 0.0, domains)


def test_a_rate_limit_of_all_domains_is_one_event_of_the_provider():
    """What no domain did alone is told once, for the provider, and holds for all its models."""
    health, changes = pressed()
    assert [(change.domain, change.provider, change.why) for change in changes] == [
        ("org-a", None, "429"),
        ("org-x", None, "429"),
        (None, "a", "429"),
    ]
    assert (changes[-1].was, changes[-1].to, changes[-1].until) == ("active", "cooling", 3.0)
    assert [see(health, A2, LIMITED, 2.5, begun=1.5) for _ in range(5)] == [()] * 5
    assert [health.pressed(provider, 2.5) for provider in ("a", "b")] == [True, False]
    assert [health.available(target, 2.5) for target in ALL] == [*[False] * 5, True]
    assert health.soonest([A1, AX], 2.5) == 0.5
    assert health.state(AX, 2.5) == "cooling"


def test_after_a_common_rate_limit_one_call_is_tried_provider_wide():
    """A herd of all domains' callers would only bring it back; one answer lets all in."""
    health, _ = pressed()
    assert health.state(A1, 3.0) == "probation"
    claim = health.begin(AX, 3.0)
    assert not any(health.available(target, 3.0) for target in (A1, A2, AX, AY))
    health.release(claim)
    assert health.available(A1, 4.0)
    health.release(health.begin(A1, 4.0))
    (change,) = see(health, A1, None, 6.0, begun=4.0)
    assert (change.was, change.to, change.provider) == ("probation", "active", "a")
    assert all(health.available(target, 6.0) for target in ALL)
    assert not health.pressed("a", 6.0)


def test_a_common_rate_limit_is_over_when_an_answer_has_begun():
    """Its first token is proof enough; nobody waits for the end of a long answer."""
    health, _ = pressed()
    assert health.accepted(A1, 4.0, begun=1.0) == ()
    claim = health.begin(A1, 4.0)
    assert [change.to for change in health.accepted(A1, 5.0, begun=4.0)] == ["active"]
    assert health.available(AX, 5.0)
    health.release(claim)
    assert health.accepted(A1, 6.0, begun=4.0) == ()


def test_only_the_provider_pauses_longer_while_its_common_rate_limit_lasts():
    """2, 4, 8 s for the provider; every domain is where it was when the event began."""
    health, (*_, change) = pressed()
    pauses = []
    for target in (A1, AX, AY, A1):
        now = change.until
        health.release(health.begin(target, now))
        (change,) = see(health, target, LIMITED, now)
        assert (change.provider, change.was) == ("a", "probation")
        pauses.append(change.until - now)
    assert pauses == [2.0, 4.0, 8.0, 16.0]
    see(health, A2, None, 100.0)
    (change,) = see(health, AX, LIMITED, 200.0)
    assert (change.domain, change.until) == ("org-x", 202.0)


def test_what_a_domain_was_told_it_keeps_to_in_a_common_rate_limit_too():
    """The provider's pause is a guess; the upstream's word about a domain is not."""
    health, _ = pressed()
    told = RateLimited("slow down", status=429, retry_after=40.0)
    assert see(health, AX, told, 2.5, begun=1.5) == ()
    assert [health.available(target, 3.0) for target in (A1, AX)] == [True, False]
    assert health.soonest([AX], 3.0) == 39.5


def test_an_overloaded_upstream_is_no_part_of_a_common_rate_limit():
    """503 is about the upstream's strength, 429 about our demands."""
    health = Health()
    health.retain(ALL)
    busy = UpstreamFailed("busy", status=503, retry_after=5.0)
    changes = [see(health, target, busy, 0.0)[0] for target in (A1, AX, AY)]
    assert [change.domain for change in changes] == ["org-a", "org-x", "org-y"]
    assert not health.pressed("a", 0.0)


def test_the_provider_of_one_domain_has_no_more_to_say_than_its_domain():
    """Its rate limit is as it was."""
    health = Health()
    health.retain(ALL)
    assert [change.domain for change in see(health, B1, LIMITED, 0.0)] == ["org-b"]
    assert not health.pressed("b", 0.0)


def test_a_common_rate_limit_that_nobody_tried_since_is_old_news_after_a_minute():
    """Hedges may go there again, as the one call that is tried."""
    health, _ = pressed()
    assert health.pressed("a", 62.0)
    assert not health.pressed("a", 64.0)
    assert health.state(A1, 64.0) == "probation"
