"""How clients of Google's Gemini API are spoken to: their errors, and streams of two kinds.

    {"error": {"code": 400, "message": ..., "status": "INVALID_ARGUMENT"}}

With `?alt=sse` a stream is of server-sent events; without, it is one JSON array that comes piece by piece.
White space is what an array's readers skip.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from gateway.errors import ApiError
from gateway.voice import Voice

STATUSES: Mapping[int, str] = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    503: "UNAVAILABLE",
}
_RPC = "type.googleapis.com/google.rpc."


def error_body(error: ApiError) -> bytes:
    """An error as the whole answer; what is to blame, and when to try again, is told as Google tells it."""
    told: dict[str, Any] = {
        "code": error.status,
        "message": error.message,
        "status": STATUSES.get(error.status, "INTERNAL"),
    }
    if details := [*_details(error)]:
        told["details"] = details
    return msgspec.json.encode({"error": told})


def _details(error: ApiError) -> Iterator[dict[str, Any]]:
    if error.param is not None and error.status == 400:
        violation = {"field": error.param, "description": error.message}
        yield {"@type": f"{_RPC}BadRequest", "fieldViolations": [violation]}
    if error.reason is not None:
        yield {"@type": f"{_RPC}ErrorInfo", "reason": error.reason}
    if error.retry_after is not None:
        yield {"@type": f"{_RPC}RetryInfo", "retryDelay": f"{error.retry_after:.3f}s"}


def _event(error: ApiError) -> bytes:
    return b"data: " + error_body(error) + b"\r\n\r\n"


def _element(error: ApiError) -> bytes:
    return b",\r\n" + error_body(error) + b"]"


GOOGLE = Voice(error_body, _event)
GOOGLE_ARRAY = Voice(error_body, _element, b"\r\n", "application/json; charset=utf-8")
"""Its streams have begun with an element before anything can go wrong."""
