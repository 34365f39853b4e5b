"""What test mode makes up where no text is asked for: small, valid, the same every time."""

import base64
import io
import json
import wave
import zlib
from typing import Any

import pytest

from policies.mock_plain import answer
from providers.types import Operation, PlainCall


def made(operation: Operation, **body: Any) -> Any:
    return json.loads(answer(PlainCall(operation, "/x", "m", body)).data)


def test_nothing_is_flagged() -> None:
    """One verdict a text."""
    told = made("moderations", input=["a", "b"])
    assert [result["flagged"] for result in told["results"]] == [False, False]
    assert len(made("moderations", input=[{"type": "text", "text": "a"}])["results"]) == 1


def test_an_image_is_a_png() -> None:
    """One pixel, of a colour of its own."""
    told = made("images", prompt="a", n=2)
    first, second = (base64.b64decode(one["b64_json"]) for one in told["data"])
    assert first == second
    assert first.startswith(b"\x89PNG\r\n\x1a\n")
    assert int.from_bytes(first[16:20]) == int.from_bytes(first[20:24]) == 1
    begin = first.index(b"IDAT")
    assert len(zlib.decompress(first[begin + 4 : first.index(b"IEND") - 8])) == 4
    assert made("images", prompt="b")["data"][0] != told["data"][0]


def test_speech_is_a_sound_that_can_be_played() -> None:
    """WAV, whatever was wished for, and it says so."""
    said = answer(PlainCall("speech", "/audio/speech", "m", {"input": "a"}, answers="audio/mpeg"))
    assert said.content_type == "audio/wav"
    with wave.open(io.BytesIO(said.data)) as sound:
        assert (sound.getnchannels(), sound.getframerate()) == (1, 8000)
        assert sound.getnframes() == 2000


def test_a_transcript_is_text_json_or_a_stream() -> None:
    """As it was asked for."""
    path = "/audio/transcriptions"
    text = made("transcriptions")["text"]
    plain = answer(PlainCall("transcriptions", path, "m", answers="text/plain"))
    assert (plain.data.decode(), plain.content_type) == (text, "text/plain")
    stream = answer(PlainCall("transcriptions", path, "m", stream=True)).data
    assert stream.endswith(b"data: [DONE]\n\n")
    assert b"transcript.text.done" in stream


@pytest.mark.parametrize("limit", ["top_n", "top_k"])
def test_documents_are_ranked_by_common_words(limit: str) -> None:
    """The best first, and no more than wished for."""
    documents = ["nothing", "the red fox", "red"]
    told = made("rerank", query="Red fox", documents=documents)
    assert [one["index"] for one in told["results"]] == [1, 2, 0]
    assert told["results"][-1]["relevance_score"] == 0
    few = made("rerank", query="Red fox", documents=documents, **{limit: 1})
    assert [one["index"] for one in few["results"]] == [1]


def test_an_image_has_no_address() -> None:
    """It is kept nowhere."""
    with pytest.raises(ValueError, match="response_format"):
        made("images", prompt="a", response_format="url")


@pytest.mark.parametrize(
    ("operation", "path", "last"),
    [
        ("speech", "/audio/speech", "speech.audio.done"),
        ("images", "/images/generations", "image_generation.completed"),
        ("images", "/images/edits", "image_edit.completed"),
        ("transcriptions", "/audio/transcriptions", "transcript.text.done"),
    ],
)
def test_who_asks_for_a_stream_is_given_frames(operation: Operation, path: str, last: str) -> None:
    """With the event behind which nothing comes."""
    said = answer(PlainCall(operation, path, "m", {"prompt": "a"}, stream=True))
    assert (said.content_type, said.whole) == ("text/event-stream", False)
    *frames, done, rest = said.data.split(b"\n\n")
    assert (done, rest) == (b"data: [DONE]", b"")
    assert json.loads(frames[-1].removeprefix(b"data: "))["type"] == last
