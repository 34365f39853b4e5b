"""Anthropic's errors: the shapes that no plain recording shows."""

import json

import pytest

from providers.anthropic_errors import error_of
from providers.errors import (
    ProviderError,
    QuotaExhausted,
    RateLimited,
    RequestRejected,
    UpstreamFailed,
)


def error(
    status: int, kind: str, message: str = "no", headers: dict[str, str] | None = None
) -> ProviderError:
    body = {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_1"}
    return error_of(status, headers or {}, json.dumps(body).encode())


@pytest.mark.parametrize(
    "message",
    [
        "prompt is too long: 210000 tokens > 200000 maximum",
        "input length and `max_tokens` exceed context limit: 199000 + 8192 > 200000",
    ],
)
def test_too_long_a_prompt_is_called_so_in_openais_word(message: str) -> None:
    """Clients look for this code to shorten the conversation."""
    found = error(400, "invalid_request_error", message)
    assert type(found) is RequestRejected
    assert found.code == "context_length_exceeded"
    assert found.message == message


def test_an_empty_account_is_not_the_requests_fault() -> None:
    """Anthropic calls it an invalid request; the key must rest, the call may go elsewhere."""
    message = "Your credit balance is too low to access the Anthropic API. Please go to Plans."
    found = error(400, "invalid_request_error", message)
    assert type(found) is QuotaExhausted
    assert found.status == 400
    assert type(error(402, "billing_error")) is QuotaExhausted


@pytest.mark.parametrize(
    ("status", "kind", "wanted"),
    [
        (429, "rate_limit_error", RateLimited),
        (500, "api_error", UpstreamFailed),
        (529, "overloaded_error", UpstreamFailed),
    ],
)
def test_advice_is_taken_where_a_retry_makes_sense(
    status: int, kind: str, wanted: type[ProviderError]
) -> None:
    """In seconds, from the header."""
    found = error(status, kind, headers={"retry-after": "12"})
    assert type(found) is wanted
    assert found.retry_after == 12.0


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413])
def test_advice_is_not_taken_elsewhere(status: int) -> None:
    """Anthropic sends retry-after with anything."""
    assert error(status, "x", headers={"retry-after": "12"}).retry_after is None


def test_an_edge_without_json_still_has_a_status() -> None:
    """HTML from a proxy is not shown."""
    found = error_of(413, {}, b"<html>Too large</html>")
    assert type(found) is RequestRejected
    assert "<" not in found.message
    assert found.code is None
