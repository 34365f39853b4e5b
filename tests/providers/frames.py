"""Frames of Amazon's event stream, written as its specification says; botocore only reads them."""

import json
import struct
from binascii import crc32
from typing import Any

TEXT = 7


def frame(headers: dict[str, str], payload: bytes) -> bytes:
    """A frame with text headers, and both its checksums."""
    told = b"".join(_header(name, value) for name, value in headers.items())
    prelude = struct.pack("!II", 12 + len(told) + len(payload) + 4, len(told))
    prelude += struct.pack("!I", crc32(prelude))
    body = prelude + told + payload
    return body + struct.pack("!I", crc32(body))


def event(name: str, value: Any) -> bytes:
    """An event of this type."""
    return frame({":event-type": name, ":message-type": "event"}, json.dumps(value).encode())


def exception(name: str, message: str) -> bytes:
    """An exception in the place of an event."""
    headers = {":exception-type": name, ":message-type": "exception"}
    return frame(headers, json.dumps({"message": message}).encode())


def _header(name: str, value: str) -> bytes:
    key, text = name.encode(), value.encode()
    return struct.pack(f"!B{len(key)}sBH", len(key), key, TEXT, len(text)) + text
