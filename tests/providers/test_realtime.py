"""What the messages of a realtime session mean."""

import json

import pytest

from providers.errors import ProviderError
from providers.realtime import SessionReader
from providers.types import Frame, Made, Usage, UsageSeen, is_semantic

CREATED = '{"type":"session.created","session":{}}'


def done(**usage: object) -> str:
    return json.dumps({"type": "response.done", "response": {"usage": usage}})


def test_a_session_begins_when_the_upstream_says_so() -> None:
    """Not with whatever else comes before; the message goes on as it is."""
    reader = SessionReader()
    assert reader.read('{"type":"ping"}') == [Frame('{"type":"ping"}')]
    first, made = reader.read(CREATED)
    assert first == Frame(CREATED)
    assert isinstance(made, Made)
    assert is_semantic(made)
    assert not is_semantic(first)


@pytest.mark.parametrize("data", [CREATED, "no json", b"\x00\xff", "[]", '{"type":"error"}'])
def test_later_messages_are_no_concern_of_ours(data: str | bytes) -> None:
    """Errors and bytes included: the session goes on."""
    reader = SessionReader()
    reader.read(CREATED)
    assert reader.read(data) == [Frame(data)]


def test_an_error_in_place_of_a_session_is_one() -> None:
    """The upstream accepted the websocket only to say it."""
    with pytest.raises(ProviderError):
        SessionReader().read('{"type":"error","error":{"message":"no"}}')


def test_the_usage_of_all_answers_is_added_up() -> None:
    """Each answer tells its own."""
    reader = SessionReader()
    reader.read(CREATED)
    reader.read(done(input_tokens=3, output_tokens=4, input_token_details={"cached_tokens": 2}))
    *_, seen = reader.read(done(input_tokens=1, output_tokens=1, total_tokens=2))
    assert seen == UsageSeen(Usage(prompt=4, completion=5, total=9, cached=2))
    assert reader.read(done()) == [Frame(done()), seen]


def test_usage_may_stand_beside_the_answer() -> None:
    """Where xAI puts it."""
    reader = SessionReader()
    reader.read(CREATED)
    told = {"type": "response.done", "response": {"usage": {}}, "usage": {"input_tokens": 3}}
    assert reader.read(json.dumps(told))[1] == UsageSeen(Usage(prompt=3, total=3))
