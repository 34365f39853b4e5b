"""What is left of quotas, from what answers' headers say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.headroom import MOST, STALE, Headroom
from policies.target import Target
from providers.types import RateLimits

A = Target("a", "p", "org", "m")
SIBLING = Target("b", "p", "org", "m")
OTHER = Target("c", "p", "other", "m")


def told(reset=None, **limits):
    headroom = Headroom()
    headroom.told(A, RateLimits(reset=reset, **limits), 0.0)
    return headroom


def test_what_nobody_spoke_of_is_plenty():
    """Without headers there is no reason to spare a key."""
    headroom = Headroom()
    headroom.sent(A, 1000)
    assert headroom.share(A, 0.0) == headroom.after(A, 10**9, 0.0) == 1.0
    assert headroom.room(A, 10**9, 0.0)


def test_the_scarcer_quota_counts():
    """Half of the requests and a tenth of the tokens left is a tenth."""
    headroom = told(
        requests_limit=10, requests_remaining=5, tokens_limit=1000, tokens_remaining=100
    )
    assert headroom.share(A, 0.0) == 0.1
    assert headroom.after(A, 0, 0.0) == 0.1
    assert headroom.after(A, 50, 0.0) == 0.05


def test_keys_of_a_domain_share_what_is_left():
    """A quota is an organisation's, and a model's."""
    headroom = told(requests_limit=10, requests_remaining=2)
    assert headroom.share(SIBLING, 0.0) == 0.2
    assert headroom.share(OTHER, 0.0) == 1.0
    assert headroom.share(Target("a", "p", "org", "m2"), 0.0) == 1.0


def test_what_is_sent_after_the_observation_is_gone():
    """Calls on their way have reserved their share already, until the next answer tells."""
    headroom = told(
        requests_limit=10, requests_remaining=8, tokens_limit=1000, tokens_remaining=800
    )
    headroom.sent(SIBLING, 300)
    assert headroom.share(A, 0.0) == 0.5
    headroom.sent(A, 10**6)
    assert headroom.share(A, 0.0) == 0.0
    assert not headroom.room(A, 0, 0.0)
    headroom.told(A, RateLimits(10, 6, 1000, 400), 1.0)
    assert headroom.share(A, 1.0) == 0.4


def test_a_quota_that_headers_leave_out_stays():
    """One answer may tell of requests, the next of tokens."""
    headroom = told(requests_limit=10, requests_remaining=2)
    headroom.told(A, RateLimits(tokens_limit=100, tokens_remaining=50), 1.0)
    assert headroom.share(A, 1.0) == 0.2
    headroom.sent(A, 10)
    assert headroom.share(A, 1.0) == 0.1
    fewer = told(requests_limit=10, requests_remaining=5)
    fewer.sent(A, 10**6)
    assert fewer.share(A, 0.0) == 0.4
    assert told(tokens_limit=100, tokens_remaining=50).share(A, 0.0) == 0.5


def test_quota_comes_back_evenly_until_the_reset():
    """Like a token bucket: halfway to the reset half of what was used is back, then all."""
    headroom = told(reset=10.0, tokens_limit=1000, tokens_remaining=0)
    assert not headroom.room(A, 400, 0.0)
    assert headroom.share(A, 5.0) == 0.5
    assert headroom.room(A, 400, 5.0)
    headroom.sent(A, 200)
    assert headroom.share(A, 5.0) == pytest.approx(0.3)
    assert headroom.share(A, 10.0) == 1.0


def test_without_a_reset_an_observation_holds_a_minute():
    """Nothing comes back that was not promised, but nobody is barred for ever."""
    headroom = told(requests_limit=10, requests_remaining=0)
    assert headroom.share(A, STALE - 1.0) == 0.0
    assert headroom.share(A, STALE) == 1.0
    assert headroom.room(A, 0, STALE)


def test_a_reset_at_once_is_a_whole_quota():
    """Where the reset is now, what remains was told of the past."""
    assert told(reset=0.0, requests_limit=10, requests_remaining=1).share(A, 0.0) == 1.0


def test_room_is_for_the_call_and_its_tokens():
    """The last request and the last token may be used."""
    headroom = told(
        requests_limit=10, requests_remaining=1, tokens_limit=1000, tokens_remaining=100
    )
    assert headroom.room(A, 100, 0.0)
    assert not headroom.room(A, 101, 0.0)
    assert told(requests_limit=10, requests_remaining=1).room(A, 10**6, 0.0)
    assert not told(requests_limit=10, requests_remaining=0).room(A, 0, 0.0)


@pytest.mark.parametrize(("limit", "remaining"), [(0, 0), (-5, -5), (10, 11), (10, -1), (10, None)])
def test_nonsense_is_not_believed(limit, remaining):
    """A limit of nothing or more left than there is says nothing, and what was known stays."""
    headroom = told(requests_limit=limit, requests_remaining=remaining)
    assert headroom.share(A, 0.0) == 1.0
    assert not headroom._known
    known = told(requests_limit=10, requests_remaining=2)
    known.told(A, RateLimits(limit, remaining), 0.0)
    assert known.share(A, 0.0) == 0.2


@pytest.mark.parametrize("reset", [-1.0, float("inf"), float("nan")])
def test_an_absurd_reset_is_none(reset):
    """The numbers are believed, and hold for a minute."""
    headroom = told(reset=reset, requests_limit=10, requests_remaining=2)
    assert headroom.share(A, STALE - 1.0) == 0.2
    assert headroom.share(A, STALE) == 1.0


@given(
    limit=st.integers(1, 10**6),
    used=st.floats(0.0, 1.0),
    reset=st.one_of(st.none(), st.floats(0.0, 1e6)),
    sent=st.lists(st.integers(0, 10**5), max_size=5),
    later=st.floats(0.0, 1e6),
)
def test_a_share_is_a_share_and_a_call_never_adds_to_it(limit, used, reset, sent, later):
    """It stays in [0, 1], grows with time alone, and the next call's share is not more."""
    headroom = told(
        reset=reset,
        requests_limit=limit,
        requests_remaining=int(limit * used),
        tokens_limit=limit,
        tokens_remaining=int(limit * used),
    )
    for tokens in sent:
        headroom.sent(A, tokens)
    assert 0.0 <= headroom.share(A, 0.0) <= headroom.share(A, later) <= 1.0
    assert 0.0 <= headroom.after(A, 10, later) <= headroom.share(A, later)


def test_memory_is_bounded():
    """Targets that left are forgotten, and so are the first of very many models."""
    headroom = told(requests_limit=10, requests_remaining=2)
    headroom.told(OTHER, RateLimits(10, 2), 0.0)
    headroom.retain([OTHER])
    assert headroom.share(A, 0.0) == 1.0
    assert headroom.share(OTHER, 0.0) == 0.2
    for number in range(MOST):
        headroom.told(Target("a", "p", "org", f"m{number}"), RateLimits(10, 2), 0.0)
    assert len(headroom._known) == MOST
    assert headroom.share(OTHER, 0.0) == 1.0
