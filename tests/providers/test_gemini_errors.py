"""Gemini's errors: the shapes that no plain recording shows."""

import json
from typing import Any

import pytest

from providers.errors import (
    CredentialRejected,
    ModelMissing,
    ProviderError,
    RateLimited,
    RequestRejected,
    UpstreamFailed,
)
from providers.gemini_errors import error_in_answer, error_of

RETRY = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "48s"}
PER_DAY = {
    "@type": "type.googleapis.com/google.rpc.QuotaFailure",
    "violations": [{"quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier"}],
}
INFO = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}


def body(code: int, status: str, message: str = "no", details: Any = None) -> dict[str, Any]:
    found: dict[str, Any] = {"code": code, "message": message, "status": status}
    return {"error": found if details is None else {**found, "details": details}}


def error(value: Any, headers: dict[str, str] | None = None) -> ProviderError:
    inner = value[0] if isinstance(value, list) else value
    return error_of(inner["error"]["code"], headers or {}, json.dumps(value).encode())


def test_the_delay_in_the_details_is_the_advice() -> None:
    """Gemini sends no retry-after; its details say when."""
    found = error(body(429, "RESOURCE_EXHAUSTED", details=[PER_DAY, RETRY]))
    assert type(found) is RateLimited
    assert found.retry_after == 48.0
    assert found.code == "RESOURCE_EXHAUSTED"


def test_a_daily_quota_is_a_rate_limit_too() -> None:
    """Gemini says the same seconds for it; cooling down longer is the policy's business."""
    found = error(
        body(429, "RESOURCE_EXHAUSTED", details=[PER_DAY, {**RETRY, "retryDelay": "36.5s"}])
    )
    assert type(found) is RateLimited
    assert found.retry_after == 36.5


@pytest.mark.parametrize("details", [None, [], [PER_DAY], [{**RETRY, "retryDelay": 3}], "x", [3]])
def test_without_a_delay_the_headers_advise(details: Any) -> None:
    """And without those, nobody does."""
    value = body(429, "RESOURCE_EXHAUSTED", details=details)
    assert error(value).retry_after is None
    assert error(value, {"retry-after": "7"}).retry_after == 7.0


def test_an_error_in_an_array_reads_the_same() -> None:
    """The OpenAI-compatible endpoint writes errors so."""
    found = error([body(429, "RESOURCE_EXHAUSTED", details=[RETRY])])
    assert type(found) is RateLimited
    assert found.retry_after == 48.0


@pytest.mark.parametrize(
    ("message", "details"),
    [
        ("API key not valid. Please pass a valid API key.", [INFO]),
        ("API key expired. Please renew the API key.", None),
        ("The consumer is invalid", [{**INFO, "reason": "CONSUMER_INVALID"}]),
    ],
)
def test_a_bad_key_is_the_keys_fault_though_the_status_is_400(message: str, details: Any) -> None:
    """The client must not hear of it, and the other keys may be good."""
    found = error(body(400, "INVALID_ARGUMENT", message, details))
    assert type(found) is CredentialRejected
    assert found.status == 400
    assert found.retry_after is None


def test_too_long_a_prompt_is_called_so_in_openais_word() -> None:
    """Clients look for this code to shorten the conversation."""
    message = (
        "The input token count (1250074) exceeds the maximum number of tokens allowed (1048576)."
    )
    found = error(body(400, "INVALID_ARGUMENT", message))
    assert type(found) is RequestRejected
    assert found.code == "context_length_exceeded"


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (400, RequestRejected),
        (401, CredentialRejected),
        (403, CredentialRejected),
        (404, ModelMissing),
        *((500, UpstreamFailed), (503, UpstreamFailed), (504, UpstreamFailed)),
    ],
)
def test_the_rest_goes_by_status(code: int, kind: type[ProviderError]) -> None:
    """As an answer's status and inside an answer alike."""
    assert type(error(body(code, "X"))) is kind
    inside = error_in_answer(body(code, "X"))
    assert type(inside) is kind
    assert inside.status == code


def test_an_error_inside_an_answer_keeps_its_delay() -> None:
    """The details are read there too."""
    assert error_in_answer(body(429, "X", details=[RETRY])).retry_after == 48.0


@pytest.mark.parametrize("value", [{"error": {}}, {"error": "boom"}, {"error": {"code": "x"}}])
def test_an_error_inside_an_answer_without_a_number_is_the_upstreams(value: Any) -> None:
    """Nothing else is known."""
    assert type(error_in_answer(value)) is UpstreamFailed


def test_html_instead_of_json_still_has_a_status() -> None:
    """A proxy's error page is not shown to anybody."""
    found = error_of(502, {}, b"<html><h1>Bad Gateway</h1></html>")
    assert type(found) is UpstreamFailed
    assert "<" not in found.message


def test_a_key_in_the_message_is_blotted_out() -> None:
    """Google names the suspended key in full."""
    message = "Permission denied: Consumer 'api_key:AIzaSyCanary0123456789' has been suspended."
    found = error(body(403, "PERMISSION_DENIED", message))
    assert "Canary" not in found.message
