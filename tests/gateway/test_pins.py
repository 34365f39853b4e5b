"""Ids of what upstreams keep go back to the key that made them, and to no other."""

from typing import Any

import pytest

from gateway.apis.api import Asked
from gateway.apis.responses_request import read_responses
from gateway.pins import Maker, Noted, Pins, continued
from policies.target import Target
from providers.types import Call, Ended, Event, Started, TextDelta, Verbatim
from tests.gateway.asked import chat, refusal

ROUTE = (
    (Target("a-1", "a", "a", "m"), Target("a-2", "a", "a", "m")),
    (Target("b-1", "b", "b", "m"),),
)
PASSED = Verbatim(b"{}")
FIRST = Maker("demo", "a-2")


def asked(**members: Any) -> Call:
    return read_responses(Asked({"model": "m", "input": "x", **members}))


def made(**members: Any) -> Pins:
    """Pins after an answer with id `resp_1`."""
    pins = Pins()
    pins.note(FIRST, asked(**members), [PASSED, Started("resp_1"), TextDelta("x")])
    return pins


def test_who_goes_on_from_an_answer_is_sent_to_the_key_that_made_it() -> None:
    """In whichever tier."""
    route = made().narrowed(ROUTE, asked(previous_response_id="resp_1"), "demo")
    assert route == ((ROUTE[0][1],),)


def test_who_goes_on_from_nothing_may_go_anywhere() -> None:
    """As may a chat, which has no such thing."""
    assert made().narrowed(ROUTE, asked(), "demo") == ROUTE
    assert made().narrowed(ROUTE, chat(), "demo") == ROUTE


@pytest.mark.parametrize(
    ("members", "name"),
    [
        ({"previous_response_id": "resp_9"}, "previous_response_id"),
        ({"conversation": "conv_1"}, "conversation"),
        ({"conversation": {"id": "conv_1"}}, "conversation"),
        ({"input": [{"type": "item_reference", "id": "msg_1"}]}, "input[0]"),
    ],
)
def test_an_unknown_id_is_sent_on_only_where_one_key_could_have_made_it(
    members: Any, name: str
) -> None:
    """Another account would know nothing of it, or the wrong thing."""
    call = asked(**members)
    assert refusal(lambda: made().narrowed(ROUTE, call, "demo")).param == name
    assert made().narrowed(ROUTE[1:], call, "demo") == ROUTE[1:]


def test_a_key_that_is_gone_cannot_go_on() -> None:
    """Nobody else can."""
    call = asked(previous_response_id="resp_1")
    error = refusal(lambda: made().narrowed(ROUTE[1:], call, "demo"))
    assert "no longer" in error.message


def test_no_project_finds_what_another_made() -> None:
    """Though it guessed the id, and there is but one key."""
    call = asked(previous_response_id="resp_1")
    pins = made()
    error = refusal(lambda: pins.narrowed((ROUTE[0][1:],), call, "other"))
    assert error.param == "previous_response_id"


def test_what_is_not_kept_upstream_is_not_remembered() -> None:
    """Nor what was asked in another form, or answered in one."""
    pins = made(store=False)
    pins.note(FIRST, chat(), [PASSED, Started("chatcmpl-1")])
    pins.note(FIRST, asked(), [PASSED, Started()])
    pins.note(FIRST, asked(), [Started("resp_1")])
    assert refusal(lambda: pins.narrowed(ROUTE, asked(previous_response_id="resp_1"), "demo"))


def test_only_the_latest_are_remembered() -> None:
    """However many there are."""
    pins = Pins(most=2)
    for name in ("r1", "r2", "r1", "r3"):
        pins.note(FIRST, asked(), [PASSED, Started(name)])
    assert pins.narrowed(ROUTE, asked(previous_response_id="r1"), "demo") != ROUTE
    assert refusal(lambda: pins.narrowed(ROUTE, asked(previous_response_id="r2"), "demo"))


def test_all_places_that_name_something_kept_are_found() -> None:
    """In the order in which they are judged."""
    call = asked(
        previous_response_id="r",
        input=[{"role": "user", "content": "x"}, {"type": "item_reference", "id": "i"}],
    )
    assert list(continued(call.native)) == [("previous_response_id", "r"), ("input[1]", "i")]


async def test_events_are_shown_on_their_way() -> None:
    """And arrive as they were."""
    seen: list[Event] = []

    class Once:
        async def receive(self) -> list[Event]:
            return [Ended()]

    noted = Noted(Once(), seen.extend)
    assert await noted.receive() == [Ended()]
    assert seen == [Ended()]
