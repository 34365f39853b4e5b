"""Streamed chats in OpenAI's format, to their end or their failure."""

import json

import pytest

from providers.errors import BrokenAnswer, RateLimited
from providers.openai import OpenAI
from providers.types import (
    ChatCall,
    Ended,
    Extra,
    Failed,
    Finished,
    Started,
    TextDelta,
    Usage,
    UsageSeen,
    is_semantic,
)
from tests.providers.openai_wire import (
    DONE,
    HI,
    HI_CHUNK,
    STARTED,
    STOP,
    STOP_CHUNK,
    chunk,
    failure,
    says,
    sse,
    stream,
)


def test_a_stream_as_openai_sends_it():
    """Role, content, finish, usage, end."""
    usage = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
    assert stream(
        chunk(says(role="assistant", content="", refusal=None)),
        chunk(says(content="Hi")),
        chunk(says("stop")),
        chunk(usage=usage),
        DONE,
    ) == [STARTED, HI, STOP, UsageSeen(Usage(3, 2, 5)), Ended()]


def test_nothing_follows_the_end():
    """Not in the same read, nor in a later one, nor at the end of the bytes."""
    decoder = OpenAI().decoder(ChatCall(model="m", messages=(), body={}, stream=True))
    assert decoder.feed(HI_CHUNK + STOP_CHUNK + DONE + HI_CHUNK)[-1] == Ended()
    assert decoder.feed(HI_CHUNK) == ()
    assert decoder.finish() == ()


def test_azures_nameless_first_chunk_starts_nothing():
    """It holds the filter's results, no choices and an empty id. What it found is told with the start."""
    first = sse({"id": "", "model": "", "choices": [], "prompt_filter_results": [{}]})
    no_delta = chunk({"index": 0, "finish_reason": None})
    told = Extra({"prompt_filter_results": [{}]}, place="answer")
    assert stream(first, no_delta, HI_CHUNK, STOP_CHUNK, DONE)[1:] == [told, HI, STOP, Ended()]


def test_text_without_any_name_is_started_all_the_same():
    """Every answer begins with `Started`."""
    nameless = sse({"choices": [says(content="Hi")]})
    assert stream(nameless, STOP_CHUNK, DONE) == [Started(), HI, STOP, Ended()]


def test_only_the_first_of_two_finishes_counts():
    """OpenRouter says it twice; usage in between and after is seen."""
    usage = {"prompt_tokens": 1, "completion_tokens": 1}
    again = chunk(says("stop", content=""), usage=usage)
    assert stream(HI_CHUNK, STOP_CHUNK, again, DONE) == [
        *(STARTED, HI, STOP, UsageSeen(Usage(1, 1, 2)), Ended())
    ]


def test_several_choices_are_told_apart():
    """In a chunk each, or in one."""
    events = stream(
        chunk(says(content="a"), says(content="b", index=1)),
        chunk(says("length", index=1)),
        chunk(says("stop")),
        DONE,
        n=2,
    )
    assert events[1:-1] == [
        *(TextDelta("a"), TextDelta("b", choice=1), Finished("length", 1), Finished("stop", 0))
    ]


@pytest.mark.parametrize(
    "frame",
    [
        sse({"error": {"message": "m", "code": 429}}),
        sse({"error": {"message": "m", "code": "429"}}),
        sse({"error": {"message": "m", "type": "rate_limit_error"}}),
        sse({"error": {"message": "m", "status_code": 429}}, event="error"),
        sse({"message": "m", "code": 429}, event="error"),
        sse({"object": "error", "message": "m", "code": 429}),
        sse([{"error": {"message": "m", "code": 429}}]),
        chunk(says("error", content=""), error={"message": "m", "code": "rate_limit_exceeded"}),
        chunk({**says(), "error": {"message": "m", "code": 429}}),
        chunk(error={"message": "m", "code": 429}),
        sse({"error": {"message": "m", "code": 429}}).strip(),
        json.dumps({"error": {"message": "m", "code": 429}}, indent=2).encode(),
    ],
)
def test_an_error_in_a_stream_fails_with_its_own_class(frame: bytes):
    """In all shapes, first or later, beside choices that look sound, and bare at the end."""
    for before in ((), (HI_CHUNK,)):
        error = failure(stream(*before, frame))
        assert (type(error), error.message, error.status) == (RateLimited, "m", 429)


def test_nothing_follows_a_failure():
    """Not in the same read, nor in a later one."""
    decoder = OpenAI().decoder(ChatCall(model="m", messages=(), body={}, stream=True))
    assert isinstance(decoder.feed(sse({"error": {"message": "m"}}) + HI_CHUNK + DONE)[-1], Failed)
    assert decoder.feed(HI_CHUNK + DONE) == ()
    assert decoder.finish() == ()


@pytest.mark.parametrize(
    "pieces",
    [
        (),
        (b"",),
        (DONE,),
        (b": keep-alive\n\n", DONE),
        (chunk(says(role="assistant", content="")), DONE),
        (chunk(usage={"prompt_tokens": 1, "completion_tokens": 1}), DONE),
        (chunk(says(role="assistant")),),
        (b"<html>Bad gateway</html>",),
        (b"data: {\n\n",),
        (HI_CHUNK, b'data: {"choices": \n\n', STOP_CHUNK, DONE),
        (HI_CHUNK, b"data: " + b"[" * 100_000 + b"\n\n", DONE),
        (HI_CHUNK,),
        (HI_CHUNK, b"data: [DO"),
        (HI_CHUNK, STOP_CHUNK[:-20]),
        (HI_CHUNK, b"data: " + b"x" * (9 * 2**20)),
    ],
)
def test_a_stream_that_is_empty_cut_or_malformed_is_a_broken_answer(pieces: tuple[bytes, ...]):
    """Truncation never looks like success, and neither does an end without an answer."""
    events = stream(*pieces)
    assert type(failure(events)) is BrokenAnswer
    assert Ended() not in events


def test_without_an_end_marker_a_finished_answer_has_ended():
    """Perplexity and some servers for local models send none; a cut marker is no marker."""
    for tail in (b"", b"data: [DO", b"data: [DONE]", b"\n", b"dat"):
        assert stream(HI_CHUNK, STOP_CHUNK + tail) == [STARTED, HI, STOP, Ended()]


def test_without_an_end_marker_every_choice_must_have_finished():
    """Those that were asked for, even if nothing was seen of them, and those that were seen."""
    assert failure(stream(HI_CHUNK, STOP_CHUNK, n=2))
    assert failure(stream(HI_CHUNK, chunk(says(content="x", index=1)), STOP_CHUNK))
    assert stream(STOP_CHUNK, chunk(says("stop", index=1)), n=2)[-1] == Ended()


def test_odd_chunks_are_passed_over():
    """Empty data, numbers, pings, fields of other types."""
    odd = [
        b"data:\n\n",
        sse(5),
        sse(None),
        sse([]),
        sse({"type": "ping"}),
        sse({"choices": {"a": 1}}),
    ]
    odd += [
        chunk("x", {"delta": []}, {"delta": {"content": 5, "tool_calls": 7}, "finish_reason": {}})
    ]
    assert stream(HI_CHUNK, *odd, STOP_CHUNK, DONE) == [STARTED, HI, STOP, Ended()]


def test_what_nobody_here_knows_is_passed_on_in_its_place() -> None:
    """Members of the answer and of a choice; what says nothing, and a ping's, are not."""
    said = chunk({"delta": {"content": "Hi"}, "matched": 5, "empty": {}})
    said = said.replace(b'"choices"', b'"timing": {"s": 1}, "choices"', 1)
    events = stream(said, STOP_CHUNK, DONE)

    assert events[1:4] == [
        Extra({"timing": {"s": 1}}, place="answer"),
        Extra({"matched": 5}, place="choice"),
        HI,
    ]


def test_nothing_that_stands_beside_a_message_decides_a_race() -> None:
    """A filter's word on the prompt is not the model's."""
    assert is_semantic(Extra({"annotations": [1]}))
    assert not is_semantic(Extra({"a": 1}, place="choice"))
    assert not is_semantic(Extra({"a": 1}, place="answer"))
