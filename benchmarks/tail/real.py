"""The iid scenario on the real program and in real time: does the virtual race tell the truth?

One simulator, and a gateway for each contender, each a process of its own with eight keys in four
domains. Requests go to the gateways in turn, so that slow moments of the machine hit all alike. What
is written into a configuration here is what the virtual contender runs with.
"""

import random
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import attrs
import trio

from benchmarks import generator
from benchmarks.arrivals import poisson
from benchmarks.generator import Arm
from benchmarks.processes import create_project, hedgerow, ledger, started
from benchmarks.tail.contenders import Contender, contender
from benchmarks.tail.results import UNHEDGED, Cell, Hedged, Sample
from benchmarks.tail.scenarios import SCENARIOS
from benchmarks.tail.world import MEDIAN

NAMES = (UNHEDGED, "hedgerow-quantile-5")
"""Contenders that are run so: one without hedging, and what a gateway does by default."""

SCENARIO = "iid-real"
MODEL = "gpt-4o-mini"
WARM_UP = 400
WORDS = 2
DOMAINS, KEYS = 4, 2
_HEDGED: Mapping[str, Hedged] = {"won": "won", "lost": "lost"}


@attrs.frozen
class Setup:
    """`requests` and `warm_up` are each contender's, and so is `rate`, a second."""

    profile: str
    contenders: tuple[str, ...] = NAMES
    requests: int = 4000
    seed: int = 1
    rate: float = 20.0
    warm_up: int = WARM_UP


def run_cells(setup: Setup) -> list[Cell]:
    """A cell for each contender. Takes as long as it says: requests by rate.

    Raises:
        RuntimeError: one of the programs did not start.
    """
    return trio.run(_measured, setup)


def config(racer: Contender, simulator: str, folder: Path) -> str:
    """The configuration of a gateway that hedges as this contender does."""
    hedge = racer.policy.hedge
    lines = ["[server]", 'bind = "127.0.0.1:0"', "[state]", f'url = "file:{folder}"']
    lines += ["[policies.default]", f'balance = "{racer.policy.balance}"']
    if hedge.policy == "off":
        lines.append('hedge = { policy = "off" }')
    else:
        lines.append(
            f'hedge = {{ policy = "{hedge.policy}", quantile = {hedge.quantile}, '
            f"budget = {hedge.budget}, burst = {hedge.burst} }}"
        )
    for domain in range(DOMAINS):
        keys = ", ".join(f'"{_credential(racer.name, domain, n)}"' for n in range(KEYS))
        lines += [f"[providers.sim-{domain}]", 'kind = "openai"']
        lines += [f'base_url = "{simulator}/v1"', f"keys = [{keys}]"]
    return "\n".join(lines)


async def _measured(setup: Setup) -> list[Cell]:
    racers = [contender(name, SCENARIOS["iid"], setup.profile) for name in setup.contenders]
    with tempfile.TemporaryDirectory(prefix="hedgerow-bench-") as name:
        folder = Path(name)
        sim = ("sim", "--bind", "127.0.0.1:0", "--profile", setup.profile)
        seed = ("--seed", str(setup.seed))
        async with hedgerow(*sim, *seed, log=folder / "sim.log", expect="Simulated") as line:
            simulator = line.split()[2].removesuffix("/v1,")
            async with AsyncExitStack() as gateways:
                arms = [await _gateway(gateways, racer, simulator, folder) for racer in racers]
                return await _compared(setup, racers, arms, simulator)


async def _gateway(gateways: AsyncExitStack, racer: Contender, simulator: str, folder: Path) -> Arm:
    path = folder / f"{racer.name}.toml"
    await trio.Path(path).write_text(config(racer, simulator, folder / racer.name))
    key = create_project(path, "bench")
    serving = hedgerow(
        "serve", "--config", str(path), log=folder / f"{racer.name}.log", expect="Base URL"
    )
    banner = await gateways.enter_async_context(serving)
    return Arm(racer.name, banner.split()[2].removesuffix("/v1"), key)


async def _compared(
    setup: Setup, racers: Sequence[Contender], arms: Sequence[Arm], simulator: str
) -> list[Cell]:
    rng, count = random.Random(setup.seed), len(arms)
    warm = poisson(setup.rate * count, setup.warm_up * count, rng)
    due = poisson(setup.rate * count, setup.requests * count, rng)
    await generator.run(arms, warm, model=MODEL, max_tokens=WORDS)
    before = await ledger(simulator)
    samples = await generator.run(arms, due, model=MODEL, max_tokens=WORDS)
    after = await ledger(simulator)
    return [
        _cell(
            setup,
            racer,
            [sample for sample in samples if sample.arm == racer.name],
            _calls(after, racer) - _calls(before, racer),
        )
        for racer in racers
    ]


def _calls(counts: dict[str, dict[str, int]], racer: Contender) -> int:
    places = [(domain, n) for domain in range(DOMAINS) for n in range(KEYS)]
    return started(counts, [_credential(racer.name, *place) for place in places])


def _cell(setup: Setup, racer: Contender, samples: Sequence[generator.Sample], calls: int) -> Cell:
    notes = {"sigma_r": 0.0} | racer.notes
    return Cell(
        scenario=SCENARIO,
        profile=setup.profile,
        contender=racer.name,
        seed=setup.seed,
        median=MEDIAN,
        samples=tuple(map(_sample, samples)),
        upstream_calls=calls,
        notes=notes,
    )


def _sample(seen: generator.Sample) -> Sample:
    """As a client sees it: of the attempts only whether there was a hedge."""
    hedged = _HEDGED.get(seen.hedged, "no")
    return Sample(
        due=seen.due,
        ttft=seen.ttft,
        total=None if seen.error else seen.total,
        attempts=1 + (hedged != "no"),
        hedges=int(hedged != "no"),
        outcome="error" if seen.error else "ok",
        hedged=hedged,
    )


def _credential(name: str, domain: int, n: int) -> str:
    return f"bench-{name}-{domain}-{n}"
