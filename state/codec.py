"""Records to lines and back: bytes only, no file.

    {"t":"key_revoked","v":1,"seq":42,"ts":1795380002953,"digest":"…","crc":"6c4dac87"}\\n
    └──────────────── always in this order ────────────┘└ members ┘└─ always last ─┘

    {"t":"segment","v":1,"created":…,"first":1,"prev":"","prev_last":0,"prev_sha256":"","crc":"…"}\\n

Each line is one valid JSON object, so that `jq` reads a log; inside of members those that have their
default are left out. The checksum is the CRC-32 of all bytes before `,"crc":"` and is compared byte by
byte, never parsed: any single flipped bit shows. JSON escapes quotes, so `,"seq":` and `{"t":"` cannot
occur inside a text. Lines end with `\\n` and with nothing else. Whatever `encode` returns, `decode` reads.
"""

from typing import Any, TypeVar
from zlib import crc32

import attrs
import msgspec

from state.errors import RecordRefused
from state.kinds import KINDS
from state.lines import LINES, LOOSE
from state.records import (
    UNCOUNTED,
    CountedRequest,
    Readable,
    Record,
    RequestEnded,
)

MAX_LINE = 1 << 20
"""The longest line that is written, in bytes."""

START = b'{"t":"'
"""How every line begins."""

_CRC_LENGTH = len(b',"crc":"00000000"}')
_SEAL_LENGTH = _CRC_LENGTH + 1


@attrs.frozen
class SegmentHeader:
    """The first line of a segment: which records it holds and which segment came before it.

    `first` is the sequence number of its first record; `prev`, `prev_last` and `prev_sha256` are the
    file name, last number and hash of the whole segment before it; empty, 0 and empty for the first.
    """

    first: int
    prev: str
    prev_last: int
    prev_sha256: str
    created: int


@attrs.frozen
class SummaryHeader:
    """The first line of a segment's summary: which segment it is of, and what comes behind it.

    The segment holds records `first` to `last` in `size` bytes that hash to `sha256`; `unknown` of its
    records are of kinds the writer did not know. Behind the header come `facts` bytes of lines that fold
    to the same as the segment, and `requests` bytes of its latest requests, none later than `latest`.
    """

    first: int
    last: int
    size: int
    sha256: str
    unknown: int
    facts: int
    requests: int
    latest: int


H = TypeVar("H", SegmentHeader, SummaryHeader)


def _head(tag: str, version: int) -> bytes:
    return f'{{"t":"{tag}","v":{version}'.encode()


_DECODERS: dict[bytes, msgspec.json.Decoder[Any]] = {
    _head(kind.t, kind.v): msgspec.json.Decoder(CountedRequest if kind is RequestEnded else kind)
    for kind in KINDS
}
_REQUEST = msgspec.json.Decoder(RequestEnded)
_LINES = {kind: msgspec.json.Decoder(line) for kind, line in LINES.items()}
_HEADER_HEADS = {
    SegmentHeader: _head("segment", 1) + b",",
    SummaryHeader: _head("summary", 1) + b",",
}
_HEADERS: dict[type, msgspec.json.Decoder[Any]] = {
    kind: msgspec.json.Decoder(kind) for kind in _HEADER_HEADS
}
_ENCODER = msgspec.json.Encoder()


def encode(record: Record, seq: int, ts: int) -> tuple[bytes, Readable]:
    """The record's line, newline included, and the record as `decode` will read it.

    `ts` stands in for a record's own 0. Raises RecordRefused if the line is longer than MAX_LINE or
    could not be read back: a log never holds a line that stops the next start.
    """
    kind = type(record)
    try:
        line = _line(record)
        line.seq = seq
        line.ts = line.ts or ts
        body = _ENCODER.encode(line)
    except (ValueError, TypeError, OverflowError) as error:
        _, _, where = str(error).partition(" - at ")  # the rest may quote the value
        raise RecordRefused(f"a {record.t} record cannot be kept: {where or 'no JSON'}") from None
    sealed = _seal(body[:-1])
    if len(sealed) > MAX_LINE:
        raise RecordRefused(f"a {record.t} record of {len(sealed)} bytes is over {MAX_LINE}")
    if kind is RequestEnded:
        return sealed, _counted(line, sealed)
    return sealed, msgspec.convert(line, kind, from_attributes=True)


def _line(record: Record) -> Any:
    """The record's line, every member of which fits its type."""
    kind = type(record)
    try:
        return msgspec.convert(record, LINES[kind], from_attributes=True)
    except msgspec.ValidationError:
        loose = msgspec.convert(record, LOOSE[kind], from_attributes=True)
        return _LINES[kind].decode(_ENCODER.encode(loose))


def _counted(line: Any, sealed: bytes) -> CountedRequest:
    """By position: this is done for every request."""
    return CountedRequest(
        line.ts,
        line.project,
        line.environment,
        line.status,
        line.prompt_tokens,
        line.completion_tokens,
        line.nano_usd,
        line.error,
        UNCOUNTED * len(line.attempts),
        line.tax_low,
        line.tax_high,
        line.key,
        sealed[:-1],
    )


def decode(line: bytes) -> tuple[int, Readable | None]:
    """Sequence number and record of an intact line; None for a kind or version unknown here.

    Members that are unknown here are ignored. Raises ValueError if the line is no record, or does not
    fit its kind.
    """
    head, _, rest = line.partition(b',"seq":')
    seq = int(rest[: rest.index(b",")])
    decoder = _DECODERS.get(head)
    if decoder is None:
        return seq, None
    record: Readable = decoder.decode(line)
    if isinstance(record, CountedRequest):
        record.line = line
    return seq, record


def whole(request: RequestEnded | CountedRequest) -> RequestEnded:
    """All of a request. Raises ValueError if what was not counted does not fit."""
    if isinstance(request, RequestEnded):
        return request
    return _REQUEST.decode(request.line)


def encode_header(header: SegmentHeader | SummaryHeader) -> bytes:
    """The header's line, newline included."""
    return _seal(_HEADER_HEADS[type(header)] + _ENCODER.encode(header)[1:-1])


def decode_header(line: bytes, kind: type[H]) -> H:
    """The header in an intact line. Raises ValueError if it is none of this kind and a known version."""
    if not line.startswith(_HEADER_HEADS[kind]):
        raise ValueError(f"not a {kind.__name__.removesuffix('Header').lower()}'s header")
    header: H = _HEADERS[kind].decode(line)
    return header


def intact(line: bytes) -> bool:
    """Whether a line, without its newline, carries the checksum of its own bytes."""
    return line[-_CRC_LENGTH:] == b',"crc":"%08x"}' % crc32(line[:-_CRC_LENGTH])


def sealed(line: bytes) -> bool:
    """The same of a line with its newline: for millions of them it matters that none is copied."""
    return line[-_SEAL_LENGTH:] == b',"crc":"%08x"}\n' % crc32(line[:-_SEAL_LENGTH])


def _seal(open_line: bytes) -> bytes:
    return b'%b,"crc":"%08x"}\n' % (open_line, crc32(open_line))


def find_intact(damaged: bytes) -> int | None:
    """Where the first intact line after the beginning of damaged bytes starts, or None.

    Looks inside lines too: a flipped newline joins two lines, and the second is still a witness.
    """
    at = damaged.find(START, 1)
    while at >= 0:
        end = damaged.find(b"\n", at)
        if end < 0:
            return None
        if end - at < MAX_LINE and intact(damaged[at:end]):
            return at
        at = damaged.find(START, at + 1)
    return None
