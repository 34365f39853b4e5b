"""Whose fault an error is, and for how long it counts."""

import random

import pytest

from policies.terms import advice, asks_for_rest, is_failure, is_unreachable, lasts, refusal, why
from providers import errors
from providers.errors import RateLimited, TimedOut, UpstreamFailed

LIMITED = RateLimited("slow down", status=429)
OVERLOADED = UpstreamFailed("busy", status=503, retry_after=5.0)
BROKEN_NOW = UpstreamFailed("broke", status=500, retry_after=0.0)


class Least(random.Random):
    """No luck at all."""

    def random(self):
        return 0.0


class Most(random.Random):
    """Almost all of it."""

    def random(self):
        return 1.0 - 2.0**-53


@pytest.mark.parametrize(
    ("error", "rest", "refused", "failure"),
    [
        (LIMITED, True, None, False),
        (OVERLOADED, True, None, True),
        (UpstreamFailed("busy", status=529, retry_after=5.0), True, None, True),
        (UpstreamFailed("busy", status=503), False, None, True),
        (UpstreamFailed("proxy", status=502, retry_after=5.0), False, None, True),
        (BROKEN_NOW, False, None, True),
        (UpstreamFailed("broke", status=500), False, None, True),
        (errors.Unreachable("no route"), False, None, True),
        (errors.BrokenAnswer("cut"), False, None, True),
        (TimedOut("silent", clock="connect"), False, None, True),
        (TimedOut("silent", clock="first_token"), False, None, True),
        (TimedOut("too long", clock="total"), False, None, False),
        (errors.RequestRejected("bad", status=400), False, None, False),
        (errors.QuotaExhausted("no money", status=402), False, "exhausted", False),
        (errors.CredentialRejected("who?", status=401), False, "invalid", False),
        (errors.ModelMissing("what?", status=404), False, "missing", False),
    ],
)
def test_every_error_has_its_consequences(error, rest, refused, failure):
    """The table of the module's docstring."""
    assert (asks_for_rest(error), refusal(error), is_failure(error)) == (rest, refused, failure)


@pytest.mark.parametrize(
    ("reason", "error", "times"),
    [
        ("cooling", LIMITED, [1, 2, 4, 8, 16, 32, 60, 60]),
        ("pressed", LIMITED, [1, 2, 4, 8, 16, 32, 60, 60]),
        ("ejected", OVERLOADED, [10, 20, 30, 40]),
        ("unreachable", errors.Unreachable("no route"), [10, 20, 30, 40]),
        ("exhausted", LIMITED, [600, 1200, 2400, 4800, 9600, 19200, 21600, 21600]),
        ("invalid", LIMITED, [3600, 3600]),
        ("missing", LIMITED, [600, 600]),
    ],
)
def test_the_same_trouble_again_lasts_longer(reason, error, times):
    """Rate limits and quotas double, ejections add up, refusals stay."""
    assert [lasts(reason, error, row + 1, Least()) for row in range(len(times))] == times


@pytest.mark.parametrize(
    ("seconds", "least", "most"), [(5.0, 5.0, 6.0), (290.0, 290.0, 300.0), (1e9, 300.0, 300.0)]
)
def test_advice_is_followed_up_to_five_minutes_and_never_undercut(seconds, least, most):
    """Chance only ever adds, and the cap holds with it."""
    error = RateLimited("slow down", status=429, retry_after=seconds)
    assert lasts("cooling", error, 9, Least()) == least
    assert lasts("cooling", error, 9, Most()) == pytest.approx(most)


@pytest.mark.parametrize("seconds", [0.0, -3.0, None])
def test_advice_to_come_back_at_once_is_no_advice(seconds):
    """Or a key that always says so would be called in a hot loop."""
    error = RateLimited("slow down", status=429, retry_after=seconds)
    assert advice(error) == 0.0
    assert lasts("cooling", error, 1, Least()) == 1.0


def test_a_connection_that_never_came_is_told_from_an_answer_that_never_came():
    """Only the first says something of the whole domain."""
    assert is_unreachable(errors.Unreachable("no route"))
    assert is_unreachable(TimedOut("no connection", clock="connect"))
    assert not is_unreachable(TimedOut("silent", clock="first_byte"))
    assert not is_unreachable(BROKEN_NOW)


@pytest.mark.parametrize(("reason", "most"), [("cooling", 60), ("ejected", 300)])
def test_rests_stay_finite_however_often(reason, most):
    """The thousandth time in a row is as long as the cap, jitter included."""
    assert lasts(reason, LIMITED, 1000, Most()) == most


def test_the_reason_is_one_word():
    """A status where there is one, a name where not."""
    assert why(OVERLOADED) == "503"
    assert why(TimedOut("silent", clock="idle")) == "TimedOut"
