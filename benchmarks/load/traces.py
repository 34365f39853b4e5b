"""Recorded traffic as a schedule: who asked when, with how many tokens.

What a file is, its first line says:

- BurstGPT: CSV with `Timestamp` (seconds since the start), `Model`, `Request tokens`, `Response tokens`,
  `Total tokens`, `Log Type`. No response tokens mean that the call had failed there.
- Azure's traces of LLM inference: CSV with `TIMESTAMP` (date and time), `ContextTokens`, `GeneratedTokens`.
- plain: CSV with any of `timestamp` (seconds), `input_tokens`, `output_tokens`.
- llm-bench-data: JSON lines with `timestamp` (ISO 8601, or seconds or milliseconds since 1970) and
  `token_count`. Every line is a probe and so an arrival, whatever its `status`; of the prompt nothing is known.
- our own: JSON lines with `due`, `asked_input`, `asked_output`, as `--jsonl` writes them.

Further columns and members are left alone. A length that is unknown, or 0, is None: it is drawn as the
command line says. Times are put in order and begin with 0.
"""

import csv
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

import attrs

LONGEST = 10_000_000
"""Tokens. More than this is a column mistaken for another."""

MILLISECONDS = 1e11
"""Seconds since 1970 from which on they must be milliseconds: the year is 5138."""


class BadTrace(ValueError):
    """A file is no trace, or a row of it is broken; the message names the file and the line."""


@attrs.frozen
class Row:
    """A recorded request: when, in seconds from the first one, and its tokens where they are known."""

    at: float
    input_tokens: int | None
    output_tokens: int | None


@attrs.frozen
class Trace:
    """A file's requests in order. `broken` says of each row that was left out where it is and why.

    If it is not `timed`, only its lengths are of use.
    """

    kind: str
    rows: tuple[Row, ...]
    broken: tuple[str, ...] = ()
    timed: bool = True


@attrs.frozen
class Format:
    """How a kind of trace is told, and where it has what. None is a column that it does not have."""

    name: str
    time: str
    input: str | None
    output: str | None
    moment: Callable[[Any], float]

    def row(self, record: Mapping[str, Any]) -> Row:
        """A record's request, its time as yet from wherever the file counts.

        Raises:
            ValueError: something in it is missing or is none.
        """
        timed = self.time in record or self is not PLAIN
        at = self.moment(_given(record, self.time)) if timed else 0.0
        return Row(at, _tokens(record, self.input), _tokens(record, self.output))


def _number(value: Any) -> float:
    seconds = float(value)
    if not 0.0 <= seconds < 1e15:
        raise ValueError(f"{seconds:g} is no time")
    return seconds


def _date(value: Any) -> float:
    moment = datetime.fromisoformat(str(value).strip())
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _date_or_number(value: Any) -> float:
    if isinstance(value, str) and not value.replace(".", "", 1).isdigit():
        return _date(value)
    seconds = _number(value)
    return seconds / 1000.0 if seconds >= MILLISECONDS else seconds


BURSTGPT = Format("BurstGPT", "Timestamp", "Request tokens", "Response tokens", _number)
AZURE = Format("Azure", "TIMESTAMP", "ContextTokens", "GeneratedTokens", _date)
PLAIN = Format("plain", "timestamp", "input_tokens", "output_tokens", _number)
PROBES = Format("llm-bench-data", "timestamp", None, "token_count", _date_or_number)
OWN = Format("hedgerow", "due", "asked_input", "asked_output", _number)


def read_trace(path: Path, *, lenient: bool = False) -> Trace:
    """The requests in a file. If `lenient`, broken rows are left out and told in `broken`.

    Raises:
        BadTrace: it is none of the known kinds, has no rows, or has a broken one.
        OSError: it cannot be read.
    """
    rows, broken, timed = [], [], False
    with path.open(encoding="utf-8-sig", newline="") as file:
        kind, records = _opened(path, file)
        for line, record in _readable(path, records):
            try:
                rows.append(kind.row(_whole(record)))
                timed = timed or kind.time in record
            except (ValueError, OverflowError) as error:
                broken.append(f"{path}, line {line}: {error}")
        if broken and not lenient:
            raise BadTrace(_first(broken))
    if not rows:
        raise BadTrace(f"{path}: no requests in it")
    return Trace(kind.name, _in_order(rows), tuple(broken), timed)


def _first(broken: list[str]) -> str:
    others = f" (and {len(broken) - 1} more broken rows)" if len(broken) > 1 else ""
    return f"{broken[0]}{others}; --skip-broken-rows leaves such out, and counts them"


def _readable(path: Path, records: Iterator[tuple[int, Any]]) -> Iterator[tuple[int, Any]]:
    try:
        yield from records
    except UnicodeDecodeError as error:
        raise BadTrace(f"{path}: not a text in UTF-8") from error
    except csv.Error as error:
        raise BadTrace(f"{path}: not a CSV file: {error}") from error


def _opened(path: Path, file: TextIO) -> tuple[Format, Iterator[tuple[int, Any]]]:
    """What the file is, and its records with the numbers of their lines.

    A record that is broken is a text: what is wrong with it.
    """
    try:
        head = file.readline()
        file.seek(0)
        if head.lstrip().startswith("{"):
            return _json_kind(path, head), _json_lines(file)
        reader = csv.DictReader(file)
        return _csv_kind(path, [name.strip() for name in head.split(",")]), _csv_lines(reader)
    except UnicodeDecodeError as error:
        raise BadTrace(f"{path}: not a text in UTF-8") from error


def _csv_kind(path: Path, header: list[str]) -> Format:
    for kind in (BURSTGPT, AZURE):
        if {kind.time, kind.input, kind.output} <= set(header):
            return kind
    if {PLAIN.time, PLAIN.input, PLAIN.output} & set(header):
        return PLAIN
    raise BadTrace(
        f"{path}, line 1: no header of a known trace. Known are BurstGPT (Timestamp,Request tokens,"
        "Response tokens), Azure (TIMESTAMP,ContextTokens,GeneratedTokens) and plain "
        "(timestamp,input_tokens,output_tokens)"
    )


def _json_kind(path: Path, head: str) -> Format:
    try:
        members = json.loads(head)
    except ValueError as error:
        raise BadTrace(f"{path}, line 1: not a line of JSON") from error
    for kind in (OWN, PROBES):
        if kind.time in members:
            return kind
    raise BadTrace(f'{path}, line 1: neither "due" (ours) nor "timestamp" (llm-bench-data) in it')


def _csv_lines(reader: "csv.DictReader[str]") -> Iterator[tuple[int, Any]]:
    reader.fieldnames = [name.strip() for name in reader.fieldnames or ()]
    for record in reader:
        fits = None not in record and None not in record.values()
        yield reader.line_num, record if fits else "more or fewer fields than the header has"


def _json_lines(file: TextIO) -> Iterator[tuple[int, Any]]:
    for number, line in enumerate(file, 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except ValueError:
            record = None
        yield number, record if isinstance(record, dict) else "not a JSON object"


def _whole(record: Any) -> Mapping[str, Any]:
    """The record; a text stands for one that is broken, and says how."""
    if isinstance(record, str):
        raise ValueError(record)  # noqa: TRY004 - the file's fault, not the caller's
    members: Mapping[str, Any] = record
    return members


def _given(record: Mapping[str, Any], name: str) -> Any:
    value = record.get(name)
    if value is None or value == "" or isinstance(value, bool | list | dict):
        raise ValueError(f"{name} is {value!r}")
    return value


def _tokens(record: Mapping[str, Any], name: str | None) -> int | None:
    if name is None or name not in record:
        return None
    tokens = float(_given(record, name))
    if not (tokens.is_integer() and 0 <= tokens <= LONGEST):
        raise ValueError(f"{name} is {record[name]!r}, which is no number of tokens")
    return int(tokens) or None


def _in_order(rows: list[Row]) -> tuple[Row, ...]:
    rows.sort(key=lambda row: row.at)
    first = rows[0].at
    return tuple(attrs.evolve(row, at=row.at - first) for row in rows)
