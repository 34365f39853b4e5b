"""Reading whole logs fast, for whoever analyses them: only the members that an analysis needs are made.

Lines are decoded straight into small structs, one at a time, in the order in which they were written.
Every line's checksum is compared. Writers may be at work: an unfinished last line is not there yet.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from state import codec
from state.errors import Place, StateDamaged
from state.position import segment_path, segments
from state.records import (
    Arm,
    Environment,
    Hedged,
    Operation,
    Outcome,
    PolicyInForce,
    RequestEnded,
    Role,
)


class ScannedAttempt(msgspec.Struct, gc=False):
    """What is read of an attempt; the members of `records.AttemptEnded`."""

    model: str
    role: Role
    outcome: Outcome
    start_ms: float
    first_ms: float | None
    end_ms: float
    delay_ms: float | None = None
    probability: float = 1.0


class ScannedRequest(msgspec.Struct, gc=False, kw_only=True):
    """What is read of a request; the members of `records.RequestEnded`, in their order."""

    ts: int
    environment: Environment
    operation: Operation
    hedged: Hedged = "no"
    ttft_ms: float | None
    duration_ms: float
    completion_tokens: int = 0
    nano_usd: int = 0
    hedge_skip: str | None = None
    attempts: tuple[ScannedAttempt, ...]
    tax_low: int = 0
    tax_high: int = 0
    policy_id: str = ""
    arm: Arm = "none"
    prompt_estimate: int = 0
    unhedgeable: str | None = None


PIECE = 1 << 18
"""Bytes read in one go."""

_REQUEST = b'{"t":"%b","v":%d,' % (RequestEnded.t.encode(), RequestEnded.v)
_POLICY = b'{"t":"%b","v":%d,' % (PolicyInForce.t.encode(), PolicyInForce.v)
_request = msgspec.json.Decoder(ScannedRequest).decode
_whole_request = msgspec.json.Decoder(RequestEnded).decode
_policy = msgspec.json.Decoder(PolicyInForce).decode


def segment_files(places: Iterable[Path]) -> list[Path]:
    """The segments in these places: a state's folder, a log's folder, or segments themselves.

    Raises:
        FileNotFoundError: there is no such place, or no log in it.
    """
    found: list[Path] = []
    for place in places:
        inside = _segments_in(place)
        if not inside:
            raise FileNotFoundError(f"there is no journal in {place}")
        found += inside
    return found


def scan(file: Path) -> Iterator[ScannedRequest | PolicyInForce]:
    """The requests and policies of one segment.

    Raises:
        StateDamaged: a line that is not the last one is not as it was written.
        OSError: the segment cannot be read.
    """
    for line in _lines(file):
        if line.startswith(_REQUEST):
            yield _request(line)
        elif line.startswith(_POLICY):
            yield _policy(line)


def scan_whole(file: Path) -> Iterator[RequestEnded]:
    """The requests of one segment with all their members, which takes twice as long.

    Raises:
        StateDamaged: a line that is not the last one is not as it was written.
        OSError: the segment cannot be read.
    """
    for line in _lines(file):
        if line.startswith(_REQUEST):
            yield _whole_request(line)


def _lines(file: Path) -> Iterator[bytes]:
    """The intact lines of a segment, with their newlines.

    They are read in small pieces: a line that is in the processor's cache when it is decoded takes half the
    time of one that was cut from the whole file.
    """
    with file.open("rb", buffering=PIECE) as stream:
        for number, line in enumerate(stream):
            if codec.sealed(line) or codec.intact(line):  # the last may have no newline yet
                yield line
                continue
            offset = stream.tell() - len(line)
            if b"\n" not in stream.read():
                return  # torn, or not written yet
            place = Place(str(file), number + 1, offset)
            raise StateDamaged(place, "its checksum is wrong", (number, number))


def _segments_in(place: Path) -> list[Path]:
    if place.is_file():
        return [place]
    logs = place / "logs"
    folders = sorted(each for each in logs.iterdir() if each.is_dir()) if logs.is_dir() else [place]
    return [segment_path(folder, first) for folder in folders for first in segments(folder)]


def latest(
    files: Iterable[Path], limit: int
) -> tuple[list[RequestEnded], dict[str, PolicyInForce]]:
    """The requests that ended last, the oldest of them first, whole; and all policies on the way to them.

    Raises:
        StateDamaged: a line that is not the last one is not as it was written.
        OSError: a segment cannot be read.
    """
    requests: list[RequestEnded] = []
    policies: dict[str, PolicyInForce] = {}
    by_log: dict[Path, list[Path]] = {}
    for file in files:
        by_log.setdefault(file.parent, []).append(file)
    for segments_of_log in by_log.values():
        found = 0
        for file in sorted(segments_of_log, reverse=True):
            whole = [_whole(line) for line in _lines(file) if line.startswith((_REQUEST, _POLICY))]
            policies = {p.policy_id: p for p in whole if isinstance(p, PolicyInForce)} | policies
            ended = [record for record in whole if isinstance(record, RequestEnded)]
            requests += ended
            found += len(ended)
            if found >= limit:
                break
    requests.sort(key=lambda record: record.ts)
    return requests[-limit:], policies


def _whole(line: bytes) -> RequestEnded | PolicyInForce:
    return _policy(line) if line.startswith(_POLICY) else _whole_request(line)
