"""How a client is spoken to beside its answer: errors, pauses, the kind of stream. One voice an API.

What goes wrong is told in the shape that the client's SDK reads, with the same status, wherever it happened.
"""

from collections.abc import Callable

import attrs

from gateway.errors import ApiError
from gateway.frames import COMMENT, error_frame

EVENTS = "text/event-stream; charset=utf-8"


@attrs.frozen
class Voice:
    """`error` is a whole answer's body; `broken` is the end of a stream that had begun.

    `comment` fills pauses: bytes that every client of this API skips. `streamed` is a stream's content type.
    """

    error: Callable[[ApiError], bytes]
    broken: Callable[[ApiError], bytes]
    comment: bytes = COMMENT
    streamed: str = EVENTS


OPENAI = Voice(ApiError.encode, error_frame)
