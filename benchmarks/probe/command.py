"""`hedgerow keys probe`: which keys slow down together or share a quota, for as little money as was said."""

import random
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import Annotated

import attrs
import msgspec
import trio
from cyclopts import Parameter
from cyclopts.validators import Number

from benchmarks.probe.calls import rounds as make_rounds
from benchmarks.probe.ranks import rounds_needed
from benchmarks.probe.spending import Purse, Stated, TooDear, state
from benchmarks.probe.verdicts import Rounds, domains, judge
from benchmarks.probe.words import findings, keys_table, proposal, worst_case
from gateway.catalog import Offer, build
from gateway.cli.failures import FAILED
from gateway.cli.project import Json
from gateway.cli.serve import ConfigFile, load
from gateway.config import Config
from gateway.config_errors import ConfigError, ConfigErrors
from gateway.quantities import parse_duration
from gateway.upstreams import Upstreams, connect
from policies.target import Target
from providers.client import HttpClient

Every = Annotated[float, Parameter(converter=lambda _type, tokens: parse_duration(tokens[0].value))]

Agree = Annotated[bool, Parameter(help="Do not ask before spending.", negative=())]


def probe(  # noqa: PLR0913 - options of a command line
    model: str | None = None,
    /,
    *,
    rounds: Annotated[
        int | None, Parameter(help="Default: as many as it takes.", validator=Number(gte=2))
    ] = None,
    every: Annotated[Every, Parameter(help='From round to round, like "2s".')] = 2.0,
    budget_usd: Annotated[
        float | None, Parameter(help="Spend no more than this.", validator=Number(gt=0))
    ] = None,
    yes: Agree = False,
    seed: Annotated[int, Parameter(help="Of the permutations.")] = 1,
    json: Json = False,
    config: ConfigFile = None,
) -> int:
    """Measure which keys slow down together or share a quota, by one-token calls to all at once.

    Says first how many calls it makes and what they cost at most. Without a model each key is called for the
    first configured model that it has.
    """
    loaded = load(config)
    agree = partial(agreed, yes=yes, ask=input if sys.stdin.isatty() else None)
    run = _Run(loaded, model, rounds, every, budget_usd, agree)
    targets, seen = trio.run(run)
    if not seen:
        print("Nothing was called.", file=sys.stderr)
        return FAILED
    pairs = judge(seen, random.Random(seed))
    groups = domains(pairs, {target.key: target.domain for target in targets})
    if json:
        told = {"rounds": seen, "pairs": pairs, "domains": groups}
        print(msgspec.json.encode(told).decode())
    else:
        _print(
            [*keys_table(seen), "", *findings(pairs, len(targets), len(seen))],
            list(proposal(groups, targets)),
        )
    answered = any(each.ttft is not None and not each.cut for row in seen for each in row.values())
    return 0 if answered else FAILED


def agreed(lines: Sequence[str], *, yes: bool, ask: Callable[[str], str] | None) -> bool:
    """Shows what will be spent, and asks, where there is somebody to `ask` and it was not said before.

    Raises:
        ConfigErrors: there is nobody.
    """
    print("\n".join(lines), file=sys.stderr, flush=True)
    if yes:
        return True
    if ask is None:
        raise _refusal("--yes", "is needed where nobody can be asked")
    return ask("Go on? [y/N] ").strip().lower() in ("y", "yes")


@attrs.frozen(eq=False)
class _Run:
    """Everything that needs the network, for `trio.run`."""

    config: Config
    model: str | None
    rounds: int | None
    every: float
    budget_usd: float | None
    agree: Callable[[Sequence[str]], bool]

    async def __call__(self) -> tuple[list[Target], Rounds]:
        library = "upstream" not in self.config.server.fast
        async with HttpClient(library=library) as http, trio.open_nursery() as nursery:
            await nursery.start(http.run)
            upstreams = connect(self.config, await self._simulator(nursery))
            targets = await self._targets(http, upstreams)
            stated = self._stated(targets)
            seen: Rounds = []
            if self.agree(list(worst_case(stated, len(targets)))):
                seen = await make_rounds(http, upstreams, targets, Purse(stated), every=self.every)
            nursery.cancel_scope.cancel()
        return targets, seen

    async def _simulator(self, nursery: trio.Nursery) -> str | None:
        if not any(provider.in_process for provider in self.config.providers):
            return None
        from providers.simulator.run import embedded  # noqa: PLC0415 - only where nothing is real

        address: str = await nursery.start(embedded(random.Random()).serve)
        return address

    async def _targets(self, http: HttpClient, upstreams: Upstreams) -> list[Target]:
        """One for each key."""
        configured = build(self.config, {each.name: () for each in self.config.providers})
        if self.model is None:
            offers = list(configured.offers.values())
        else:
            offer = configured.find(self.model) or await self._discovered(http, upstreams)
            offers = [] if offer is None else [offer]
        found: dict[str, Target] = {}
        for offer in offers:
            for target in (each for tier in offer.route for each in tier):
                found.setdefault(
                    target.key, attrs.evolve(target, price=target.price or offer.price)
                )
        if len(found) < 2:
            raise _refusal("MODEL", self._too_few(found))
        return list(found.values())

    def _too_few(self, found: dict[str, Target]) -> str:
        if found:
            return f"only {next(iter(found))} has this model: it takes two keys to compare"
        return "none is configured: name one" if self.model is None else "no key has this model"

    async def _discovered(self, http: HttpClient, upstreams: Upstreams) -> Offer | None:
        assert self.model is not None
        return build(self.config, await upstreams.discover(http)).find(self.model)

    def _stated(self, targets: Sequence[Target]) -> Stated:
        wanted = self.rounds or rounds_needed(len(targets)) + 1
        try:
            return state(targets, wanted, self.budget_usd)
        except TooDear as problem:
            raise _refusal("--budget-usd", str(problem)) from None


def _refusal(option: str, why: str) -> ConfigErrors:
    return ConfigErrors([ConfigError(option, why)])


def _print(found: Sequence[str], text: Sequence[str]) -> None:
    print("\n".join((*found, "", *text)))
