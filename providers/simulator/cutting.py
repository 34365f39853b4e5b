"""Bodies in pieces: a stream at the ends of its events, or anything anywhere. Pure."""

import re

_SSE = re.compile(rb".*?(?:\r\n\r\n|\n\n|\r\r)|.+", re.DOTALL)
_LINE = re.compile(rb"[^\n]*\n|[^\n]+")
_AMAZON = "application/vnd.amazon.eventstream"
_LINES = frozenset({"application/x-ndjson", "application/stream+json", "application/jsonl"})
_LENGTH = 4
"""Bytes at the beginning of one of Amazon's messages that say how long all of it is."""


def events(body: bytes, content_type: str) -> list[bytes]:
    """The events of a streamed body, which they are when joined; none if it is no stream."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "text/event-stream":
        return _SSE.findall(body)
    if kind in _LINES:
        return _LINE.findall(body)
    return _messages(body) if kind == _AMAZON else []


def pieces(body: bytes, size: int) -> list[bytes]:
    """The body in pieces of `size` bytes, the last one with what is left."""
    return [body[at : at + size] for at in range(0, len(body), size)]


def _messages(body: bytes) -> list[bytes]:
    """Amazon's messages; what has no sensible length is one with all the rest."""
    messages, at = [], 0
    while at < len(body):
        length = int.from_bytes(body[at : at + _LENGTH], "big")
        end = at + length if length > _LENGTH else len(body)
        messages.append(body[at:end])
        at = end
    return messages
