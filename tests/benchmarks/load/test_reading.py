"""Streams and whole answers, good and bad, cut anywhere."""

import json

import pytest

from benchmarks.load.reading import Reading


def event(**members: object) -> bytes:
    return b"data: " + json.dumps(members).encode() + b"\n\n"


def delta(finish: str | None = None, **said: object) -> bytes:
    return event(choices=[{"index": 0, "delta": said, "finish_reason": finish}])


DONE = b"data: [DONE]\n\n"
ROLE = delta(role="assistant", content="")
USAGE = event(choices=[], usage={"prompt_tokens": 9, "completion_tokens": 3})


def read(*pieces: bytes, status: int = 200, stream: bool = True) -> tuple[Reading, str | None]:
    """The reading of an answer whose pieces came a second apart, from 1 on."""
    reading = Reading(stream)
    reading.begin(status, {})
    for now, piece in enumerate(pieces, 1):
        reading.feed(piece, float(now))
    return reading, reading.end()


def test_tokens_are_timed_and_what_is_none_is_not() -> None:
    """Roles, pings and usage are no tokens; reasoning and calls of tools are."""
    reading, error = read(
        ROLE,
        b": ping\n\n",
        delta(reasoning_content="Hm"),
        delta(content="Yes"),
        delta(tool_calls=[{"index": 0}]),
        delta("stop"),
        USAGE + DONE,
    )

    assert error is None
    assert (reading.first, reading.last, list(reading.gaps)) == (3.0, 5.0, [1.0, 1.0])
    assert (reading.events, reading.input_tokens, reading.output_tokens) == (3, 9, 3)


def test_a_stream_may_be_cut_into_pieces_anywhere() -> None:
    """Byte by byte it is the same answer."""
    whole = ROLE + delta(content="a") + delta(content="ü") + delta("stop") + USAGE + DONE

    reading, error = read(*(bytes([byte]) for byte in whole))

    assert error is None
    assert (reading.events, reading.output_tokens, len(reading.gaps)) == (2, 3, 1)


@pytest.mark.parametrize(
    ("pieces", "kind"),
    [
        ((delta(content="a"),), "cut"),
        ((ROLE, delta("stop"), DONE), "empty"),
        ((DONE,), "empty"),
        ((delta(content="a"), b"data: {broken\n\n", DONE), "malformed"),
        ((delta(content="a"), event(error={"message": "no more"}), DONE), "error event"),
        ((), "cut"),
    ],
)
def test_a_stream_that_went_wrong_says_how(pieces: tuple[bytes, ...], kind: str) -> None:
    """An answer without tokens is none, whatever its status."""
    assert read(*pieces)[1] == kind


def test_a_stream_may_end_with_its_reason_alone() -> None:
    """Some servers do not say [DONE]."""
    assert read(delta(content="a"), delta("length"))[1] is None


def test_an_error_keeps_what_the_server_said() -> None:
    """OpenAI's message, or whatever it is, on one line and not too long."""
    reading, error = read(b'{"error": {"message": "Slow\\n down"}}', status=429)
    assert (error, reading.message) == ("status 429", "Slow down")

    reading, error = read(b"<html>", b"x" * 100_000, status=502)
    assert error == "status 502"
    assert len(reading.message or "") == 300


def test_a_whole_answer_has_no_times() -> None:
    """But tokens."""
    message = {"choices": [{"message": {"content": "Yes"}, "finish_reason": "stop"}]}
    whole = json.dumps({**message, "usage": {"prompt_tokens": 2, "completion_tokens": 4}})

    reading, error = read(whole[:9].encode(), whole[9:].encode(), stream=False)

    assert error is None
    assert (reading.first, reading.output_tokens, len(reading.gaps)) == (None, 4, 0)
    assert read(b"{}", stream=False)[1] == "empty"
    assert read(b"", stream=False)[1] == "malformed"
