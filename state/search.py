"""Looking requests up in the logs themselves, newest first: indexes remember only the latest.

Lines are read from the ends of the logs backwards, and one is decoded only if it holds the words that are
looked for. Logs may have writers at work: what is not a whole good line yet, or any more, is passed over.
Nothing is locked and nothing is written.
"""

import os
from collections.abc import Iterator
from heapq import nlargest
from itertools import islice
from pathlib import Path

import msgspec

from state import codec
from state.errors import StateError
from state.position import segment_path, segments
from state.records import CountedRequest, RequestEnded

CHUNK = 1 << 20
"""Bytes read in one go."""

_REQUEST = b'{"t":"%b",' % RequestEnded.t.encode()
_ENOUGH = 5


class Ambiguous(StateError):
    """Several requests begin like this."""


class NoSuchRequest(StateError):
    """No log holds this request."""


def find_request(folder: Path, request: str) -> RequestEnded | None:
    """The request with this id in the state in this folder, or the only one whose id begins like this.

    Raises:
        Ambiguous: several do.
        OSError: a log cannot be read.
    """
    found: dict[str, RequestEnded] = {}
    sought = request.encode(errors="replace").decode()  # a shell may hand over what is no text
    needle = b'"request":' + msgspec.json.encode(sought)[:-1]
    for record in _requests(_logs(folder), needle):
        if record.request == request:
            return record
        found[record.request] = record
        if len(found) == _ENOUGH:
            break
    if len(found) > 1:
        names = ", ".join(sorted(found)[: _ENOUGH - 1])
        more = " and others" if len(found) == _ENOUGH else ""
        raise Ambiguous(f"Several requests begin with '{request}': {names}{more}")
    return next(iter(found.values()), None)


def latest_requests(folder: Path, limit: int) -> list[RequestEnded]:
    """The requests that ended last, newest first. Raises OSError."""
    ends = [record for log in _logs(folder) for record in islice(_requests([log], b""), limit)]
    return nlargest(limit, ends, key=lambda record: record.ts)


def _logs(folder: Path) -> list[Path]:
    logs = folder / "logs"
    return sorted(path for path in logs.iterdir() if path.is_dir()) if logs.is_dir() else []


def _requests(logs: list[Path], needle: bytes) -> Iterator[RequestEnded]:
    """The requests of these logs whose lines hold the needle; each log's newest first."""
    for log in logs:
        for first in reversed(segments(log)):
            for block in _blocks(segment_path(log, first)):
                if needle in block:
                    yield from _requests_in(block, needle)


def _requests_in(block: bytes, needle: bytes) -> Iterator[RequestEnded]:
    for line in reversed(block.split(b"\n")):
        if needle in line and line.startswith(_REQUEST) and codec.intact(line):
            record = _read(line)
            if record is not None:
                yield record


def _read(line: bytes) -> RequestEnded | None:
    """The request in an intact line; None if it is of a version unknown here, or does not fit."""
    try:
        _, record = codec.decode(line)
        return codec.whole(record) if isinstance(record, RequestEnded | CountedRequest) else None
    except ValueError:
        return None


def _blocks(path: Path) -> Iterator[bytes]:
    """A file's lines in blocks, the last block first, no line in two of them."""
    with path.open("rb") as file:
        end = file.seek(0, os.SEEK_END)
        rest = b""
        while end:
            start = max(0, end - CHUNK)
            file.seek(start)
            data = file.read(end - start) + rest
            cut = data.find(b"\n") + 1 if start else 0
            rest, block = data[:cut], data[cut:]
            if start and not cut:
                rest, block = data, b""
            yield block
            end = start
