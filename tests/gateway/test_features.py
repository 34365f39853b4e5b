"""What a race's decisions are told of a request."""

from typing import Any

import attrs

from gateway.features import Asked, features_of
from gateway.knobs import Knobs
from policies.features import Features
from policies.settings import Explore, Hedge, Policy
from tests.gateway.asked import chat, embed

SECRET = bytes(range(32))
ALWAYS = Policy(hedge=Hedge(explore=Explore(control=1.0, audit=1.0)))


def features(policy: Policy = ALWAYS, call: Any = None, **knobs: Any) -> Features:
    """The features of request `req_1`."""
    asked = Asked("req_1", "demo", call or chat(), {"x-session-id": "s"}, Knobs(**knobs))
    return features_of(asked, policy, SECRET)


def test_the_same_request_has_the_same_chance_everywhere() -> None:
    """Another process, or a replay, throws the same coin."""
    one, other = features(), features()
    assert one == other
    assert 0.0 <= one.coin < 1.0


def test_sizes_are_estimates_of_the_prompt_and_of_the_most_it_may_write() -> None:
    """Four bytes a token, and what the client allows."""
    found = features(call=chat("abcd" * 100, max_tokens=50))
    assert (found.prompt_tokens, found.output_tokens) == (104, 50)


def test_requests_that_are_hedged_by_policy_explore() -> None:
    """As many as the policy says: here all."""
    assert (features().arm, features().audit) == ("control", True)


def test_what_its_client_decided_is_not_explored_with() -> None:
    """Nor what is never hedged, nor what must not be."""
    assert features(hedge="off").arm == "none"
    assert features(hedge=0.5).arm == "none"
    assert features(Policy(hedge=Hedge(policy="off", explore=ALWAYS.hedge.explore))).arm == "none"
    stored = features(call=attrs.evolve(chat(), body={"model": "m", "store": True}))
    assert (stored.unhedgeable, stored.arm) == ("store", "none")


def test_a_session_is_kept_together_only_by_policies_that_do_so() -> None:
    """Its name is a hash: nothing of what the client sent."""
    kept = features().affinity
    assert kept is not None
    assert kept != "s"
    assert features(Policy(affinity=False)).affinity is None
    assert features(Policy(balance="round_robin")).affinity is None
    assert features(call=embed()).affinity is None
