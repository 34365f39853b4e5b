"""The words of a race: times, money, what it was good for."""

import attrs
import pytest

from gateway.race_words import clean, details, dollars, milliseconds, result, started, title
from state.records import RequestEnded, Skipped
from tests.gateway.raced import FAILED_OVER, GONE, HEDGED, PLAIN, QUICK, SLOW, record


def first(told: RequestEnded) -> str:
    """What is said first of a race's result."""
    return next(result(told))


def test_times_are_told_as_people_read_them() -> None:
    """Milliseconds as long as they are few."""
    assert [milliseconds(ms) for ms in (0.4, 820.2, 9999.0, 12_345.0)] == [
        *("0 ms", "820 ms", "9999 ms", "12.3 s")
    ]


@pytest.mark.parametrize(
    ("nano", "told"),
    [(0, "$0"), (1, "$0.000000001"), (810_000, "$0.00081"), (10**9, "$1"), (10**10, "$10")],
)
def test_money_is_told_exactly(nano: int, told: str) -> None:
    """No sum is rounded away."""
    assert dollars(nano) == told


def test_letters_that_a_terminal_obeys_are_replaced() -> None:
    """All others stay, of every language."""
    assert clean("Türkçe 漢字 👍") == "Türkçe 漢字 👍"
    assert clean("a\x1b[31m\n\u202e") == "a�[31m��"


def test_what_was_decided_before_the_first_call_is_in_the_title() -> None:
    """Chance, arm, sizes, prefix, and why not to hedge, each where it is known."""
    told = record(
        streamed=False, arm="dual", affinity="00ff", unhedgeable="store", output_estimate=0
    )
    assert list(title(told)) == [
        "req_01JD8Z7Q0000000000000000AB  chat gemini-2.0-flash, whole",
        "2026-11-22 20:40:00 UTC, project demo (live)",
        "policy default, coin 0.418, arm dual, about 812 tokens in, prefix 00ff, must not be hedged: store",
    ]
    bare = record(coin=None, prompt_estimate=0, output_estimate=0)
    assert list(title(bare))[-1] == "policy default"


def test_every_start_but_the_first_has_its_reason() -> None:
    """Slowness, an error, or the wish to know; a refusal names what the budget held."""
    assert started(SLOW, HEDGED) is None
    assert started(QUICK, HEDGED) == "hedge: gemini-a silent for 821 ms"
    assert started(FAILED_OVER.attempts[1], FAILED_OVER) == "failover: gemini-a RateLimited (429)"
    assert started(attrs.evolve(QUICK, role="failover"), record(attempts=())) == "failover"
    assert started(Skipped(1.0, "coin"), HEDGED) == "hedge skipped: coin"
    assert started(Skipped(1.0, "budget", 0.4), HEDGED) == "hedge skipped: budget (0.4 left)"


def test_what_a_hedge_saved_is_told_as_far_as_it_is_known() -> None:
    """Exactly where the slow call ran on to its first token, from below where it did not get so far."""
    assert "not known, gemini-a was cancelled while still silent" in first(HEDGED)
    spoke = attrs.evolve(SLOW, first_ms=2490.0, end_ms=2490.0, audit=True)
    told = attrs.evolve(HEDGED, attempts=(spoke, QUICK))
    assert first(told) == "Hedge won: 1000 ms earlier than gemini-a"
    silent = attrs.evolve(SLOW, end_ms=3490.0, audit=True)
    told = attrs.evolve(HEDGED, attempts=(silent, QUICK))
    assert first(told) == "Hedge won: at least 2000 ms earlier than gemini-a"
    failed = attrs.evolve(SLOW, outcome="failed", error="UpstreamFailed", end_ms=1000.0)
    told = attrs.evolve(HEDGED, attempts=(failed, QUICK))
    assert first(told) == "Hedge won: how much earlier is not known, gemini-a failed"
    lost = attrs.evolve(QUICK, outcome="lost", first_ms=None)
    assert first(record(hedged="lost", attempts=(PLAIN, lost))) == "Hedge lost"


def test_the_end_says_who_paid_for_what() -> None:
    """The client's tokens and money, and beside it what the others may have cost."""
    *_, ending, money = result(HEDGED)
    assert ending == "Status 200, answered by openai-b, first token after 1490 ms, 4210 ms in all"
    assert money.endswith("$0.00012345; the other attempts at least $0, at most $0.00081")
    assert first(GONE) == "Status 499, client_gone, 402 ms in all"
    assert "the client left" in first(attrs.evolve(GONE, error=None))


def test_an_attempt_that_told_little_is_told_shortly() -> None:
    """What is not known is not said; what was never planned neither."""
    little = attrs.evolve(
        SLOW,
        provider="",
        headers_ms=None,
        candidates=(),
        p_sel=1.0,
        ewma_ms=None,
        headroom=None,
        delay_ms=None,
        delay_src=None,
        audit=True,
        usage_src="none",
        nano_usd_high=0,
    )
    assert list(details(little)) == [
        "primary gemini-a (google-main) gemini-2.0-flash",
        "  sent at 0 ms, cancelled at 1490 ms, was let run on to learn its time",
        "  3 in flight",
        "  usage not known, cost $0",
    ]
    warming = attrs.evolve(little, delay_src="warmup:n=12")
    assert "  no hedge planned (warmup:n=12)" in details(warming)
    hedge = attrs.evolve(QUICK, delay_src="off")
    assert not any("planned" in line for line in details(hedge))
