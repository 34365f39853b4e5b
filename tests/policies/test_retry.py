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
    """Over any ten seconds a fifth and ten more, though every request would like three."""
    budget = RetryBudget()
    granted = []
    for step in range(6000):
        now = step / 100
        budget.deposit(now)
        granted += [now] * sum(budget.withdraw(now) for _ in range(3))
    for start in range(50):
        within = sum(start <= moment < start + 10 for moment in granted)
        assert within <= 0.2 * 1000 + 10 + 1
    assert len(granted) > 0.15 * 6000


def test_requests_of_one_moment_count_as_well_as_a_stream():
    """A thousand begin at once and a fifth of them meets a dead key: every one may move on."""
    budget = RetryBudget()
    for _ in range(1000):
        budget.deposit(0.0)
    assert sum(budget.withdraw(0.1) for _ in range(1000)) == 210
    assert (budget.granted, budget.refused) == (210, 790)


def test_good_times_save_nothing_up():
    """What was not used within ten seconds is gone, but the ten are always there."""
    budget = RetryBudget()
    for _ in range(1000):
        budget.deposit(0.0)
    assert budget.level(9.9) == 210.0
    assert budget.level(10.0) == 10.0
    assert sum(budget.withdraw(10.0) for _ in range(100)) == 10
    assert budget.level(10.0) == 0.0
    assert budget.level(20.0) == 10.0


def test_the_window_slides_by_seconds():
    """Each second's requests and failovers leave it on their own."""
    budget = RetryBudget()
    for second in range(10):
        budget.deposit(float(second))
        assert budget.withdraw(second + 0.5)
    assert budget.level(9.9) == pytest.approx(2.0)
    assert budget.level(10.0) == pytest.approx(2.8)
    assert budget.level(14.0) == pytest.approx(6.0)


def test_any_clock_will_do():
    """It may start anywhere, jump ahead by years, or step back."""
    budget = RetryBudget()
    budget.deposit(1e9)
    assert budget.withdraw(1e9)
    assert budget.level(1e9 - 50.0) == pytest.approx(9.2)
    assert budget.level(2e9) == 10.0


@pytest.mark.parametrize(
    ("error", "action"),
    [
        (LIMITED, Action.FAILOVER),
        (FAILED, Action.FAILOVER),
        (UNREACHABLE, Action.FAILOVER),
        (TimedOut("no connection", clock="connect"), Action.FAILOVER),
        (SILENT, Action.FATAL),
        (BROKEN, Action.FATAL),
    ],
)
def test_what_must_not_run_twice_moves_on_only_after_a_definite_no(error, action):
    """After silence nobody knows whether the upstream has done it."""
    assert after(error, twice_is_harm=True) is action
