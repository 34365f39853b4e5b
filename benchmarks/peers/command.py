"""`hedgerow bench peers`: ours beside other gateways, on the same processor, before the same upstream."""

import socket
import sys
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Annotated

import attrs
import msgspec
import trio
from cyclopts import Parameter

from benchmarks.overhead import cpu
from benchmarks.overhead.rounds import Rounds, Sizes
from benchmarks.overhead.subjects import Field, Subject, field
from benchmarks.peers.environments import Unusable, default_home
from benchmarks.peers.known import PEERS, Peer
from benchmarks.peers.table import Result, demands, table
from gateway.cli.failures import USAGE

MISSED = 3


@attrs.frozen
class Plan:
    """Whom to measure, how long, and where they are installed."""

    peers: tuple[Peer, ...]
    rounds: int
    sizes: Sizes
    home: Path


def command(
    *names: str,
    rounds: Annotated[int, Parameter(help="Of everything, subject by subject.")] = 5,
    seconds: Annotated[float, Parameter(help="Of saturation, a subject and round.")] = 3.0,
    requests: Annotated[int, Parameter(help="For latency, a subject and round.")] = 300,
    home: Annotated[
        Path | None, Parameter(help="Where peers are installed; default your cache folder.")
    ] = None,
    json: Annotated[bool, Parameter(help="Print JSON.", negative=())] = False,
) -> int:
    """Install and start known gateways and measure them beside this one; exit code 3 if a bar is missed.

    NAMES are litellm and portkey; default both. The first run installs them, which takes minutes.
    """
    unknown = [name for name in names if name not in PEERS]
    if unknown:
        print(
            f"hedgerow: no such peer: {unknown[0]}; known are {', '.join(PEERS)}", file=sys.stderr
        )
        return USAGE
    peers = tuple(PEERS[name] for name in names or PEERS)
    sizes = Sizes(seconds=seconds, requests=requests)
    result = trio.run(measure, Plan(peers, rounds, sizes, home or default_home()))
    told = list(demands(result))
    if json:
        print(msgspec.json.encode({"result": result, "demands": told}).decode())
    else:
        print(table(result))
        print()
        print("\n".join(f"{'✓' if demand.kept else '✗'} {demand.says}" for demand in told))
    measured = not result.unusable and all(demand.kept for demand in told)
    return 0 if measured else MISSED


async def measure(plan: Plan) -> Result:
    """Starts everything, measures, and stops everything. A peer that cannot run is said to."""
    unusable: dict[str, str] = {}
    with tempfile.TemporaryDirectory(prefix="hedgerow-bench-") as folder:
        async with AsyncExitStack() as stack:
            ours = await stack.enter_async_context(field(Path(folder), []))
            others: list[Subject] = []
            for peer in plan.peers:
                try:
                    running = peer.running(
                        plan.home, Path(folder), free_port(), ours.direct.url, cpu.cores()[0]
                    )
                    others.append(await stack.enter_async_context(running))
                except Unusable as error:
                    unusable[peer.name] = str(error)
            everything = attrs.evolve(ours, others=(*ours.others, *others))
            rounds = Rounds(everything, plan.sizes)
            for number in range(plan.rounds):
                await rounds.briefly(seed=number)
            resident = _resident(everything)
    figures = rounds.figures
    return Result(plan.rounds, figures.seen, figures.failed, resident, unusable)


def _resident(field: Field) -> dict[str, int]:
    return {s.name: cpu.resident(s.pid) for s in field.subjects if s.pid is not None}


def free_port() -> int:
    """One that was free just now: these programs cannot say which one the system gave them."""
    with socket.socket() as tried:
        tried.bind(("127.0.0.1", 0))
        return int(tried.getsockname()[1])
