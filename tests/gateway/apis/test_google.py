"""Errors and pauses as Google's clients expect them."""

import json

import pytest

from gateway.apis.google import GOOGLE, GOOGLE_ARRAY
from gateway.errors import ApiError


@pytest.mark.parametrize(
    ("status", "word"),
    [
        (400, "INVALID_ARGUMENT"),
        (401, "UNAUTHENTICATED"),
        (403, "PERMISSION_DENIED"),
        (404, "NOT_FOUND"),
        (429, "RESOURCE_EXHAUSTED"),
        (500, "INTERNAL"),
        (503, "UNAVAILABLE"),
    ],
)
def test_every_status_has_googles_word(status: int, word: str) -> None:
    """In its shape."""
    told = json.loads(GOOGLE.error(ApiError(status, "No")))
    assert told == {"error": {"code": status, "message": "No", "status": word}}


def test_when_to_try_again_is_told_in_googles_way() -> None:
    """As a detail of its own type."""
    told = json.loads(GOOGLE.error(ApiError(429, "No", retry_after=1.5)))
    (detail,) = told["error"]["details"]
    assert detail["@type"].endswith("RetryInfo")
    assert detail["retryDelay"] == "1.500s"


def test_what_is_to_blame_is_told_in_googles_way() -> None:
    """The parameter, and an upstream's own word for the reason."""
    error = ApiError(400, "No", param="contents[0].role", reason="context_length_exceeded")
    blamed, why = json.loads(GOOGLE.error(error))["error"]["details"]
    assert blamed["@type"].endswith("google.rpc.BadRequest")
    assert blamed["fieldViolations"] == [{"field": "contents[0].role", "description": "No"}]
    assert why["@type"].endswith("google.rpc.ErrorInfo")
    assert why["reason"] == "context_length_exceeded"
    missing = ApiError(404, "There is no model", param="model")
    assert "details" not in json.loads(GOOGLE.error(missing))["error"]


def test_a_stream_of_events_breaks_with_an_event() -> None:
    """And fills pauses with comments."""
    told = GOOGLE.broken(ApiError(503, "No"))
    assert json.loads(told.removeprefix(b"data: "))["error"]["code"] == 503
    assert told.endswith(b"\r\n\r\n")
    assert GOOGLE.comment.startswith(b":")


def test_an_array_breaks_with_a_last_element() -> None:
    """So that what came is still JSON; pauses are white space."""
    data = b"[{}" + GOOGLE_ARRAY.comment + GOOGLE_ARRAY.broken(ApiError(503, "No"))
    assert json.loads(data)[1]["error"]["status"] == "UNAVAILABLE"
    assert GOOGLE_ARRAY.streamed.startswith("application/json")
