"""What Gemini's errors mean. They are Google's: a status word, and details that say more than the
status.

The body is JSON whatever the content type says, at times in an array, and now and then inside an
answer whose status was 200.
"""

from collections.abc import Mapping
from typing import Any

import attrs

from providers.advice import ErrorBody, by_status, duration, message_of, read_error, retry_after
from providers.errors import CredentialRejected, ProviderError
from providers.lenient import rows, text

KEY_REASONS = ("API_KEY_", "CONSUMER_")
"""How the reasons begin that blame the key or its project, even where the status is 400."""

TOO_LONG = "exceeds the maximum number of tokens"


def error_of(status: int, headers: Mapping[str, str], body: bytes) -> ProviderError:
    """What an answer with an error status means."""
    return _meaning(status, message_of(body), retry_after(headers))


def error_in_answer(value: Any) -> ProviderError:
    """What an error object inside an answer means: the same as if it had been the status."""
    found = read_error(value)
    return _meaning(found.status or 500, found, None)


def _meaning(status: int, found: ErrorBody, retry: float | None) -> ProviderError:
    reason = _detail(found.details, "ErrorInfo", "reason")
    message = found.message or ""
    if status == 400 and (reason.startswith(KEY_REASONS) or message.startswith("API key")):
        return CredentialRejected(message, status=status, code=reason or found.type)
    too_long = status == 400 and TOO_LONG in message
    code = "context_length_exceeded" if too_long else reason or found.type
    delay = duration(_detail(found.details, "RetryInfo", "retryDelay"))
    return by_status(status, attrs.evolve(found, code=code), retry if delay is None else delay)


def _detail(details: Any, kind: str, name: str) -> str:
    """A text in the error's detail of this kind, empty where there is none."""
    for row in rows(details):
        if text(row.get("@type")).endswith(f"google.rpc.{kind}"):
            return text(row.get(name))
    return ""
