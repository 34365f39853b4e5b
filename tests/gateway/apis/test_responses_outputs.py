"""An item of an answer, and the events that tell it."""

from gateway.apis.responses_outputs import Called, Said, Thought
from providers.types import TextDelta, ToolDelta


def test_a_message_changes_from_text_to_refusal_and_back() -> None:
    """Each change is a part that is done, and another."""
    said = Said.of("msg_1")
    kinds = [
        event["type"]
        for delta in (TextDelta("a"), TextDelta("b", kind="refusal"), TextDelta("c"))
        for event in said.say(delta)
    ]
    assert kinds == [
        *("content_part.added", "output_text.delta", "output_text.done", "content_part.done"),
        *("content_part.added", "refusal.delta", "refusal.done", "content_part.done"),
        *("content_part.added", "output_text.delta"),
    ]
    assert [event["content_index"] for event in said.close()] == [2, 2]


def test_a_message_that_said_nothing_has_nothing_to_close() -> None:
    """It has no parts."""
    assert list(Said.of("msg_1").close()) == []


def test_a_thought_is_told_as_a_summary() -> None:
    """One part, however many pieces."""
    thought = Thought.of("rs_1")
    events = [event for word in "ab" for event in thought.say(TextDelta(word, kind="reasoning"))]
    assert [event["type"].rpartition(".")[2] for event in events] == ["added", "delta", "delta"]
    done, part = thought.close()
    assert (done["text"], part["part"]["text"]) == ("ab", "ab")


def test_a_call_is_complete_when_its_arguments_are() -> None:
    """An object, and not a number that might go on; text of a custom tool never is."""
    called = Called.of("{}_1".format, "c", ToolDelta(0, id="c", name="f"))
    assert not called.is_complete
    assert [event["delta"] for event in called.say(ToolDelta(0, '{"a":{}'))] == ['{"a":{}']
    assert not called.is_complete
    assert list(called.say(ToolDelta(0, extra={"p": {}}))) == []
    assert list(called.say(ToolDelta(0, "}")))
    assert called.is_complete
    custom = Called.of("{}_1".format, "c", ToolDelta(0, id="c", name="f", kind="custom"))
    assert list(custom.say(ToolDelta(0, "{}")))
    assert not custom.is_complete
    assert custom.item["id"] == "ctc_1"
