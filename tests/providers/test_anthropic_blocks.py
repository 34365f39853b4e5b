"""The blocks of an answer, at once and in pieces: the same events but for where they are cut."""

from typing import Any

from providers.anthropic_blocks import Blocks
from providers.types import Event, Extra, TextDelta, ToolDelta

THOUGHT = {"type": "thinking", "thinking": "hm", "signature": "s"}
HIDDEN = {"type": "redacted_thinking", "data": "xx"}
CALL = {"type": "tool_use", "id": "t1", "name": "f", "input": {"a": 1}}
KEPT = {"anthropic": {"thinking": [THOUGHT, HIDDEN]}}


def whole(*blocks: dict[str, Any]) -> list[Event]:
    told = Blocks()
    return [event for block in blocks for event in told.whole(block)]


def pieces(*steps: tuple[dict[str, Any], list[dict[str, Any]]]) -> list[Event]:
    told, events = Blocks(), list[Event]()
    for block, deltas in steps:
        events += told.begin(block)
        for delta in deltas:
            events += told.go_on(delta)
        events += told.stop()
    return events


def written(piece: str) -> dict[str, Any]:
    return {"type": "input_json_delta", "partial_json": piece}


def test_thoughts_travel_with_the_first_call_behind_them() -> None:
    """Signed or hidden, unchanged; the call after that has none."""
    assert whole(THOUGHT, HIDDEN, {"type": "text", "text": "x"}, CALL, {**CALL, "id": "t2"}) == [
        TextDelta("hm", kind="reasoning"),
        TextDelta("x"),
        ToolDelta(0, '{"a":1}', id="t1", name="f", extra=KEPT),
        ToolDelta(1, '{"a":1}', id="t2", name="f"),
    ]


def test_a_stream_tells_the_same_in_pieces() -> None:
    """The signature comes last, the input as text."""
    said = [
        {"type": "thinking_delta", "thinking": "h"},
        {"type": "thinking_delta", "thinking": "m"},
        {"type": "signature_delta", "signature": "s"},
    ]
    assert pieces(
        ({"type": "thinking", "thinking": "", "signature": ""}, said),
        (HIDDEN, []),
        ({**CALL, "input": {}}, [written(""), written('{"a"'), written(":1}")]),
    ) == [
        TextDelta("h", kind="reasoning"),
        TextDelta("m", kind="reasoning"),
        ToolDelta(0, "", id="t1", name="f", extra=KEPT),
        ToolDelta(0, '{"a"'),
        ToolDelta(0, ":1}"),
    ]


def test_a_call_without_input_has_an_empty_object() -> None:
    """Clients parse it."""
    assert pieces(({**CALL, "input": {}}, [written("")])) == [
        ToolDelta(0, "", id="t1", name="f"),
        ToolDelta(0, "{}"),
    ]
    assert whole({**CALL, "input": {}}) == [ToolDelta(0, "{}", id="t1", name="f")]


def test_pages_that_are_cited_are_annotations() -> None:
    """Whole and in pieces; what has no address is none."""
    cited = {"type": "web_search_result_location", "url": "https://x", "title": "X"}
    told = {"start_index": 0, "end_index": 0, "url": "https://x", "title": "X"}
    note = Extra({"annotations": [{"type": "url_citation", "url_citation": told}]})
    block = {"type": "text", "text": "a", "citations": [cited, {"type": "page_location"}]}
    assert whole(block) == [TextDelta("a"), note]
    delta = {"type": "citations_delta", "citation": cited}
    assert pieces(({"type": "text", "text": ""}, [delta])) == [note]
