"""Error answers that the front gives by itself, as the bytes of a whole response.

They say what an answer from the application would say (SPEC §5), and that the connection closes behind
them. Nothing of the request is repeated in them.
"""

from email.utils import formatdate
from http import HTTPStatus

from gateway.errors import ApiError

FULL = "The gateway has as many connections as it may hold; try again shortly"
CRASHED = ApiError(500, "Something went wrong in the gateway")
TOO_SLOW = "The request did not arrive in time"


def response(error: ApiError, *, with_body: bool = True) -> bytes:
    """The response to send before closing. `with_body` is False for HEAD."""
    body = error.encode()
    headers = {
        "date": formatdate(usegmt=True),
        "content-type": "application/json",
        "content-length": str(len(body)),
        "connection": "close",
        **error.headers(),
    }
    lines = [f"HTTP/1.1 {error.status} {HTTPStatus(error.status).phrase}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    head = "\r\n".join(lines).encode("ascii") + b"\r\n\r\n"
    return head + body if with_body else head
