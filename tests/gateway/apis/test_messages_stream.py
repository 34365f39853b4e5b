"""Events as a stream of Anthropic's: one block after the other, each begun and ended."""

import json
from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gateway.apis.messages_answer import message_body
from gateway.apis.messages_stream import MessageWriter
from gateway.whole import Heading
from providers.anthropic import Anthropic
from providers.types import (
    ChatCall,
    Ended,
    Event,
    Extra,
    Finished,
    Started,
    TextDelta,
    ToolDelta,
    Usage,
    UsageSeen,
)
from tests.gateway.asked import ANYTHING
from tests.providers.outcome import outcome_of

HEADING = Heading("msg_1", 5, "m")
USAGE = Usage(prompt=9, completion=2, total=11, cached=4)
THOUGHT = {"type": "thinking", "thinking": "hm", "signature": "s"}
SIGNED = {"anthropic": {"thinking": [THOUGHT]}}


def stream(batches: Sequence[Sequence[Event]], usage: Usage = USAGE) -> bytes:
    writer = MessageWriter(HEADING)
    return b"".join(map(writer.write, batches)) + writer.end(usage)


def told(data: bytes) -> list[dict[str, Any]]:
    """What the events say; each must be named as it says itself."""
    *events, rest = data.split(b"\n\n")
    assert rest == b""
    found = []
    for event in events:
        name, said = event.split(b"\n")
        found.append(json.loads(said.removeprefix(b"data: ")))
        assert name == b"event: " + found[-1]["type"].encode()
    return found


def blocks_of(events: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The blocks, put together as Anthropic's SDKs do it; only one may be open."""
    assert events[0]["type"] == "message_start"
    assert [event["type"] for event in events[-2:]] == ["message_delta", "message_stop"]
    blocks: list[dict[str, Any]] = []
    is_open = False
    for event in events[1:-2]:
        if event["type"] == "content_block_start":
            assert not is_open
            assert event["index"] == len(blocks)
            blocks.append({**event["content_block"], "json": ""})
            is_open = True
            continue
        assert is_open
        assert event["index"] == len(blocks) - 1
        is_open = event["type"] != "content_block_stop"
        _grow(blocks[-1], event.get("delta", {}))
    assert not is_open
    return [_whole(block) for block in blocks]


def _grow(block: dict[str, Any], delta: dict[str, Any]) -> None:
    for name in ("text", "thinking"):
        if name in delta:
            block[name] += delta[name]
    block["json"] += delta.get("partial_json", "")
    if "signature" in delta:
        block["signature"] = delta["signature"]
    if "citation" in delta:
        block.setdefault("citations", []).append(delta["citation"])


def _whole(block: dict[str, Any]) -> dict[str, Any]:
    written = block.pop("json")
    if block["type"] == "tool_use":
        block["input"] = json.loads(written or "{}")
    return block


def test_a_stream_begins_with_an_empty_message_and_ends_with_its_usage() -> None:
    """The usage of the start is what was known by then."""
    early = UsageSeen(Usage(prompt=9, completion=1, total=10))
    events = told(stream([[Started(), early, TextDelta("Bir")], [Finished("length"), Ended()]]))

    start, end = events[0]["message"], events[-2]
    assert (start["id"], start["model"], start["content"]) == ("msg_1", "m", [])
    assert start["usage"]["input_tokens"] == 9
    assert end["delta"] == {"stop_reason": "max_tokens", "stop_sequence": None}
    assert (end["usage"]["input_tokens"], end["usage"]["cache_read_input_tokens"]) == (5, 4)


def test_blocks_follow_one_another() -> None:
    """A thought with its signature, a text with what it cites, two calls."""
    note = {"type": "url_citation", "url_citation": {"url": "https://x", "title": "X"}}
    events: list[Event] = [
        TextDelta("h", kind="reasoning"),
        TextDelta("m", kind="reasoning"),
        ToolDelta(0, id="t0", name="add", extra=SIGNED),
        ToolDelta(0, '{"a":1}'),
        ToolDelta(1, "{}", id="t1", name="now"),
        TextDelta("so"),
        Extra({"annotations": [note]}),
        Finished("tool_calls"),
    ]
    one, add, now, so = blocks_of(told(stream([events])))
    assert one == THOUGHT
    assert add == {"type": "tool_use", "id": "t0", "name": "add", "input": {"a": 1}}
    assert now == {"type": "tool_use", "id": "t1", "name": "now", "input": {}}
    assert (so["text"], so["citations"][0]["url"]) == ("so", "https://x")


def test_calls_told_side_by_side_are_put_in_order() -> None:
    """What belongs to the other waits; nothing of it is lost, and the open one goes on at once."""
    events: list[Event] = [
        ToolDelta(0, '{"a":', id="t0", name="add"),
        ToolDelta(1, '{"b":', id="t1", name="sub"),
        TextDelta("meanwhile"),
        ToolDelta(0, "1}"),
        ToolDelta(1, "2}"),
        Finished("tool_calls"),
    ]
    made = blocks_of(told(stream([[event] for event in events])))
    assert [block.get("input") for block in made if block["type"] == "tool_use"] == [
        {"a": 1},
        {"b": 2},
    ]
    assert [block["text"] for block in made if block["type"] == "text"] == ["meanwhile"]


def test_another_choice_is_not_told() -> None:
    """This API knows one answer."""
    made = blocks_of(
        told(stream([[TextDelta("a"), TextDelta("b", choice=1), Finished("stop", 1)]]))
    )
    assert [block["text"] for block in made] == ["a"]


PIECES = st.one_of(
    st.builds(TextDelta, st.text(min_size=1, max_size=5)),
    st.builds(TextDelta, st.text(min_size=1, max_size=5), kind=st.just("reasoning")),
)
CALLS = st.lists(st.dictionaries(st.text(max_size=3), st.integers()), max_size=3)


@ANYTHING
@given(st.lists(PIECES, max_size=8), CALLS, st.randoms(use_true_random=False))
def test_a_stream_says_what_the_whole_message_says(
    pieces: list[TextDelta], calls: list[dict[str, int]], rng: Any
) -> None:
    """Anthropic's own reader finds the same texts, thoughts and calls, however the calls are mixed."""
    events: list[Event] = list(pieces)
    queues = [
        [ToolDelta(n, id=f"t{n}", name="f"), *(ToolDelta(n, c) for c in json.dumps(given))]
        for n, given in enumerate(calls)
    ]
    begun = 0
    while any(queues):
        ready = [n for n, queue in enumerate(queues) if queue and n <= begun]
        chosen = rng.choice(ready)
        begun = max(begun, chosen + 1)
        events.append(queues[chosen].pop(0))
    events += [Finished("stop")]
    data = stream([[event] for event in events])
    blocks_of(told(data))

    decoder = Anthropic().decoder(ChatCall("m", (), {}, stream=True))
    streamed = outcome_of([*decoder.feed(data), *decoder.finish()])
    whole = message_body(HEADING, events, USAGE)
    decoder = Anthropic().decoder(ChatCall("m", (), {}))
    decoder.feed(json.dumps(whole).encode())
    read = outcome_of(decoder.finish())
    assert (streamed.content, streamed.reasoning) == (read.content, read.reasoning)
    assert sorted(streamed.calls.values()) == sorted(streamed.calls.values())
    assert [json.loads(c[2]) for c in sorted(streamed.calls.values())] == [
        json.loads(c[2]) for c in sorted(read.calls.values())
    ]
    assert streamed.usage == read.usage
