"""`hedgerow bench hedging`: what hedging buys and what it costs, measured on the real program.

One simulator process, two gateway processes that differ in one line of their configuration (hedging off, or
as it is by default), eight keys in eight domains behind each. Requests alternate between the two, so slow
periods of the machine hit both alike. Latency counts from the scheduled time.
"""

import random
import tempfile
from collections import Counter
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Annotated, Literal

import attrs
import msgspec
import trio
from cyclopts import Parameter

from benchmarks.arrivals import poisson
from benchmarks.generator import Arm, Sample, run
from benchmarks.processes import create_project, hedgerow, ledger, started
from benchmarks.stats import Interval, block_bootstrap

MODEL = "gpt-4o-mini"
KEYS = 8
HEDGES = {
    "off": '{ policy = "off" }',
    "on": '{ policy = "quantile" }',
}
WORDS = 2
"""Length of the answers: what is measured is their beginning."""

MISSED = 3


@attrs.frozen
class Setup:
    """What to measure. `requests` and `warm_up` are a side's, `rate` is both sides' together, a second."""

    requests: int
    warm_up: int
    rate: float
    profile: str
    scale: float
    seed: int


@attrs.frozen
class Side:
    """The result of one side. Times in seconds; `extra` is calls beyond one a request, as a share."""

    name: str
    requests: int
    errors: dict[str, int]
    hedged: int
    extra: float
    p50: Interval
    p95: Interval
    p99: Interval


def command(  # noqa: PLR0913 - the options of a command line, all with defaults
    *,
    requests: Annotated[int, Parameter(help="Counted requests a side.")] = 5000,
    warm_up: Annotated[
        int, Parameter(help="Requests a side before that: hedging starts when 200 were seen.")
    ] = 400,
    rate: Annotated[float, Parameter(help="Requests a second, both sides together.")] = 40.0,
    profile: Annotated[Literal["tight", "typical", "spiky", "heavy"], Parameter()] = "spiky",
    scale: Annotated[float, Parameter(help="Stretches the simulator's times.")] = 1.0,
    seed: int = 1,
    json: Annotated[bool, Parameter(negative=())] = False,
) -> int:
    """Compare hedging on and off in one run; exit code 3 if p99 does not halve at 6 % extra calls."""
    sides = trio.run(_measure, Setup(requests, warm_up, rate, profile, scale, seed))
    print(msgspec.json.encode(sides).decode() if json else _table(sides, profile, seed))
    off, on = sides
    return 0 if on.p99.value <= off.p99.value / 2 and on.extra <= 0.06 else MISSED


async def _measure(setup: Setup) -> tuple[Side, Side]:
    rng = random.Random(setup.seed)
    with tempfile.TemporaryDirectory(prefix="hedgerow-bench-") as name:
        folder = Path(name)
        sim = ["sim", "--bind", "127.0.0.1:0", "--profile", setup.profile]
        sim += ["--seed", str(setup.seed), "--scale", str(setup.scale)]
        async with hedgerow(*sim, log=folder / "sim.log", expect="Simulated") as line:
            url = line.split()[2].removesuffix("/v1,")
            samples, counts = await _compare(folder, url, setup, rng)
    return _side("off", samples, counts, rng), _side("on", samples, counts, rng)


async def _compare(
    folder: Path, simulator: str, setup: Setup, rng: random.Random
) -> tuple[list[Sample], dict[str, dict[str, int]]]:
    configs = {name: _write_config(folder, name, simulator) for name in HEDGES}
    keys = {name: create_project(config, "bench") for name, config in configs.items()}

    def gateway(name: str) -> AbstractAsyncContextManager[str]:
        serve = ("serve", "--config", str(configs[name]))
        return hedgerow(*serve, log=folder / f"{name}.log", expect="Base URL")

    async with gateway("off") as off, gateway("on") as on:
        arms = [Arm(n, _url(line), keys[n]) for n, line in (("off", off), ("on", on))]
        warm = poisson(setup.rate, 2 * setup.warm_up, rng)
        counted = poisson(setup.rate, 2 * setup.requests, rng)
        await run(arms, warm, model=MODEL, max_tokens=WORDS)
        before = await ledger(simulator)
        samples = await run(arms, counted, model=MODEL, max_tokens=WORDS)
        after = await ledger(simulator)
    return samples, {
        key: {"started": counts["started"] - before.get(key, {}).get("started", 0)}
        for key, counts in after.items()
    }


def _write_config(folder: Path, name: str, simulator: str) -> Path:
    """A gateway's configuration; the credentials say which side calls, for the simulator's ledger."""
    lines = [
        "[server]",
        'bind = "127.0.0.1:0"',
        "[state]",
        f'url = "file:{folder / name}"',
        "[policies.default]",
        f"hedge = {HEDGES[name]}",
    ]
    for n in range(KEYS):
        lines += [
            f"[providers.sim-{n}]",
            'kind = "openai"',
            f'base_url = "{simulator}/v1"',
            f'keys = ["{_credential(name, n)}"]',
        ]
    path = folder / f"{name}.toml"
    path.write_text("\n".join(lines))
    return path


def _credential(side: str, n: int) -> str:
    return f"bench-{side}-{n}"


def _url(banner_line: str) -> str:
    return banner_line.split()[2].removesuffix("/v1")


def _side(
    name: str, samples: list[Sample], counts: dict[str, dict[str, int]], rng: random.Random
) -> Side:
    mine = [sample for sample in samples if sample.arm == name]
    ttfts = [sample.ttft for sample in mine if sample.ttft is not None]
    calls = started(counts, [_credential(name, n) for n in range(KEYS)])
    return Side(
        name=name,
        requests=len(mine),
        errors=dict(Counter(sample.error for sample in mine if sample.error is not None)),
        hedged=sum(sample.hedged != "no" for sample in mine),
        extra=calls / max(1, len(mine)) - 1,
        p50=block_bootstrap(ttfts, 0.5, rng),
        p95=block_bootstrap(ttfts, 0.95, rng),
        p99=block_bootstrap(ttfts, 0.99, rng),
    )


def _table(sides: tuple[Side, Side], profile: str, seed: int) -> str:
    lines = [
        f"Time to first token in ms (95 % interval), profile {profile}, {KEYS} keys, seed {seed}",
        f"{'hedging':<8}{'requests':>9}{'errors':>7}{'p50':>18}{'p95':>20}{'p99':>20}{'extra calls':>13}",
    ]
    lines += [
        f"{s.name:<8}{s.requests:>9}{sum(s.errors.values()):>7}{_ms(s.p50):>18}{_ms(s.p95):>20}{_ms(s.p99):>20}"
        f"{100 * s.extra:>11.2f} %"
        for s in sides
    ]
    off, on = sides
    lines.append(
        f"p99 with hedging is {on.p99.value / off.p99.value:.2f} of p99 without, "
        f"at {100 * on.extra:.2f} % extra calls"
    )
    lines += [f"errors with hedging {s.name}: {s.errors}" for s in sides if s.errors]
    return "\n".join(lines)


def _ms(interval: Interval) -> str:
    return f"{interval.value * 1e3:.0f} ({interval.low * 1e3:.0f}-{interval.high * 1e3:.0f})"
