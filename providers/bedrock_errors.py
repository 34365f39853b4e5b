"""What Bedrock's errors mean: an exception by its name, in a header, in the body, or in a frame of a stream."""

from collections.abc import Mapping
from typing import Any

import attrs

from providers.advice import ErrorBody, by_status, message_of, read_error, retry_after
from providers.body import parse
from providers.errors import (
    BrokenAnswer,
    ModelMissing,
    ProviderError,
    QuotaExhausted,
    UpstreamFailed,
)
from providers.lenient import fields, text

STATUSES = {
    "ValidationException": 400,
    "AccessDeniedException": 403,
    "ExpiredTokenException": 403,
    "UnrecognizedClientException": 403,
    "ResourceNotFoundException": 404,
    "ModelTimeoutException": 408,
    "ThrottlingException": 429,
    "TooManyRequestsException": 429,
    "InternalServerException": 500,
    "ServiceUnavailableException": 503,
}
"""The status each exception has, for those that come inside an answer."""

FAILED = frozenset({"ModelErrorException", "ModelStreamErrorException", "ModelNotReadyException"})
"""The model broke, or is being loaded: neither the request's fault nor the key's, whatever the status."""

TOO_LONG = ("too long", "input tokens exceeded", "maximum context length", "exceed context limit")
NO_MODEL = (
    "model identifier is invalid",
    "on-demand throughput",
    "access to the model",
    "end of its life",
)
"""Words of refusals that are about the model alone, under any name and status."""


def error_of(status: int, headers: Mapping[str, str], body: bytes) -> ProviderError:
    """What an answer with an error status means."""
    name = headers.get("x-amzn-errortype", "").partition(":")[0] or _type_in(body)
    return _meaning(status, name, message_of(body), retry_after(headers))


def error_in_answer(name: str, value: Any) -> ProviderError:
    """What an exception inside a stream means: the same as if its status had been the answer's.

    There its name begins with a small letter.
    """
    name = name[:1].upper() + name[1:]
    return _meaning(STATUSES.get(name, 500), name, read_error(value), None)


def _meaning(status: int, name: str, found: ErrorBody, retry: float | None) -> ProviderError:
    message = (found.message or "").lower()
    body = attrs.evolve(found, code=name or None)
    if name in FAILED:
        words = found.message or "The model failed"
        return UpstreamFailed(words, status=status, code=name, retry_after=retry)
    if name == "ServiceQuotaExceededException":
        return QuotaExhausted(found.message or "The quota is used up", status=status, code=name)
    if status in (400, 403) and any(words in message for words in NO_MODEL):
        return ModelMissing(found.message or "", status=status, code=name or None)
    if status == 400 and any(words in message for words in TOO_LONG):
        body = attrs.evolve(found, code="context_length_exceeded")
    return by_status(status, body, retry)


def _type_in(body: bytes) -> str:
    """The exception's name where only the body says it, behind the name of its service."""
    try:
        return text(fields(parse(body)).get("__type")).rpartition("#")[2]
    except BrokenAnswer:
        return ""
