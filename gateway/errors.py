"""Any failure, in the one shape that clients see (SPEC §5), wherever it happened.

    {"error": {"message": ..., "type": ..., "code": 400, "param": ...}}

`code` is the HTTP status; `param` is there when a parameter is to blame, `reason` when an upstream gave a
word for it that clients recognise (`context_length_exceeded`).
"""

import math
from collections.abc import Mapping
from typing import Any

import msgspec

from providers.errors import (
    CredentialRejected,
    ModelMissing,
    ProviderError,
    QuotaExhausted,
    RateLimited,
    RequestRejected,
)

TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
    500: "api_error",
    503: "service_unavailable",
}

OUR_FAULT = "Something went wrong in the gateway; the request id finds it in the log"
NO_CREDENTIAL = "No pooled key for this model is accepted by its provider now"


class ApiError(Exception):
    """An answer other than 200, ready to be sent. `retry_after` is in seconds."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        param: str | None = None,
        reason: str | None = None,
        retry_after: float | None = None,
        final: bool = False,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.param = param
        self.reason = reason
        self.retry_after = retry_after
        self.final = final
        """Whether the gateway has already retried, so that the client's SDK need not."""

    @property
    def type(self) -> str:
        """SPEC §5's word for the status."""
        return TYPES[self.status]

    def body(self) -> dict[str, Any]:
        """The JSON object to send."""
        error: dict[str, Any] = {"message": self.message, "type": self.type, "code": self.status}
        if self.param is not None:
            error["param"] = self.param
        if self.reason is not None:
            error["reason"] = self.reason
        return {"error": error}

    def encode(self) -> bytes:
        """The JSON bytes to send."""
        return msgspec.json.encode(self.body())

    def headers(self) -> Mapping[str, str]:
        """What the client's SDK should know about trying again."""
        headers: dict[str, str] = {}
        if self.retry_after is not None and self.status in (429, 503):
            headers["retry-after"] = str(max(1, math.ceil(self.retry_after)))
            headers["retry-after-ms"] = str(max(1, math.ceil(self.retry_after * 1000)))
        if self.final:
            headers["x-should-retry"] = "false"
        return headers


def bad_request(message: str, param: str | None = None) -> ApiError:
    """The client's request is wrong; `param` names the parameter."""
    return ApiError(400, message, param=param)


def from_provider(error: ProviderError) -> ApiError:
    """What a client is told when no upstream gave an answer.

    A pooled key's troubles are never blamed on the client's key: they are 503, not 401 or 403.
    """
    match error:
        case RequestRejected():
            return ApiError(400, error.message, param=error.param, reason=error.code)
        case ModelMissing():
            return ApiError(404, error.message, param="model")
        case RateLimited():
            return ApiError(429, error.message, retry_after=error.retry_after or 1.0)
        case CredentialRejected() | QuotaExhausted():
            return ApiError(503, NO_CREDENTIAL, final=True)
    return ApiError(503, error.message, retry_after=error.retry_after, final=True)
