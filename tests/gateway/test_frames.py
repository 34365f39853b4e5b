"""Streams in OpenAI's form, and that its SDK reads them."""

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types.chat import ChatCompletionChunk

from gateway.errors import ApiError
from gateway.frames import COMMENT, DONE, ChunkWriter, error_frame
from gateway.whole import Heading
from providers.openai_plain import Template
from providers.types import (
    Ended,
    Event,
    Extra,
    Finished,
    Started,
    TextDelta,
    Usage,
    UsageSeen,
)
from tests.gateway.asked import ANYTHING

HEADING = Heading("chatcmpl-1", 1_704_056_400, "gemini-2.0-flash")
USAGE = Usage(prompt=25, completion=42, total=67)


def chunks(stream: bytes) -> list[Any]:
    """The JSON of every event of a stream, which must be well-formed: one `data:` line each."""
    *events, rest = stream.split(b"\n\n")
    assert rest == b""
    assert all(event.startswith(b"data: ") for event in events)
    assert not any(b"\n" in event or b"\r" in event for event in events)
    return [msgspec.json.decode(event.removeprefix(b"data: ")) for event in events]


def written(*events: Event, include_usage: bool = False) -> list[dict[str, Any]]:
    """The chunks of these events, each written on its own."""
    writer = ChunkWriter(HEADING, include_usage=include_usage)
    return chunks(b"".join(writer.write([event]) for event in events))


def choices(made: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """What is in the chunks, their headings taken off."""
    return [choice for chunk in made for choice in chunk["choices"]]


def test_a_stream_is_opened_by_its_role_and_closed_by_its_reason() -> None:
    """The documented form: one choice a chunk, `finish_reason` null until the last."""
    made = written(Started(), TextDelta("Bir"), TextDelta(" gün"), Finished("stop"), Ended())
    assert choices(made) == [
        {"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": None},
        {"index": 0, "delta": {"content": "Bir"}, "finish_reason": None},
        {"index": 0, "delta": {"content": " gün"}, "finish_reason": None},
        {"index": 0, "delta": {}, "finish_reason": "stop"},
    ]


def test_every_chunk_has_the_answers_heading() -> None:
    """Same id, time and model from the first to the last, whatever the upstream said."""
    made = written(Started("up-1", "other"), TextDelta("x"), Finished("length"))
    heading = ("chatcmpl-1", "chat.completion.chunk", 1_704_056_400, "gemini-2.0-flash")
    for chunk in made:
        assert (chunk["id"], chunk["object"], chunk["created"], chunk["model"]) == heading
        assert "usage" not in chunk


def test_text_leaves_as_utf8() -> None:
    """Letters are not escaped, and no chunk splits one."""
    writer = ChunkWriter(HEADING, include_usage=False)
    assert '"content":"nasılsın 😀"'.encode() in writer.write([TextDelta("nasılsın 😀")])


def test_what_arrived_together_leaves_together() -> None:
    """One piece for the network, several events in it."""
    writer = ChunkWriter(HEADING, include_usage=False)
    assert len(chunks(writer.write([Started(), TextDelta("a"), TextDelta("b")]))) == 3
    assert writer.write([UsageSeen(USAGE), Ended()]) == b""


def test_reasoning_and_refusals_have_members_of_their_own() -> None:
    """Neither ever shows up as content."""
    made = choices(written(TextDelta("hm", kind="reasoning"), TextDelta("no", kind="refusal")))
    assert [choice["delta"] for choice in made[1:]] == [
        {"reasoning_content": "hm"},
        {"refusal": "no"},
    ]


def test_each_choice_is_opened_once() -> None:
    """Choices may come mixed, and one may end without a word."""
    made = choices(
        written(TextDelta("a", 0), TextDelta("b", 1), TextDelta("c", 0), Finished("stop", 2))
    )
    opened = [choice["index"] for choice in made if "role" in choice["delta"]]
    assert opened == [0, 1, 2]
    assert made[-1] == {"index": 2, "delta": {}, "finish_reason": "stop"}


def test_logprobs_travel_with_their_piece() -> None:
    """As the upstream sent them; pieces without have no such member."""
    logprobs = {"content": [{"token": "a", "logprob": -0.1}]}
    made = choices(written(TextDelta("a", logprobs=logprobs), TextDelta("b")))
    assert [choice.get("logprobs") for choice in made] == [None, logprobs, None]
    assert "logprobs" not in made[2]


@pytest.mark.parametrize("include_usage", [False, True])
def test_chunks_that_are_passed_on_have_our_heading_and_their_own_text(include_usage: bool) -> None:
    """Also what looks like an id or a model inside of the text; members that we do not know stay."""
    texts = ["Mer", "haba", '\\"model\\":\\"theirs\\"', "", "\\n👋"]
    theirs = (
        '{"id":"theirs","object":"chat.completion.chunk","created":7,"model":"theirs","odd":1,'
        '"choices":[{"index":0,"delta":{"content":"%s"},"logprobs":null,"finish_reason":null}],'
        '"usage":null}'
    )
    frames = b"".join(f"data: {theirs % text}\n\n".encode() for text in texts)
    template = Template.of(theirs % "x")
    assert template is not None
    passed = template.passed(frames)
    assert passed is not None

    made = written(passed, passed, include_usage=include_usage)
    assert [each["delta"]["content"] for each in choices(made)] == 2 * [
        msgspec.json.decode(f'"{text}"') for text in texts
    ]
    for chunk in made:
        assert (chunk["id"], chunk["created"], chunk["model"]) == (
            HEADING.id,
            HEADING.created,
            HEADING.model,
        )
        assert chunk["odd"] == 1
        assert ("usage" in chunk) == include_usage


def test_usage_is_the_last_chunk_if_it_was_asked_for() -> None:
    """It has no choices; in all chunks before, `usage` is null."""
    writer = ChunkWriter(HEADING, include_usage=True)
    before = chunks(writer.write([TextDelta("a"), Finished("stop")]))
    assert [chunk["usage"] for chunk in before] == [None, None, None]
    end = writer.end(USAGE)
    assert end.endswith(DONE)
    (last,) = chunks(end.removesuffix(DONE))
    assert last["choices"] == []
    assert last["usage"] == {"prompt_tokens": 25, "completion_tokens": 42, "total_tokens": 67}


def test_a_stream_that_did_not_ask_for_usage_just_ends() -> None:
    """`[DONE]` and nothing else."""
    assert ChunkWriter(HEADING, include_usage=False).end(USAGE) == b"data: [DONE]\n\n"


def test_a_stream_that_broke_ends_with_one_error_and_no_done() -> None:
    """The same JSON as any other error."""
    error = ApiError(503, "The connection broke\nin the middle")
    assert chunks(error_frame(error)) == [error.body()]


def test_the_keep_alive_is_a_comment_by_the_rules_of_server_sent_events() -> None:
    """A line that begins with a colon is no event."""
    assert COMMENT.startswith(b":")
    assert COMMENT.endswith(b"\n\n")
    assert COMMENT.count(b"\n") == 2


pieces = st.builds(
    TextDelta,
    st.text(min_size=1, max_size=8),
    st.integers(0, 2),
    st.sampled_from(["content", "reasoning", "refusal"]),
)
events = st.lists(
    pieces
    | st.builds(Finished, st.sampled_from(["stop", "length"]), st.integers(0, 2))
    | st.builds(UsageSeen, st.just(USAGE))
    | st.just(Started()),
    max_size=12,
)


@ANYTHING
@given(st.lists(events, max_size=4), st.booleans())
def test_any_events_make_a_stream_whose_text_is_theirs(
    batches: list[list[Event]], include_usage: bool
) -> None:
    """Well-formed, readable by the official SDK's types, nothing lost, nothing twice."""
    writer = ChunkWriter(HEADING, include_usage=include_usage)
    stream = b"".join([*map(writer.write, batches), writer.end(USAGE)])
    assert stream.endswith(DONE)
    made = chunks(stream.removesuffix(DONE))
    for chunk in made:
        ChatCompletionChunk.model_validate(chunk, strict=True)
    for kind, member in (("content", "content"), ("reasoning", "reasoning_content")):
        for index in range(3):
            deltas = [c["delta"] for c in choices(made) if c["index"] == index]
            heard = "".join(delta.get(member, "") for delta in deltas)
            assert heard == said(batches, index, kind)
    assert sum(chunk.get("usage") is not None for chunk in made) == include_usage


def said(batches: list[list[Event]], index: int, kind: str) -> str:
    """The text of one kind that a choice's events hold."""
    return "".join(
        event.text
        for batch in batches
        for event in batch
        if isinstance(event, TextDelta) and (event.choice, event.kind) == (index, kind)
    )


FOUND = Extra({"content_filter_results": {"hate": {}}}, place="choice")
PROMPT = Extra({"prompt_filter_results": [1]}, place="answer")


def test_what_stands_beside_a_message_goes_with_the_next_frame() -> None:
    """No frame comes without a choice on its account, and none says it twice."""
    made = written(Started(), PROMPT, FOUND, TextDelta("Bir"), TextDelta(" gün"))

    assert [len(chunk["choices"]) for chunk in made] == [1, 1, 1]
    (told,) = [chunk for chunk in made if "prompt_filter_results" in chunk]
    assert told["prompt_filter_results"] == [1]
    assert [choice for choice in choices(made) if "content_filter_results" in choice] == [
        choices(made)[0]
    ]


@pytest.mark.parametrize("include_usage", [True, False])
def test_what_comes_last_beside_a_message_is_told_before_the_end(include_usage: bool) -> None:
    """Although nothing follows that it could go with."""
    writer = ChunkWriter(HEADING, include_usage)
    stream = writer.write([Started(), TextDelta("Bir"), Finished("stop"), FOUND, PROMPT])
    stream += writer.end(Usage())
    made = chunks(stream.removesuffix(DONE))

    told = made[-2 if include_usage else -1]
    assert told["prompt_filter_results"] == [1]
    assert told["choices"] == [{"index": 0, "delta": {}, "finish_reason": None, **FOUND.members}]


def test_all_that_an_upstream_said_of_usage_is_told() -> None:
    """Where its numbers differ from what was counted, those count."""
    said = {
        "prompt_tokens": 1,
        "cost": 0.5,
        "prompt_tokens_details": {"audio_tokens": 2, "cached_tokens": 0},
    }
    writer = ChunkWriter(HEADING, include_usage=True)
    usage = Usage(prompt=3, completion=4, total=7, cached=1, details=said)
    (made,) = chunks(writer.end(usage).removesuffix(DONE))

    assert made["usage"] == {
        "prompt_tokens": 3,
        "completion_tokens": 4,
        "total_tokens": 7,
        "cost": 0.5,
        "prompt_tokens_details": {"audio_tokens": 2, "cached_tokens": 1},
    }
