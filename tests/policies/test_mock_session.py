"""A realtime session of test mode."""

import json
from typing import Any

import pytest

from policies.mock_session import MockSession


def heard(session: MockSession, event: Any) -> list[Any]:
    return [json.loads(said) for said in session.hear(json.dumps(event))]


def item(text: str) -> dict[str, Any]:
    content = [{"type": "input_text", "text": text}]
    return {
        "type": "conversation.item.create",
        "item": {"type": "message", "role": "user", "content": content},
    }


def test_a_session_is_created_and_changed() -> None:
    """It remembers what the client wishes."""
    session = MockSession("m")
    first = json.loads(session.open())
    (changed,) = heard(session, {"type": "session.update", "session": {"voice": "v"}})
    assert (first["type"], first["session"]["model"]) == ("session.created", "m")
    assert (changed["type"], changed["session"]["voice"]) == ("session.updated", "v")


def test_an_answer_is_told_in_pieces_and_then_as_a_whole() -> None:
    """The same for the same conversation; every event with an id of its own."""
    one, other = MockSession("m"), MockSession("m")
    for session in (one, other):
        heard(session, item("Merhaba"))
    told = heard(one, {"type": "response.create"})
    assert told == heard(other, {"type": "response.create"})
    done = told[-1]["response"]
    text = "".join(event["delta"] for event in told if event["type"].endswith(".delta"))
    assert done["output"][0]["content"][0]["text"] == text
    assert done["usage"]["total_tokens"] > 0
    assert len({event["event_id"] for event in told}) == len(told)


@pytest.mark.parametrize("data", ["{", "[]", '{"type":"dance"}', b"\x00"])
def test_what_is_not_understood_is_an_error_and_the_session_goes_on(data: str | bytes) -> None:
    """As it is at OpenAI's."""
    session = MockSession("m")
    (error,) = map(json.loads, session.hear(data))
    assert error["type"] == "error"
    assert heard(session, {"type": "response.create"})[-1]["type"] == "response.done"


def test_sound_is_taken_without_a_word() -> None:
    """There is nobody to hear it."""
    assert heard(MockSession("m"), {"type": "input_audio_buffer.append", "audio": "AA"}) == []
    assert [event["type"] for event in heard(MockSession("m"), {**item(""), "item": None})] == [
        "conversation.item.added",
        "conversation.item.done",
    ]
