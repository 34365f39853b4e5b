"""The figures as a table, and whether they keep what is promised. Medians, with the least and the most."""

from collections.abc import Iterator, Mapping, Sequence
from statistics import median

import attrs

from benchmarks.overhead.streaming import Level, Memory
from benchmarks.overhead.subjects import BARE, DIRECT, GATEWAY

Seen = Mapping[str, Mapping[str, Sequence[float]]]

MB = 1e6
LATENCIES = {
    "p50, 1 client": "p50_1",
    "p99, 1 client": "p99_1",
    "p50, 16": "p50_16",
    "p99, 16": "p99_16",
    "TTFT p50": "ttft_p50",
    "TTFT p99": "ttft_p99",
}


@attrs.frozen
class Result:
    """All of a run, by subject. `failed` counts requests without a whole answer."""

    rounds: int
    seen: Seen
    failed: Mapping[str, int]
    levels: Mapping[str, Sequence[Level]]
    memory: Mapping[str, Memory]


@attrs.frozen
class Demand:
    """What is promised, what was seen, and whether it is kept."""

    says: str
    value: float
    kept: bool


def spread(values: Sequence[float], scale: float = 1.0, digits: int = 2) -> str:
    """`median (least-most)`."""
    if not values:
        return "-"
    least, middle, most = (
        f"{scale * v:.{digits}f}" for v in (min(values), median(values), max(values))
    )
    return f"{middle} ({least}-{most})"


def added(seen: Seen, name: str, figure: str) -> list[float]:
    """A figure less the direct call's of the same round."""
    return [
        mine - direct for mine, direct in zip(seen[name][figure], seen[DIRECT][figure], strict=True)
    ]


def ratio(seen: Seen, name: str, other: str, figure: str) -> list[float]:
    """A figure as a multiple of another subject's, round by round."""
    return [a / b for a, b in zip(seen[name][figure], seen[other][figure], strict=True)]


def table(result: Result) -> str:
    """For people."""
    return "\n".join(_lines(result))


def _lines(result: Result) -> Iterator[str]:
    yield f"{result.rounds} rounds, median (least-most); one processor for what is measured"
    yield ""
    yield from _saturated(result)
    yield ""
    yield from _latencies(result.seen)
    yield ""
    yield from _streamed(result)
    yield from _compared(result.seen)


def _saturated(result: Result) -> Iterator[str]:
    yield f"{'':<14}{'requests/s':>24}{'CPU us a request':>26}{'failed':>8}"
    for name, figures in result.seen.items():
        rps, used = spread(figures["rps"], digits=0), spread(figures["cpu_us"], digits=1)
        yield f"{name:<14}{rps:>24}{used:>26}{result.failed[name]:>8}"


def _latencies(seen: Seen) -> Iterator[str]:
    yield f"{'added, ms':<14}" + "".join(f"{column:>22}" for column in LATENCIES)
    for name, figures in seen.items():
        if name == DIRECT:
            continue
        measured = (figures.get(key) for key in LATENCIES.values())
        cells = (
            spread(added(seen, name, key), 1e3) if has else "-"
            for key, has in zip(LATENCIES.values(), measured, strict=True)
        )
        yield f"{name:<14}" + "".join(f"{cell:>22}" for cell in cells)


def _streamed(result: Result) -> Iterator[str]:
    for name, figures in result.seen.items():
        for figure, what in (("relay_us", "as fast as they come"), ("event_us", "20 ms apart")):
            if figures.get(figure):
                rate = [1e6 / us for us in figures[figure]]
                yield f"{name:<14}{spread(rate, digits=0)} events per second of CPU, {what}"
    for name, levels in result.levels.items():
        yield f"{name:<14}{_flowing(levels)}"
    for name, memory in result.memory.items():
        yield f"{name:<14}{_memory(memory)}"


def _compared(seen: Seen) -> Iterator[str]:
    for name in seen:
        if name not in (GATEWAY, DIRECT):
            times = spread(ratio(seen, name, GATEWAY, "cpu_us"))
            yield f"{name:<14}takes {times} times the CPU of {GATEWAY}"


def _flowing(levels: Sequence[Level]) -> str:
    flowing = [level.streams for level in levels if level.flows]
    cells = ", ".join(
        f"{level.streams}: {level.stalled} of {level.streams * level.waves} stalled, "
        f"longest silence {1e3 * level.longest:.0f} ms"
        for level in levels
    )
    return f"{max(flowing, default=0)} streams without a stall ({cells})"


def _memory(memory: Memory) -> str:
    return (
        f"{memory.idle / MB:.0f} MB idle, {memory.busy / MB:.0f} MB with {memory.streams} streams, "
        f"{memory.after / MB:.0f} MB after"
    )


def demands(result: Result) -> Iterator[Demand]:
    """What the gateway promises of these."""
    seen, mine = result.seen, result.seen[GATEWAY]
    yield _at_least("requests a second and core", median(mine["rps"]), 3000)
    bare = median(ratio(seen, GATEWAY, BARE, "cpu_us"))
    yield _at_most("CPU of a request, bare proxies", bare, 2.9)
    yield _at_most("added p50, 1 client, ms", 1e3 * median(added(seen, GATEWAY, "p50_1")), 0.5)
    yield _at_most("added p99, 1 client, ms", 1e3 * median(added(seen, GATEWAY, "p99_1")), 1.5)
    yield _at_most("added TTFT p99, 16, ms", 1e3 * median(added(seen, GATEWAY, "ttft_p99")), 2.0)
    yield _at_least("events a second and core", 1e6 / median(mine["relay_us"]), 40_000)
    if levels := result.levels.get(GATEWAY):
        flowing = max((level.streams for level in levels if level.flows), default=0)
        yield _at_least("streams without a stall", flowing, 256)
    if memory := result.memory.get(GATEWAY):
        yield _at_most("MB idle", memory.idle / MB, 80)
        yield _at_most(f"MB with {memory.streams} streams", memory.busy / MB, 200)
    upstream = median(ratio(seen, DIRECT, GATEWAY, "rps"))
    yield _at_least("times as fast is the upstream", upstream, 5)


def _at_least(what: str, value: float, bar: float) -> Demand:
    return Demand(f"{what}: {value:,.2f}, at least {bar:g}", value, value >= bar)


def _at_most(what: str, value: float, bar: float) -> Demand:
    return Demand(f"{what}: {value:,.2f}, at most {bar:g}", value, value <= bar)
