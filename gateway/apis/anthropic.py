"""How clients of Anthropic's APIs are spoken to: their errors and their pings.

    {"type": "error", "error": {"type": "invalid_request_error", "message": ...}}

The words for errors are Anthropic's own. Where nothing upstream can answer now it is `overloaded_error`, its
word for "try again later"; the status stays 503, which their SDKs retry as well.
"""

from collections.abc import Mapping

import msgspec

from gateway.errors import ApiError
from gateway.voice import Voice

TYPES: Mapping[int, str] = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
    503: "overloaded_error",
}
PING = b'event: ping\ndata: {"type": "ping"}\n\n'


def error_body(error: ApiError) -> bytes:
    """An error as the whole answer."""
    told = {"type": TYPES.get(error.status, "api_error"), "message": error.message}
    return msgspec.json.encode({"type": "error", "error": told})


def error_event(error: ApiError) -> bytes:
    """An error as the last event of a stream."""
    return b"event: error\ndata: " + error_body(error) + b"\n\n"


ANTHROPIC = Voice(error_body, error_event, PING)
