"""Events as the stream of the Responses API, and the whole answer that is the same."""

from collections.abc import Sequence
from typing import Any

import pytest

from gateway.apis.responses_stream import ResponseWriter, response_body
from gateway.whole import Heading
from providers.types import (
    Event,
    Extra,
    Finished,
    Started,
    TextDelta,
    ToolDelta,
    Usage,
)
from tests.gateway.apis.responses_told import heard, told

HEADING = Heading("resp_01ABC", 5, "m")
USAGE = Usage(prompt=7, completion=5, total=12, cached=3, reasoning=2, written=1)
SEARCHED = {
    "annotations": [
        {"type": "url_citation", "url_citation": {"url": "https://x", "title": "X"}},
    ]
}
NOTE = {
    "type": "url_citation",
    "url": "https://x",
    "title": "X",
    "start_index": 0,
    "end_index": 0,
}


def written(*events: Event, usage: Usage = USAGE, **asked: Any) -> bytes:
    """The frames of a stream whose events came one by one."""
    writer = ResponseWriter(HEADING, asked)
    return b"".join(writer.write([event]) for event in events) + writer.end(usage)


def answered(*events: Event, **asked: Any) -> dict[str, Any]:
    """The answer, which is the same streamed and whole."""
    streamed = heard(written(*events, **asked))
    assert streamed == response_body(HEADING, asked, events, USAGE)
    return streamed


def kinds(frames: bytes) -> list[str]:
    return [event["type"].removeprefix("response.") for event in told(frames)]


def test_a_text_is_told_in_openais_order() -> None:
    """Created, begun, piece by piece, each thing done before what holds it."""
    events = (Started(), TextDelta("Mer"), TextDelta("haba"), Finished("stop"))
    assert kinds(written(*events)) == [
        *("created", "in_progress", "output_item.added", "content_part.added"),
        *("output_text.delta", "output_text.delta", "output_text.done", "content_part.done"),
        *("output_item.done", "completed"),
    ]
    [item] = answered(*events)["output"]
    assert item["id"] == "msg_01ABC00"
    assert item["content"][0]["text"] == "Merhaba"
    assert item["status"] == "completed"


def test_nothing_is_told_before_something_was_said() -> None:
    """Who began an answer has said nothing yet; what is known of it then is in the first event."""
    writer = ResponseWriter(HEADING)
    assert writer.write([Started(members={"service_tier": "flex"})]) == b""
    [created, *_] = told(writer.write([TextDelta("x")]))
    assert created["response"]["service_tier"] == "flex"


def test_calls_of_tools_are_items_one_after_the_other() -> None:
    """One is done before the next begins, once its arguments are whole."""
    events = (
        ToolDelta(0, '{"a":', id="call_a", name="f"),
        ToolDelta(0, "1}"),
        ToolDelta(1, "{}", id="call_b", name="g"),
        Finished("tool_calls"),
    )
    places = [
        (event["type"].rpartition("response.")[2], event["output_index"])
        for event in told(written(*events))
        if "output_item" in event["type"]
    ]
    assert places == [
        *(("output_item.added", 0), ("output_item.done", 0)),
        *(("output_item.added", 1), ("output_item.done", 1)),
    ]
    first, second = answered(*events)["output"]
    assert (first["call_id"], first["name"], first["arguments"]) == ("call_a", "f", '{"a":1}')
    assert (second["id"], second["call_id"]) == ("fc_01ABC01", "call_b")


def test_calls_told_side_by_side_come_out_whole() -> None:
    """Each piece belongs to its own item, however they alternate."""
    first, second = answered(
        ToolDelta(0, '{"a"', id="a", name="f"),
        ToolDelta(1, '{"b"', id="b", name="g"),
        TextDelta("meanwhile"),
        ToolDelta(0, ":1}"),
        ToolDelta(1, ":2}"),
        Finished("tool_calls"),
    )["output"][:2]
    assert (first["arguments"], second["arguments"]) == ('{"a":1}', '{"b":2}')


def test_a_custom_tool_has_its_own_events() -> None:
    """Its input is text, and so is never complete before the end."""
    events = (
        ToolDelta(0, "print(", id="c", name="run", kind="custom"),
        ToolDelta(0, "1)"),
        Finished("tool_calls"),
    )
    [item] = answered(*events)["output"]
    assert (item["type"], item["input"], item["id"]) == (
        "custom_tool_call",
        "print(1)",
        "ctc_01ABC00",
    )
    assert "custom_tool_call_input.delta" in kinds(written(*events))


def test_thoughts_text_and_calls_are_items_in_their_order() -> None:
    """Thoughts that come back begin a new item; so does text behind a call."""
    output = answered(
        TextDelta("hm", kind="reasoning"),
        TextDelta("so"),
        TextDelta("wait", kind="reasoning"),
        ToolDelta(0, "{}", id="c", name="f"),
        TextDelta("done"),
        Finished("stop"),
    )["output"]
    types = [item["type"] for item in output]
    assert types == ["reasoning", "message", "reasoning", "function_call", "message"]
    assert output[0]["summary"] == [{"type": "summary_text", "text": "hm"}]


def test_a_refusal_is_a_part_of_its_own() -> None:
    """In the same message as the text before it."""
    [item] = answered(TextDelta("Well, "), TextDelta("no", kind="refusal"), Finished("stop"))[
        "output"
    ]
    assert [part["type"] for part in item["content"]] == ["output_text", "refusal"]
    assert item["content"][1] == {"type": "refusal", "refusal": "no"}


@pytest.mark.parametrize(
    ("reason", "status", "why"),
    [
        ("stop", "completed", None),
        ("tool_calls", "completed", None),
        ("length", "incomplete", {"reason": "max_output_tokens"}),
        ("content_filter", "incomplete", {"reason": "content_filter"}),
    ],
)
def test_an_answer_says_why_it_ended(reason: Any, status: str, why: Any) -> None:
    """In its status, and so does the item that was cut short."""
    response = answered(TextDelta("x"), Finished(reason))
    assert (response["status"], response["incomplete_details"]) == (status, why)
    assert response["output"][-1]["status"] == status


def test_what_was_used_is_told_in_this_apis_words() -> None:
    """Once, at the end."""
    assert answered(TextDelta("x"), Finished("stop"))["usage"] == {
        "input_tokens": 7,
        "input_tokens_details": {"cached_tokens": 3, "cache_write_tokens": 1},
        "output_tokens": 5,
        "output_tokens_details": {"reasoning_tokens": 2},
        "total_tokens": 12,
    }


@pytest.mark.parametrize(
    "events",
    [
        (TextDelta("as X says"), Extra(SEARCHED), TextDelta(" so")),
        (Extra(SEARCHED), TextDelta("as X says")),
    ],
    ids=["behind", "before"],
)
def test_pages_that_are_cited_belong_to_the_text(events: Sequence[Event]) -> None:
    """Wherever its upstream tells them."""
    [item] = answered(*events, Finished("stop"))["output"]
    assert item["content"][0]["annotations"] == [NOTE]


def test_pages_told_behind_a_call_are_in_the_whole_answer() -> None:
    """The text that cites them is done by then."""
    frames = written(TextDelta("x"), ToolDelta(0, "{}", id="c", name="f"), Extra(SEARCHED))
    assert told(frames)[-1]["response"]["output"][0]["content"][0]["annotations"] == [NOTE]


def test_what_a_provider_wants_to_see_again_stays_with_its_item() -> None:
    """A call's with the call, whenever it comes; a message's with the message."""
    said, called = answered(
        TextDelta("x"),
        ToolDelta(0, "{}", id="c", name="f", extra={"google": {"thought_signature": "s"}}),
        Extra({"extra_content": {"google": {"thought_signature": "t"}}}),
        Finished("tool_calls"),
    )["output"]
    assert called["extra_content"] == {"google": {"thought_signature": "s"}}
    assert said["extra_content"] == {"google": {"thought_signature": "t"}}


def test_probabilities_go_with_the_text() -> None:
    """In the delta and in the part, with the bytes that some leave out."""
    chosen = {"token": "é", "logprob": -0.5, "top_logprobs": [{"token": "e", "logprob": -1.0}]}
    [item] = answered(TextDelta("é", logprobs={"content": [chosen]}), Finished("stop"))["output"]
    assert item["content"][0]["logprobs"] == [
        {
            "token": "é",
            "logprob": -0.5,
            "bytes": [195, 169],
            "top_logprobs": [{"token": "e", "logprob": -1.0, "bytes": [101]}],
        }
    ]


def test_only_the_first_choice_and_known_members_are_told() -> None:
    """This API has no choices; what has no place in it is left out."""
    response = answered(
        Started(members={"provider": "P"}),
        TextDelta("x"),
        TextDelta("y", 1),
        Extra({"images": []}),
        Extra({"content_filter_results": {}}, place="choice"),
        Extra({"citations": ["https://x"]}, place="answer"),
        Finished("stop"),
        Finished("length", 1),
    )
    assert len(response["output"]) == 1
    assert (response["provider"], response["citations"]) == ("P", ["https://x"])
    assert response["status"] == "completed"
