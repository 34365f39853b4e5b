"""`hedgerow export csv|parquet|hgrm|otlp`: the journal for programs that do not read it themselves."""

import sys
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Annotated, Literal, NoReturn

import msgspec
from cyclopts import App, Parameter
from cyclopts.validators import Path as PathThat

from benchmarks.export.columns import Column, Row, What, columns, rows
from benchmarks.export.histogram import Histogram, histograms, percentile_lines
from benchmarks.export.otlp import resource_spans
from benchmarks.export.out import complete, named
from gateway.cli.failures import USAGE
from gateway.cli.serve import ConfigFile, load
from state.records import RequestEnded
from state.scan import scan_whole, segment_files

Log = Annotated[
    Path,
    Parameter(help="State folders, log folders or segments; default: the configured state."),
]
Out = Annotated[Path, Parameter(help="The file to write.", validator=PathThat(dir_okay=False))]
Rows = Annotated[What, Parameter(help="One row for each of these.")]

BATCH = 200
"""Requests in one line of traces: collectors take lines of some megabytes."""

app = App(name="export")


@app.command
def csv(*logs: Log, out: Out, what: Rows = "attempts", config: ConfigFile = None) -> None:
    """Write a table as CSV."""
    from benchmarks.export import csv_file  # noqa: PLC0415 - each form needs only its own

    _table(csv_file.write, _records(logs, config, out), out, what)


@app.command
def parquet(*logs: Log, out: Out, what: Rows = "attempts", config: ConfigFile = None) -> None:
    """Write a table as Parquet; needs the extra `parquet`."""
    from benchmarks.export import parquet_file  # noqa: PLC0415 - an extra

    _table(parquet_file.write, _records(logs, config, out), out, what)


@app.command
def hgrm(
    *logs: Log,
    out: Out,
    by: Annotated[
        Literal["model", "key"] | None, Parameter(help="A file for each of these.")
    ] = None,
    config: ConfigFile = None,
) -> None:
    """Write the time to first token of answered live chats, in ms, as HdrHistogram's percentiles."""
    found = histograms(_records(logs, config, out), by) or {"": Histogram()}
    for name, file in named(out, list(found)).items():
        with complete(file) as part:
            part.write_text("".join(f"{line}\n" for line in percentile_lines(found[name])))
        _say(found[name].total, "requests", file)


@app.command
def otlp(*logs: Log, out: Out, config: ConfigFile = None) -> None:
    """Write traces as OTLP/JSON, one request with its attempts a trace; nothing is sent anywhere."""
    records, count = iter(_records(logs, config, out)), 0
    with complete(out) as part, part.open("wb") as stream:
        while some := list(islice(records, BATCH)):
            count += len(some)
            stream.write(msgspec.json.encode(resource_spans(some, version("hedgerow"))) + b"\n")
    _say(count, "requests", out)


def _table(
    write: Callable[[Path, tuple[Column, ...], Iterable[Row]], int],
    records: Iterable[RequestEnded],
    out: Path,
    what: What,
) -> None:
    with complete(out) as part:
        count = write(part, columns(what), rows(records, what))
    _say(count, what, out)


def _records(logs: tuple[Path, ...], config: Path | None, out: Path) -> Iterator[RequestEnded]:
    """The requests, log by log. Says what is missing before anything is read."""
    places = logs or (load(config).state.folder,)
    try:
        files = segment_files(places)
    except FileNotFoundError as missing:
        _refuse(str(missing))
    if not out.parent.is_dir():
        _refuse(f"there is no folder {out.parent} to write into")
    return (record for file in files for record in scan_whole(file))


def _refuse(why: str) -> NoReturn:
    print(f"hedgerow: {why}", file=sys.stderr)
    sys.exit(USAGE)


def _say(count: int, what: str, file: Path) -> None:
    print(f"{count:,} {what} in {file}", file=sys.stderr)
