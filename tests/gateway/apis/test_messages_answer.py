"""Events as a whole message of Anthropic's."""

from typing import Any

import pytest

from gateway.apis.messages_answer import counts, message_body, noted, signature_of
from gateway.whole import Heading
from providers.types import (
    Ended,
    Event,
    Extra,
    Finished,
    FinishReason,
    Started,
    TextDelta,
    ToolDelta,
    Usage,
)

HEADING = Heading("msg_1", 5, "m")
THOUGHT = {"type": "thinking", "thinking": "hm", "signature": "s"}
SIGNED = {"anthropic": {"thinking": [THOUGHT]}}
NOTE = {"type": "url_citation", "url_citation": {"url": "https://x", "title": "X"}}


def blocks(*events: Event) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = message_body(HEADING, events, Usage())["content"]
    return made


def test_a_message_is_its_events_joined() -> None:
    """The documented shape."""
    said = [Started(), TextDelta("Mer"), TextDelta("haba"), Finished("stop"), Ended()]
    assert message_body(HEADING, said, Usage(prompt=9, completion=2, total=11)) == {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": [{"type": "text", "text": "Merhaba"}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {
            "input_tokens": 9,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
            "output_tokens": 2,
        },
    }


def test_thoughts_and_calls_are_blocks_in_their_order() -> None:
    """Signed, where their provider signs them; side by side calls are told apart."""
    assert blocks(
        TextDelta("hm", kind="reasoning"),
        ToolDelta(0, '{"a"', id="t0", name="add", extra=SIGNED),
        ToolDelta(1, "", id="t1", name="now"),
        ToolDelta(0, ":1}"),
        TextDelta("done"),
        TextDelta("no", kind="refusal"),
        TextDelta("another choice", choice=1),
    ) == [
        THOUGHT,
        {"type": "tool_use", "id": "t0", "name": "add", "input": {"a": 1}},
        {"type": "tool_use", "id": "t1", "name": "now", "input": {}},
        {"type": "text", "text": "doneno"},
    ]


def test_arguments_that_are_no_object_are_not_lost() -> None:
    """Models write what they like."""
    (made,) = blocks(ToolDelta(0, "oops", id="t0", name="add"))
    assert made["input"] == {"input": "oops"}


def test_pages_are_cited_where_they_are_cited() -> None:
    """In the block of the text."""
    (made,) = blocks(TextDelta("a"), Extra({"annotations": [NOTE, {"type": "odd"}]}))
    assert [cited["url"] for cited in made["citations"]] == ["https://x"]
    assert blocks(Extra({"annotations": [NOTE]})) == []
    assert list(noted(Extra({"audio": {}}))) == []


@pytest.mark.parametrize(
    ("reason", "word"),
    [
        ("stop", "end_turn"),
        ("length", "max_tokens"),
        ("tool_calls", "tool_use"),
        ("content_filter", "refusal"),
    ],
)
def test_every_finish_has_anthropics_word(reason: FinishReason, word: str) -> None:
    """And an answer without one has none."""
    assert message_body(HEADING, [Finished(reason)], Usage())["stop_reason"] == word
    assert message_body(HEADING, [], Usage())["stop_reason"] is None


def test_what_a_cache_gave_and_took_is_beside_the_input() -> None:
    """OpenAI counts it in; the sum is the same."""
    told = counts(Usage(prompt=100, completion=5, total=105, cached=60, written=30))
    assert told == {
        "input_tokens": 10,
        "cache_creation_input_tokens": 30,
        "cache_read_input_tokens": 60,
        "output_tokens": 5,
    }
    assert counts(Usage(prompt=1, cached=5))["input_tokens"] == 0


def test_a_signature_is_anthropics_alone() -> None:
    """Google's signs something else."""
    assert signature_of(ToolDelta(0, extra=SIGNED)) == "s"
    assert signature_of(ToolDelta(0, extra={"google": {"thought_signature": "g"}})) == ""
    assert signature_of(ToolDelta(0)) == ""
