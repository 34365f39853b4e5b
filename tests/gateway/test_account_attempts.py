"""What the account of a request says of its upstream calls, winners and losers alike."""

import pytest

from gateway.account import attempt_record
from gateway.attempt import Attempt, Outcome
from providers.errors import TimedOut, UpstreamFailed
from providers.types import Usage
from state.records import AttemptEnded
from tests.gateway.asked import USAGE, attempt


def recorded(made: Attempt, *, estimated: bool = False) -> AttemptEnded:
    """An attempt's record, for a request that arrived at 10 and ends at 20."""
    return attempt_record(made, 10.0, 20.0, estimated=estimated)


def test_a_lost_attempt_has_its_times_and_no_status() -> None:
    """It was cancelled before its upstream had said anything."""
    record = recorded(attempt(11.0, role="hedge", outcome="lost", ended=12.5))
    assert (record.role, record.outcome, record.status) == ("hedge", "lost", None)
    assert (record.start_ms, record.first_ms, record.end_ms) == (1000.0, None, 2500.0)
    assert record.usage_src == "none"


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


@pytest.mark.parametrize(
    ("outcome", "usage", "estimated", "source"),
    [
        ("won", USAGE, False, "reported"),
        ("won", None, True, "estimated"),
        ("won", None, False, "none"),
        ("lost", USAGE, True, "reported"),
        ("lost", None, True, "none"),
        ("failed", None, True, "none"),
    ],
)
def test_where_an_attempts_usage_comes_from_is_recorded(
    outcome: Outcome, usage: Usage | None, estimated: bool, source: str
) -> None:
    """Losers are billed too, and only some providers say how much."""
    record = recorded(attempt(11.0, outcome=outcome, usage=usage), estimated=estimated)
    assert record.usage_src == source
    assert record.prompt_tokens == (25 if usage else 0)
