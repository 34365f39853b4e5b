"""What the record of a request says of its upstream calls, winners and losers alike."""

import pytest

from gateway.attempt import Attempt
from gateway.attempt_record import Clockwork, attempt_record, bill, paid
from policies.cost import CancelBilling, Price
from policies.features import Features
from policies.hedge import Plan
from providers.errors import ProviderError, TimedOut, Unreachable, UpstreamFailed
from providers.types import RateLimits, Usage
from state.records import AttemptEnded, Candidate
from tests.gateway.asked import USAGE, attempt

FEATURES = Features(prompt_tokens=1_000, output_tokens=200)
CLOCK = Clockwork(10.0, 20.0)
PRICE = Price(1.0, 4.0)


def recorded(made: Attempt, rule: CancelBilling = "unknown") -> AttemptEnded:
    """The record of an attempt whose answer was not used; its request came at 10 and ends at 20."""
    return attempt_record(made, CLOCK, bill(made, FEATURES, rule))


def test_a_lost_attempt_has_its_times_and_no_status() -> None:
    """It was cancelled before its upstream had said anything."""
    record = recorded(attempt(11.0, role="hedge", outcome="lost", ended=12.5))
    assert (record.role, record.outcome, record.status) == ("hedge", "lost", None)
    assert (record.start_ms, record.first_ms, record.end_ms) == (1000.0, None, 2500.0)
    assert (record.headers_ms, record.usage_src) == (None, "none")


def test_a_failed_attempt_has_its_error() -> None:
    """The upstream's status and our name for it, never its message."""
    failed = attempt(
        11.0, outcome="failed", ended=12.0, error=UpstreamFailed("sk-CANARY", status=529)
    )
    record = recorded(failed)
    assert (record.outcome, record.status, record.error) == ("failed", 529, "UpstreamFailed")
    assert "CANARY" not in repr(record)


def test_an_attempt_that_timed_out_has_no_status() -> None:
    """Nobody answered."""
    silent = attempt(
        11.0, outcome="timeout", ended=12.0, error=TimedOut("silent", clock="first_byte")
    )
    assert (recorded(silent).status, recorded(silent).error) == (None, "TimedOut")


def test_an_attempt_that_still_runs_ends_with_its_request() -> None:
    """The request is recorded before its last byte, when the winner's call is not yet closed."""
    record = recorded(attempt(11.0, first=12.0))
    assert (record.outcome, record.end_ms, record.status) == ("client_gone", 10_000.0, 200)


def test_why_it_went_there_is_recorded() -> None:
    """Everything that a replay of the decision needs."""
    made = attempt(11.0, role="primary", outcome="lost", ended=12.0)
    made.plan, made.limits = Plan((0.25,), "fixed", 0.5), RateLimits(10, 7, 1000, 900, 2.0)
    record = recorded(made)

    assert (record.delay_ms, record.delay_src, record.probability) == (250.0, "fixed", 0.5)
    assert (record.ewma_ms, record.inflight, record.headroom) == (500.0, 0, None)
    assert record.candidates == (Candidate("a-1", 0.5),)
    assert record.limits == (7, 900, 2.0)


def sent(**changes: object) -> Attempt:
    """A priced attempt that lost."""
    usual = {"role": "hedge", "outcome": "lost", "ended": 12.0} | changes
    return attempt(11.0, price=PRICE, **usual)  # type: ignore[arg-type]


def test_the_winner_costs_what_its_usage_says() -> None:
    """Low and high are one number where the usage was reported."""
    known = paid(sent(outcome="won"), USAGE, estimated=False)
    assert known.source == "reported"
    assert known.cost.low == known.cost.high == 25 * 1000 + 42 * 4000


def test_an_attempt_that_was_never_accepted_may_have_cost_nothing() -> None:
    """Or its prompt, and who knows what."""
    record = recorded(sent())
    assert (record.usage_src, record.nano_usd_low) == ("none", 0)
    assert record.nano_usd_high == 1_000 * 1000 + 200 * 4000


@pytest.mark.parametrize(
    ("rule", "low", "high"),
    [
        ("stops", 1_000_000, 1_000_000),
        ("bills_full", 1_000_000, 1_800_000),
        ("unknown", 0, 1_800_000),
    ],
)
def test_what_a_cancelled_call_costs_depends_on_its_provider(
    rule: CancelBilling, low: int, high: int
) -> None:
    """An interval, because few of them say."""
    record = recorded(sent(first=11.5), rule)
    assert record.usage_src == "estimated"
    assert (record.nano_usd_low, record.nano_usd_high) == (low, high)


def test_usage_that_came_early_is_no_bill_yet() -> None:
    """Some report the prompt with the first event; only a complete answer's usage is exact."""
    early = sent(first=11.5, usage=Usage(900, 1, 901))
    assert recorded(early).usage_src == "early"
    early.complete = True
    complete = recorded(early)
    assert complete.usage_src == "reported"
    assert complete.nano_usd_low == complete.nano_usd_high == 900 * 1000 + 4000


@pytest.mark.parametrize(
    ("error", "free"),
    [
        (UpstreamFailed("no", status=500), True),
        (Unreachable("cut off"), False),
        (TimedOut("silent", clock="first_token"), False),
    ],
)
def test_a_definite_refusal_costs_nothing(error: ProviderError, free: bool) -> None:
    """Who answered with an error has not answered; who went silent may have."""
    record = recorded(sent(outcome="failed", error=error))
    assert (record.nano_usd_high == 0) == free
