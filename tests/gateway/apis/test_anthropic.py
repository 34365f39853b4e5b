"""Errors and pings as Anthropic's clients expect them."""

import json

import pytest

from gateway.apis.anthropic import ANTHROPIC
from gateway.errors import ApiError


@pytest.mark.parametrize(
    ("status", "word"),
    [
        (400, "invalid_request_error"),
        (401, "authentication_error"),
        (403, "permission_error"),
        (404, "not_found_error"),
        (429, "rate_limit_error"),
        (500, "api_error"),
        (503, "overloaded_error"),
    ],
)
def test_every_status_has_anthropics_word(status: int, word: str) -> None:
    """In its shape, which has no code and no parameter."""
    told = json.loads(ANTHROPIC.error(ApiError(status, "No", param="model")))
    assert told == {"type": "error", "error": {"type": word, "message": "No"}}


def test_a_stream_breaks_with_an_event_of_its_own_name() -> None:
    """Anthropic's SDKs go by the event's name."""
    name, data, *rest = ANTHROPIC.broken(ApiError(503, "No")).split(b"\n")
    assert name == b"event: error"
    assert json.loads(data.removeprefix(b"data: "))["error"]["type"] == "overloaded_error"
    assert rest == [b"", b""]


def test_pauses_are_filled_with_pings() -> None:
    """As Anthropic itself does it."""
    assert ANTHROPIC.comment == b'event: ping\ndata: {"type": "ping"}\n\n'
