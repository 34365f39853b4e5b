"""Amazon's event stream as a scanner: binary frames with checksums, read by botocore.

A frame's JSON is given under its event's name, as AWS's own SDKs show it: `{"contentBlockDelta": {...}}`.
"""

import struct
from collections.abc import Iterator, Mapping
from typing import Any

import attrs
import msgspec

from providers.bedrock_errors import error_in_answer
from providers.body import parse
from providers.errors import BrokenAnswer


@attrs.frozen
class Frame:
    """One event."""

    data: bytes


class FrameScanner:
    """Finds the frames in a stream, however it is split. Implements `providers.reading.Scans`."""

    def __init__(self) -> None:
        from botocore.eventstream import EventStreamBuffer, ParserError  # noqa: PLC0415 - an extra

        self._buffer: Any = EventStreamBuffer()
        self._damage = (ParserError, struct.error, LookupError, ValueError)

    def feed(self, data: bytes) -> Iterator[Frame]:
        """The frames that these bytes complete.

        Raises:
            ProviderError: a frame holds an exception, or is damaged.
        """
        self._buffer.add_data(data)
        while (message := self._next()) is not None:
            yield _frame(message.headers, message.payload)

    def finish(self) -> Iterator[Frame]:
        """None: a frame says its own length."""
        return iter(())

    def rest(self) -> bytes:
        """None that could be read: it would be half a frame."""
        return b""

    def _next(self) -> Any:
        try:
            return next(self._buffer, None)
        except self._damage:
            raise BrokenAnswer("A frame of Bedrock's answer is damaged") from None


def _frame(headers: Mapping[str, Any], payload: bytes) -> Frame:
    kind = headers.get(":message-type")
    if kind == "error":
        said = {"message": headers.get(":error-message")}
        raise error_in_answer(str(headers.get(":error-code", "")), said)
    if kind == "exception":
        raise error_in_answer(str(headers.get(":exception-type", "")), parse(payload or b"{}"))
    name = msgspec.json.encode(str(headers.get(":event-type", "")))
    return Frame(b"{%b:%b}" % (name, payload or b"{}"))
