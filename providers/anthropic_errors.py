"""What Anthropic's errors mean, as an answer's status or as an event inside an answer."""

from collections.abc import Mapping
from typing import Any

import attrs

from providers.advice import ErrorBody, by_status, message_of, read_error, retry_after
from providers.errors import ProviderError, QuotaExhausted

STATUSES = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}
"""The status each type of error has, for errors that come inside an answer."""

TOO_LONG = ("prompt is too long", "exceed context limit")
NO_CREDIT = "credit balance is too low"


def error_of(status: int, headers: Mapping[str, str], body: bytes) -> ProviderError:
    """What an answer with an error status means."""
    return _meaning(status, message_of(body), retry_after(headers))


def error_in_answer(value: Any) -> ProviderError:
    """What an error event means: the same as if its type had been the status."""
    found = read_error(value)
    return _meaning(STATUSES.get(found.type or "", 500), found, None)


def _meaning(status: int, found: ErrorBody, retry: float | None) -> ProviderError:
    message = found.message or ""
    if status == 400 and NO_CREDIT in message:
        return QuotaExhausted(message, status=status, code="billing_error")
    too_long = status == 400 and any(words in message for words in TOO_LONG)
    code = "context_length_exceeded" if too_long else found.type
    return by_status(status, attrs.evolve(found, code=code), retry)
