"""`hedgerow race …`: what happened in a request's race. Reads the journal only; needs no running gateway."""

from typing import Annotated

import msgspec
from cyclopts import Parameter
from cyclopts.validators import Number
from rich.cells import cell_len, set_cell_size
from rich.console import Console

from gateway.cli.project import Json, State
from gateway.cli.serve import ConfigFile, load
from gateway.race_words import clean, milliseconds
from gateway.waterfall import Waterfall
from state.records import RequestEnded
from state.search import NoSuchRequest, find_request, latest_requests

HEADINGS = ("request", "model", "status", "ttft", "hedged", "attempts", "winner")


def show(
    request_id: str, /, *, json: Json = False, config: ConfigFile = None, state: State = None
) -> None:
    """Show one request's race: its attempts over time, who was chosen and why, and what it cost.

    The beginning of an id is enough if no other begins so; `last` is the newest request.
    """
    folder = load(config, state=state).state.folder
    if request_id == "last":
        record = next(iter(latest_requests(folder, 1)), None)
    else:
        record = find_request(folder, request_id)
    if record is None:
        wanted = "no request yet" if request_id == "last" else f"no request '{clean(request_id)}'"
        raise NoSuchRequest(f"There is {wanted} in the journal in {folder}")
    if json:
        print(msgspec.json.encode(record).decode())
        return
    Console(soft_wrap=True).print(Waterfall(record))


def list_races(
    *,
    limit: Annotated[int, Parameter(help="How many of the latest.", validator=Number(gte=1))] = 20,
    json: Json = False,
    config: ConfigFile = None,
    state: State = None,
) -> None:
    """List the latest requests, newest first, one a line."""
    records = latest_requests(load(config, state=state).state.folder, limit)
    if json:
        print(msgspec.json.encode(records).decode())
        return
    rows = [HEADINGS, *map(_row, records)]
    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [set_cell_size(cell, width) for cell, width in zip(row, widths, strict=True)]
        print("  ".join(cells).rstrip())


def _row(record: RequestEnded) -> tuple[str, ...]:
    return (
        clean(record.request),
        clean(record.model),
        str(record.status),
        "-" if record.ttft_ms is None else milliseconds(record.ttft_ms),
        record.hedged,
        str(len(record.attempts)),
        clean(record.winner or "-"),
    )
