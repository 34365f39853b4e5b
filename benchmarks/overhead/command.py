"""`hedgerow bench overhead`: what the gateway adds to a call, beside the call itself and others."""

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import attrs
import msgspec
import trio
from cyclopts import Parameter

from benchmarks.overhead.rounds import Rounds, Sizes
from benchmarks.overhead.streaming import Level, Memory, levels, memory
from benchmarks.overhead.subjects import GATEWAY, Subject, UnusablePeer, field, peer
from benchmarks.overhead.table import Result, demands, table
from gateway.cli.failures import USAGE

MISSED = 3


@attrs.frozen
class Plan:
    """What to measure beside the rounds."""

    rounds: int
    sizes: Sizes
    levels: Sequence[int]
    waves: int
    open_streams: int
    peers: Sequence[Subject] = ()
    fast: str = "all"
    policy: str = ""
    port: int = 0


def command(  # noqa: PLR0913 - the options of a command line, all with defaults
    *,
    rounds: Annotated[int, Parameter(help="Of everything, subject by subject.")] = 5,
    seconds: Annotated[float, Parameter(help="Of saturation, a subject and round.")] = 3.0,
    requests: Annotated[int, Parameter(help="For latency, a subject and round.")] = 300,
    streams: Annotated[
        str, Parameter(help="Levels of streams, until one stalls.")
    ] = "64,128,256,512",
    open_streams: Annotated[
        int, Parameter(help="With which memory is looked at; 0 for not.")
    ] = 1000,
    peer: Annotated[
        tuple[str, ...], Parameter(help="A running gateway: name=URL[,header=value…].")
    ] = (),
    port: Annotated[int, Parameter(help="Of the upstream; 0 for any.")] = 0,
    fast: Annotated[
        str, Parameter(help="Which of the gateway's parts are our own: all, none, or names.")
    ] = "all",
    policy: Annotated[str, Parameter(help="Further lines for the gateway's policy.")] = "",
    json: Annotated[bool, Parameter(help="Print JSON.", negative=())] = False,
) -> int:
    """Measure requests a second, CPU, added latency, streams and memory; exit code 3 if a bar is missed.

    Peers must pass the models `say-1x0`, `say-8x0` and `say-64x20` on to the upstream, at the --port given.
    """
    try:
        plan = Plan(
            rounds=rounds,
            sizes=Sizes(seconds=seconds, requests=requests),
            levels=[int(level) for level in streams.split(",") if level],
            waves=5,
            open_streams=open_streams,
            peers=[_peer(told) for told in peer],
            fast=fast,
            policy=policy,
            port=port,
        )
    except (UnusablePeer, ValueError) as error:
        print(f"hedgerow: {error}", file=sys.stderr)
        return USAGE
    return report(trio.run(measure, plan), json=json)


_peer = peer


async def measure(plan: Plan) -> Result:
    """Starts everything, measures, and stops everything."""
    with tempfile.TemporaryDirectory(prefix="hedgerow-bench-") as folder:
        started = field(
            Path(folder), plan.peers, port=plan.port, fast=plan.fast, policy=plan.policy
        )
        async with started as everything:
            gateway = next(s for s in everything.subjects if s.name == GATEWAY)
            looked_at: dict[str, Memory] = {}
            if plan.open_streams:
                looked_at[GATEWAY] = await memory(gateway, plan.open_streams)
            rounds = Rounds(everything, plan.sizes)
            for number in range(plan.rounds):
                await rounds.once(seed=number)
            flowing: dict[str, list[Level]] = {}
            if plan.levels:
                flowing[GATEWAY] = await levels(gateway, plan.levels, plan.waves)
    figures = rounds.figures
    return Result(plan.rounds, figures.seen, figures.failed, flowing, looked_at)


def report(result: Result, *, json: bool) -> int:
    """Prints the result; gives the exit code."""
    told = list(demands(result))
    if json:
        print(msgspec.json.encode({"result": result, "demands": told}).decode())
    else:
        print(table(result))
        print()
        print("\n".join(f"{'✓' if demand.kept else '✗'} {demand.says}" for demand in told))
    return 0 if all(demand.kept for demand in told) else MISSED
