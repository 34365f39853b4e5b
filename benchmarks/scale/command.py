"""`hedgerow bench scale`: whether a request costs the same with many projects, keys and connections."""

import random
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import msgspec
import trio
from cyclopts import Parameter

from benchmarks.scale.levels import SIZES, Dimension, levels
from benchmarks.scale.rounds import Failing, Seen, Sizes, measure
from benchmarks.scale.site import ConnectionLost, sites
from benchmarks.scale.table import FLAT, rows, table
from gateway.cli.failures import FAILED, USAGE
from gateway.descriptors import raise_limit

MISSED = 3
_DEFAULT = {name: ",".join(map(str, sizes)) for name, sizes in SIZES.items()}


def command(  # noqa: PLR0913 - the options of a command line, all with defaults
    *,
    rounds: Annotated[int, Parameter(help="Of all sizes, in turn.")] = Sizes().rounds,
    seconds: Annotated[float, Parameter(help="Of saturation, a size and round.")] = Sizes().seconds,
    warm: Annotated[float, Parameter(help="The same before the first round.")] = Sizes().warm,
    projects: Annotated[str, Parameter(help="Numbers of projects.")] = _DEFAULT["projects"],
    keys: Annotated[str, Parameter(help="Numbers of upstream keys.")] = _DEFAULT["keys"],
    connections: Annotated[str, Parameter(help="Numbers of open, silent connections.")] = _DEFAULT[
        "connections"
    ],
    json: Annotated[bool, Parameter(help="Print JSON.", negative=())] = False,
) -> int:
    """Measure CPU a request at each size beside the least one; exit code 3 if it grows by over 10 %."""
    told: dict[Dimension, str] = {"projects": projects, "keys": keys, "connections": connections}
    try:
        asked = {dimension: _numbers(sizes) for dimension, sizes in told.items()}
    except ValueError:
        print("hedgerow: sizes are whole numbers from 1, separated by commas", file=sys.stderr)
        return USAGE
    raise_limit()
    try:
        seen = trio.run(_measured, asked, Sizes(rounds, seconds, warm))
    except (Failing, ConnectionLost) as error:
        print(f"hedgerow: {error}", file=sys.stderr)
        return FAILED
    return report(seen, rounds, json=json)


def _numbers(told: str) -> list[int]:
    sizes = [int(size) for size in told.split(",") if size]
    if any(size < 1 for size in sizes):
        raise ValueError(told)
    return sizes


async def _measured(asked: dict[Dimension, list[int]], sizes: Sizes) -> Seen:
    with tempfile.TemporaryDirectory(prefix="hedgerow-scale-") as folder:
        async with sites(Path(folder), levels(asked)) as running:
            return await measure(running, sizes, random.Random(1))


def report(seen: Seen, rounds: int, *, json: bool) -> int:
    """Prints the result; gives the exit code."""
    found = list(rows(seen))
    if json:
        print(msgspec.json.encode({"rows": found, "bar": FLAT}).decode())
    else:
        print(table(found, rounds))
    return 0 if all(row.flat for row in found) else MISSED
