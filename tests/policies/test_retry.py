"""What errors mean for the request."""

import itertools

import pytest

from policies.retry import Action, RetryBudget, after, most_telling
from providers import errors
from providers.errors import ProviderError, RateLimited, TimedOut

REJECTED = errors.RequestRejected("bad", status=400)
LIMITED = RateLimited("slow down", status=429, retry_after=7.0)
LIMITED_LESS = RateLimited("slow down", status=429, retry_after=2.0)
LIMITED_SOMEHOW = RateLimited("slow down", status=429)
FAILED = errors.UpstreamFailed("broke", status=500)
FAILED_AGAIN = errors.UpstreamFailed("broke", status=503, retry_after=1.0)
BROKEN = errors.BrokenAnswer("cut")
UNREACHABLE = errors.Unreachable("no route")
SILENT = TimedOut("silent", clock="first_token")
MISSING = errors.ModelMissing("what model?", status=404)
EMPTY = errors.QuotaExhausted("no money", status=402)
INVALID = errors.CredentialRejected("who?", status=401)
STRANGE = ProviderError("new kind of trouble")


@pytest.mark.parametrize(
    "error",
    [LIMITED, FAILED, BROKEN, UNREACHABLE, SILENT, MISSING, EMPTY, INVALID, STRANGE],
)
def test_whatever_another_key_may_do_better_fails_over(error):
    """The key's, the upstream's and the network's troubles move the request on."""
    assert after(error) is Action.FAILOVER


@pytest.mark.parametrize("error", [REJECTED, TimedOut("too long", clock="total")])
def test_a_wrong_request_or_no_time_left_ends_it(error):
    """Nobody can do better with these."""
    assert after(error) is Action.FATAL


def test_the_most_telling_error_wins_in_any_order():
    """What the client can act on first, only our own trouble last."""
    order = [
        REJECTED, LIMITED_LESS, FAILED, BROKEN, UNREACHABLE, SILENT, MISSING, EMPTY, INVALID, STRANGE,
    ]  # fmt: skip
    for better, worse in itertools.combinations(order, 2):
        assert most_telling([better, worse]) is better
        assert most_telling([worse, better]) is better


def test_of_rate_limits_the_shortest_counts():
    """The client should come back when the first key is free; unknown waits come last."""
    for errors_met in itertools.permutations([LIMITED, LIMITED_LESS, LIMITED_SOMEHOW, FAILED]):
        assert most_telling(errors_met) is LIMITED_LESS


def test_of_equals_the_first_counts():
    """Nothing else tells them apart."""
    assert most_telling([FAILED, FAILED_AGAIN]) is FAILED
    assert most_telling([FAILED_AGAIN, FAILED]) is FAILED_AGAIN


def test_no_errors_have_no_most_telling_one():
    """A race without attempts has to name its own error."""
    with pytest.raises(ValueError):
        most_telling([])


def test_failovers_in_a_brown_out_are_a_fifth_of_the_requests():
    """Ten at once, then one for five requests, though every request would like three."""
    budget = RetryBudget()
    granted = 0
    for _ in range(1000):
        budget.deposit()
        granted += sum(budget.withdraw() for _ in range(3))
    assert 190 <= granted <= 210
