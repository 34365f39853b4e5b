"""Errors and pauses, as each API's clients expect them."""

import json

from gateway.errors import ApiError
from gateway.voice import OPENAI


def test_openais_clients_hear_errors_in_one_shape_everywhere() -> None:
    """As a body, and as the last event of a stream."""
    error = ApiError(429, "Slower", param="model")

    assert json.loads(OPENAI.error(error)) == error.body()
    assert json.loads(OPENAI.broken(error).removeprefix(b"data: ")) == error.body()
    assert OPENAI.broken(error).endswith(b"\n\n")


def test_pauses_are_filled_with_what_sse_clients_skip() -> None:
    """A comment is a line that begins with a colon."""
    assert OPENAI.comment.startswith(b":")
    assert OPENAI.comment.endswith(b"\n\n")
