"""Peers' figures beside ours, and how many times ours they are, round by round."""

from collections.abc import Iterator, Mapping
from statistics import median

import attrs

from benchmarks.overhead.subjects import BARE, DIRECT, GATEWAY
from benchmarks.overhead.table import MB, Demand, Seen, added, ratio, spread

BARS = {"litellm": 40.0, "portkey": 4.0}
"""How many times a peer's requests a second ours must be."""


@attrs.frozen
class Result:
    """All of a run. `resident` is bytes at the end, by subject; `unusable` says why a peer was not measured."""

    rounds: int
    seen: Seen
    failed: Mapping[str, int]
    resident: Mapping[str, int]
    unusable: Mapping[str, str]


def table(result: Result) -> str:
    """For people."""
    return "\n".join(_lines(result))


def _lines(result: Result) -> Iterator[str]:
    yield f"{result.rounds} rounds, median (least-most); one processor for what is measured"
    yield ""
    heads = ("requests/s", "CPU us a request", "added p50, ms", "added p99, ms")
    yield f"{'':<18}" + "".join(f"{head:>28}" for head in heads) + f"{'MB':>7}{'failed':>8}"
    for name in result.seen:
        yield _row(result, name)
    yield ""
    for name in _others(result):
        rps = spread(ratio(result.seen, GATEWAY, name, "rps"), digits=1)
        cpu = spread(ratio(result.seen, name, GATEWAY, "cpu_us"), digits=1)
        yield f"{GATEWAY} answers {rps} times {name}'s requests a second; {name} takes {cpu} times the CPU"
    for name, why in result.unusable.items():
        yield f"{name} was not measured: {why}"


def _row(result: Result, name: str) -> str:
    figures, seen = result.seen[name], result.seen
    cells = [spread(figures["rps"], digits=0), spread(figures["cpu_us"], digits=1)]
    cells += [
        "-" if name == DIRECT else spread(added(seen, name, latency), 1e3)
        for latency in ("p50_1", "p99_1")
    ]
    memory = f"{result.resident.get(name, 0) / MB:.0f}"
    return (
        f"{name:<18}" + "".join(f"{c:>28}" for c in cells) + f"{memory:>7}{result.failed[name]:>8}"
    )


def _others(result: Result) -> list[str]:
    return [name for name in result.seen if name not in (GATEWAY, DIRECT, BARE)]


def demands(result: Result) -> Iterator[Demand]:
    """What is promised in comparison with each of those that were measured."""
    for name in _others(result):
        bar = BARS.get(name.split()[0])
        if bar is not None:
            times = median(ratio(result.seen, GATEWAY, name, "rps"))
            says = f"requests a second, times {name}'s: {times:,.1f}, at least {bar:g}"
            yield Demand(says, times, times >= bar)
