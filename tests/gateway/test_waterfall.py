"""A race in the terminal: the picture to the letter, any width, and names that would like to be obeyed."""

from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from gateway.waterfall import NARROWEST, Waterfall, lines, plain
from state.records import AttemptEnded, RequestEnded, Skipped
from tests.gateway.asked import ANYTHING
from tests.gateway.raced import (
    FAILED_OVER,
    GONE,
    HEDGED,
    NOBODY,
    PLAIN,
    QUICK,
    REFUSED,
    SLOW,
    record,
)

HEDGED_AT_100 = """\
req_01JD8Z7Q0000000000000000AB  chat gemini-2.0-flash, streamed
2026-11-22 20:40:00 UTC, project demo (live)
policy default, coin 0.418, about 812 tokens in, at most 512 out, prefix 0123456789abcdef

primary  gemini-a  gemini-2.0-flash ├─────┼───────────────────────────────────────✕             lost
821 ms hedge: gemini-a silent for 821 ms
hedge    openai-b  gpt-4o-mini                               ├────────┼───────────●━━━━━━━━━━…  won
                                    0              500 ms          1000 ms        1500 ms
                                    ┼ accepted  ● first token  ✕ cancelled  … goes on

primary gemini-a (google, google-main) gemini-2.0-flash
  sent at 0 ms, accepted at 212 ms, cancelled at 1490 ms
  compared gemini-a 655, openai-b 902.1 (lower is better), offered with probability 0.5, 3 in
    flight, first token expected after 640 ms, 82% of its limit left
  hedge planned after 820 ms (quantile:p95:n=1412), with probability 0.64
  812 tokens in, 0 out (estimated), cost at least $0, at most $0.00081
hedge openai-b (openai, openai-org) gpt-4o-mini
  sent at 821 ms, accepted at 1100 ms, first content at 1490 ms, over at 4209 ms
  score openai-b 902.1, 1 in flight, prompt in its cache
  790 tokens in, 142 out (reported), cost $0.00012345

Hedge won: how much earlier is not known, gemini-a was cancelled while still silent
Status 200, answered by openai-b, first token after 1490 ms, 4210 ms in all
790 tokens in, 142 out, $0.00012345; the other attempts at least $0, at most $0.00081"""

FAILED_OVER_AT_80 = """\
req_01JD8Z7Q0000000000000000AB  chat gemini-2.0-flash, streamed
2026-11-22 20:40:00 UTC, project demo (live)
policy default, coin 0.418, about 812 tokens in, at most 512 out

primary  gemini-a  gemini-2.0-fl… ├───!                                   failed
91 ms failover: gemini-a RateLimited (429)
failover openai-b  gpt-4o-mini        ├─────┼───────────────────●━━━━━━…  won
                                  0                       500 ms
                                  ┼ accepted  ● first token  ! failed  … goes on

primary gemini-a (google, google-main) gemini-2.0-flash
  sent at 0 ms, over at 90 ms, RateLimited (429)
  compared gemini-a 655, openai-b 902.1 (lower is better), offered with
    probability 0.5, 3 in flight, first token expected after 640 ms, 82% of its
    limit left
  hedge planned after 820 ms (quantile:p95:n=1412), with probability 0.64
  usage not known, cost $0
failover openai-b (openai, openai-org) gpt-4o-mini
  sent at 91 ms, accepted at 200 ms, first content at 610 ms, over at 790 ms
  score openai-b 902.1, 1 in flight, prompt in its cache
  790 tokens in, 142 out (reported), cost $0.00012345

Status 200, answered by openai-b, first token after 610 ms, 801 ms in all
812 tokens in, 20 out, $0.00081"""

REFUSED_AT_80 = """\
primary  gemini-a  gemini-2.0-fl… ├─────┼─────────────────────────●━━━━━━━…  won
820 ms hedge skipped: budget (0.4 left)
                                  0            500 ms        1000 ms
                                  ┼ accepted  ● first token  … goes on"""

GONE_AT_80 = """\
primary  gemini-a  gemini-2.0-fl… ├────────────────┼──────────────✕  client gone
                                  0               200 ms
                                  ┼ accepted  ✕ cancelled"""


def picture(told: RequestEnded, width: int = 80) -> str:
    """The bars and what belongs to them: the second part of the story."""
    return plain(told, width).split("\n\n")[1]


def test_a_hedge_that_won_is_told_with_all_its_reasons() -> None:
    """Who, why there, when, what was planned and why, what it cost, what it was good for."""
    assert plain(HEDGED, 100) == HEDGED_AT_100


def test_a_failover_is_told_with_the_error_that_caused_it() -> None:
    """And an attempt that was never accepted has no such mark."""
    assert plain(FAILED_OVER, 80) == FAILED_OVER_AT_80


def test_a_refused_hedge_stands_at_its_time_with_the_reason() -> None:
    """A long answer is cut, so that the race stays readable."""
    assert picture(REFUSED) == REFUSED_AT_80


def test_a_client_that_left_ends_the_axis() -> None:
    """No answer ever began: the axis goes to the last end."""
    assert picture(GONE) == GONE_AT_80


def test_a_request_that_called_nobody_says_so() -> None:
    """Refused, or answered by a mock: the ending is told, and why it must not be hedged."""
    told = plain(NOBODY, 80)
    assert "\n\nNo upstream was called.\n\nStatus 429, rate_limit_error, 5000 ms in all\n" in told
    assert "arm control" in told
    assert "must not be hedged: store" in told


def test_two_at_once_are_told_as_such() -> None:
    """A dual is no hedge: nobody was slow yet."""
    both = record(attempts=(SLOW, attrs.evolve(QUICK, role="dual", start_ms=0.4)))
    assert "0 ms two at once, to know more" in picture(both)


def test_control_characters_in_names_are_harmless() -> None:
    """Nothing in a record moves the cursor, turns the text around or begins a line."""
    evil = "\x1b[2J\x07\r\n\u202e\x9b\t"
    attempt = attrs.evolve(
        SLOW, key=evil, model=evil, domain=evil, provider=evil, error=evil, delay_src=evil
    )
    names = {"request": evil, "project": evil, "model": evil, "winner": evil, "policy": evil}
    told = record(
        **names, attempts=(attempt,), skips=(Skipped(1.0, evil),), unhedgeable=evil, error=evil
    )
    for line in lines(told, 100):
        assert line.plain.isprintable()


def test_it_is_coloured_only_where_there_is_a_terminal() -> None:
    """The same letters either way."""
    colourful = Console(force_terminal=True, width=100, color_system="truecolor")
    dull = Console(force_terminal=False, width=100)
    with colourful.capture() as shown:
        colourful.print(Waterfall(HEDGED))
    with dull.capture() as piped:
        dull.print(Waterfall(HEDGED))
    assert "\x1b[" in shown.get()
    assert "\n".join(line.rstrip() for line in piped.get().splitlines()) == HEDGED_AT_100


@pytest.mark.parametrize("width", [1, 60, 61, 80, 200])
def test_it_fits_any_terminal_from_60_columns_on(width: int) -> None:
    """Wide letters count as two, and the legend is broken between its words."""
    wide = attrs.evolve(SLOW, key="漢字漢字漢字漢字", model="モデル" * 12)
    told = attrs.evolve(HEDGED, attempts=(wide, QUICK, *FAILED_OVER.attempts, PLAIN))
    for line in lines(told, width):
        assert cell_len(line.plain) <= max(width, NARROWEST)


times = st.floats(0, 1e7) | st.sampled_from([0.0, -3.0, 0.01])
attempts = st.builds(
    AttemptEnded,
    *(st.text(max_size=12), st.just("d"), st.text(max_size=40)),
    st.sampled_from(["primary", "hedge", "failover", "dual"]),
    st.sampled_from(["won", "lost", "failed", "timeout", "client_gone"]),
    *(times, st.none() | times, times),
    error=st.none() | st.text(max_size=8),
    headers_ms=st.none() | times,
    cancelled_ms=st.none() | times,
    audit=st.booleans(),
    delay_ms=st.none() | times,
    nano_usd_high=st.integers(0, 10**12),
)
skips = st.builds(Skipped, times, st.text(max_size=8), st.none() | times)


@ANYTHING
@given(
    st.lists(attempts, max_size=4).map(tuple),
    st.lists(skips, max_size=3).map(tuple),
    st.sampled_from(["no", "won", "lost"]),
    st.none() | times,
    st.integers(20, 120),
)
def test_any_race_can_be_told(
    made: Any, refused: Any, hedged: Any, ttft: float | None, width: int
) -> None:
    """However odd its times: each attempt has its line, and no line is too long."""
    told = record(attempts=made, skips=refused, hedged=hedged, ttft_ms=ttft)
    shown = lines(told, width)
    assert all(cell_len(line.plain) <= max(width, NARROWEST) for line in shown)
    assert len(shown) > 3 + 3 * len(made)
