"""`hedgerow bench tuner`: whether the tuner tells the truth, in worlds whose truth can be computed."""

import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Annotated

import msgspec
from cyclopts import Parameter
from cyclopts.validators import Number

from benchmarks.tuner.known import TARGETS, Size, WorldResult, examine, worlds
from gateway.cli.project import Json

MISSED = 3


def command(
    *,
    logs: Annotated[int, Parameter(help="Logs a world.", validator=Number(gte=1))] = 200,
    requests: Annotated[
        int, Parameter(help="Requests a log.", validator=Number(gte=1000))
    ] = 20_000,
    only: Annotated[
        str | None, Parameter(help="One profile, or a world like spiky/brown-out.")
    ] = None,
    processes: Annotated[int, Parameter(help="How many at once.", validator=Number(gte=1))] = 2,
    seed: int = 1,
    json: Json = False,
) -> int:
    """Ask the tuner about worlds whose truth is known; exit code 3 if it is off by more than it may be."""
    chosen = [world for world in worlds() if only in (None, world[0], "/".join(world))]
    if not chosen:
        names = ", ".join("/".join(world) for world in worlds())
        print(f"hedgerow: there is no world '{only}'; there are {names}", file=sys.stderr)
        return 2
    size = Size(requests=requests, logs=logs, picks=min(20, logs))
    found: list[WorldResult] = []
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        tasks = [(*world, size, seed) for world in chosen]
        for result in pool.map(_examine, tasks):
            found.append(result)
            if not json:
                print("\n".join(table(result)), flush=True)
    if json:
        print(msgspec.json.encode(found).decode())
    else:
        print(verdict(found, size))
    return MISSED if any(result.misses for result in found) else 0


def _examine(task: tuple[str, str, Size, int]) -> WorldResult:
    profile, condition, size, seed = task
    return examine(profile, condition, size, seed)


def table(result: WorldResult) -> Iterator[str]:
    """One world."""
    yield f"{result.profile}, {result.condition}"
    yield f"  {'policy':<22}{'true p99':>10}{'estimates':>11}{'one log':>10}{'intervals':>11}"
    for row in result.rows:
        bias, spread = f"{100 * row.bias:+.1f} %", f"± {100 * row.spread:.1f} %"
        held = f"{100 * row.coverage:.0f} %"
        yield f"  {row.policy:<22}{row.truth:>8.3f} s{bias:>11}{spread:>10}{held:>11}"
    yield (
        f"  recommended: {100 * result.excess:+.1f} % above the optimum of {result.optimum:.3f} s, "
        f"{100 * result.worst:+.1f} % at worst"
    )
    for miss in result.misses:
        yield f"  ✗ {miss}"
    yield ""


def verdict(found: Sequence[WorldResult], size: Size) -> str:
    """All of them in a sentence."""
    misses = sum(bool(result.misses) for result in found)
    asked = f"{len(found)} worlds, {size.logs} logs of {size.requests:,} requests each, {len(TARGETS)} policies"
    return f"{asked}: {'all as demanded' if not misses else f'{misses} worlds are not as demanded'}"
