"""Plain chunks: read cheaply, or passed on in runs."""

import json
from typing import Any

import pytest

from providers.openai import OpenAI
from providers.openai_plain import Template, read
from providers.types import ChatCall, Ended, Event, Finished, Passed, Started, TextDelta, UsageSeen
from tests.providers.corpus import unfolded

HEAD = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m1"}


def compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def says(text: str, **members: Any) -> str:
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": None}
    return compact({**HEAD, "choices": [choice], **members})


def frame(chunk: str) -> bytes:
    return b"data: " + chunk.encode() + b"\n\n"


def choice(**members: Any) -> str:
    one = {"index": 0, "delta": {"content": "a"}, "finish_reason": None, **members}
    return json.dumps({**HEAD, "choices": [one]})


END = frame(compact({**HEAD, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}))
USAGE = frame(compact({**HEAD, "choices": [], "usage": {"prompt_tokens": 1}}))
DONE = b"data: [DONE]\n\n"


@pytest.mark.parametrize("text", ["a", "", 'quo"ted', "line\nend", "é🌱", "\\"])
def test_a_plain_chunk_is_read_by_type(text: str) -> None:
    """Whatever its text is; unknown members mean nothing."""
    for chunk in (says(text), says(text, service_tier="x", usage=None, obfuscation="abc")):
        plain = read(chunk)
        assert plain is not None
        assert plain.choices[0].delta.content == text


@pytest.mark.parametrize(
    "chunk",
    [
        says("a", usage=[]),
        says("a", nobody_knows=1),
        choice(nobody_knows=1),
        choice(content_filter_results={"hate": {"filtered": False}}),
        says("a", error={"message": "no"}),
        says("a", x_groq={"usage": {}, "id": "1"}),
        says("a", object="error"),
        choice(finish_reason="error"),
        choice(finish_reason=7),
        choice(index=1),
        choice(logprobs={"content": []}),
        choice(error={"message": "no"}),
        choice(delta={"content": "a", "reasoning": "hm"}),
        choice(delta={"content": "a", "reasoning_content": "hm"}),
        choice(delta={"content": "a", "reasoning_details": [{"text": "hm"}]}),
        choice(delta={"content": "a", "refusal": "no"}),
        choice(delta={"content": [{"type": "text", "text": "a"}]}),
        json.dumps({**HEAD, "choices": [{}, {}]}),
        '{"choices": nonsense',
        "[]",
    ],
)
def test_what_says_anything_else_is_no_plain_chunk(chunk: str) -> None:
    """It is left to the careful reader."""
    assert read(chunk) is None


def template(chunk: str = says("a")) -> Template:
    found = Template.of(chunk)
    assert found is not None
    return found


def test_chunks_that_differ_only_in_their_text_are_passed_on() -> None:
    """All together, with the size of what they say."""
    texts = ["Hi", "", 'a "quote"', "a\nline", "{}", '"finish_reason":null}]}']
    frames = b"".join(frame(says(text)) for text in texts)
    run = template().passed(frames)
    assert run is not None
    assert (run.frames, run.count) == (frames, len(texts))
    assert unfolded([run]) == [TextDelta(text) for text in texts]
    assert run.written == sum(len(json.dumps(text)) - 2 for text in texts)


@pytest.mark.parametrize(
    "odd",
    [
        frame(says("a", usage={"prompt_tokens": 1})),
        frame(says("a", obfuscation="x")),
        frame(says("a")).replace(b'"index":0', b'"index":1'),
        frame(says("a")).replace(b'"a"', b'"a","reasoning":"b"'),
        frame(says("a")).replace(b"c1", b"c2"),
        b": comment\n\n",
        b"event: error\n" + frame(says("a")),
        frame(says("a")).replace(b"\n", b"\r\n"),
        b"data: more\n" + frame(says("a")),
        END,
        USAGE,
        DONE,
    ],
)
def test_a_run_with_anything_else_in_it_is_read(odd: bytes) -> None:
    """Wherever in the run it stands."""
    good = frame(says("a"))
    for frames in (odd, odd + good, good + odd, good + odd + good):
        assert template().passed(frames) is None


@pytest.mark.parametrize(
    "chunk",
    [
        json.dumps(json.loads(says("a"))),
        says('"'),
        says("a").replace('"object":"chat.completion.chunk",', ""),
        says("a").replace(',"finish_reason":null', ""),
        says("a").replace('"index":0,', ""),
        says("a", content="b"),
    ],
    ids=["with blanks", "escaped", "no object", "no finish reason", "no index", "two contents"],
)
def test_a_chunk_that_a_client_could_not_be_given_is_no_template(chunk: str) -> None:
    """Not every upstream writes every member; and the text must be found without parsing."""
    assert Template.of(chunk) is None


def _heard(*pieces: bytes, folded: bool = False) -> list[Event]:
    call = ChatCall("m", (), {}, stream=True, folded=folded)
    decoder = OpenAI().decoder(call)
    return [event for piece in pieces for event in decoder.feed(piece)] + [*decoder.finish()]


STREAM = [frame(says(text)) for text in ("", "a", "b", "c", "d")] + [END, USAGE, DONE]


def test_a_stream_is_passed_on_behind_its_first_text() -> None:
    """Up to the chunk that finishes it, even where all of it comes at once."""
    kinds = [Started, TextDelta, Passed, Finished, UsageSeen, Ended]
    assert [type(event) for event in _heard(b"".join(STREAM))] == kinds
    assert [event.count for event in _heard(b"".join(STREAM)) if isinstance(event, Passed)] == [3]


def test_a_stream_that_becomes_a_whole_answer_is_read() -> None:
    """There is nobody to pass it on to."""
    assert not any(isinstance(event, Passed) for event in _heard(*STREAM, folded=True))


def test_a_stream_says_the_same_wherever_it_is_cut() -> None:
    """At every byte, and byte by byte."""
    data = b"".join(STREAM)
    whole = unfolded(_heard(data))
    assert [event.text for event in whole if isinstance(event, TextDelta)] == ["a", "b", "c", "d"]
    assert unfolded(_heard(*(data[at : at + 1] for at in range(len(data))))) == whole
    for at in range(len(data)):
        assert unfolded(_heard(data[:at], data[at:])) == whole


def test_text_after_the_finish_is_read_again() -> None:
    """It is no part of the run: who knows what the upstream means by it."""
    events = _heard(b"".join(STREAM[:4]), END + b"".join(STREAM[1:3]), DONE)
    after = events[events.index(Finished("stop")) :]
    assert not any(isinstance(event, Passed) for event in after)
