"""How the policies' own classes are read: they know nothing of how people write durations and shares."""

from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, NewType, TypeAlias, get_args

import attrs
import cattrs

from gateway.config_errors import Mistake
from gateway.config_reader import Reads, add_reader, add_table
from gateway.config_values import (
    Amount,
    Count,
    Duration,
    MomentValue,
    Natural,
    Probability,
    Quantile,
    Share,
    Wait,
    choice,
)
from gateway.quantities import kind_of, parse_duration, parse_share
from policies.learned import Learned
from policies.settings import (
    BalanceKind,
    CommitOn,
    Explore,
    Hedge,
    HedgeKind,
    Limits,
    LoserRule,
    Timeouts,
    Unit,
    UpstreamStream,
)

USUAL_EXPLORATION = Explore(control=0.05, dual=0.01, audit=0.10)
"""What `explore = true` means."""

LearnedFile = NewType("LearnedFile", Learned)

BalanceName: TypeAlias = Annotated[
    BalanceKind, Reads(choice(get_args(BalanceKind), "a way to balance"))
]
StreamRule: TypeAlias = Annotated[
    UpstreamStream, Reads(choice(get_args(UpstreamStream), "a rule for streaming"))
]
_HedgeName = Annotated[HedgeKind, Reads(choice(get_args(HedgeKind), "a way to hedge"))]
_UnitName = Annotated[Unit, Reads(choice(get_args(Unit), "a unit of the budget"))]
_CommitName = Annotated[CommitOn, Reads(choice(get_args(CommitOn), "what a race can end at"))]
_LoserName = Annotated[LoserRule, Reads(choice(get_args(LoserRule), "what becomes of losers"))]

_HEDGE: Mapping[str, Any] = {
    "policy": _HedgeName,
    "delay": Wait,
    "quantile": Quantile,
    "probability": Probability,
    "schedule": tuple[MomentValue, ...],
    "learned": LearnedFile,
    "min_delay": Wait,
    "max_delay": Wait,
    "max_parallel": Count,
    "failover_max": Natural,
    "budget": Share,
    "burst": Amount,
    "unit": _UnitName,
    "min_samples": Count,
    "default_delay": Wait,
    "min_win_prob": Share,
    "commit_on": _CommitName,
    "loser": _LoserName,
    "drain": Wait,
}
_LIMITS: Mapping[str, Any] = {
    "rpm": Count,
    "tpm": Count,
    "concurrent": Count,
    "usd_per_day": Amount,
    "usd_per_month": Amount,
}


def add_settings(converter: cattrs.Converter, learned: Callable[[Any], Learned]) -> None:
    """Makes the converter read `Hedge`, `Timeouts` and `Limits`; `learned` reads the file that is named."""
    add_reader(converter, LearnedFile, learned)
    _add_explore(converter)
    clocks = dict.fromkeys((clock.name for clock in attrs.fields(Timeouts)), Duration)
    add_table(converter, Timeouts, types=clocks)
    add_table(converter, Hedge, types=_HEDGE, check=_check_hedge)
    add_table(converter, Limits, types=_LIMITS)


def _add_explore(converter: cattrs.Converter) -> None:
    shares = dict.fromkeys((share.name for share in attrs.fields(Explore)), Share)
    add_table(converter, Explore, types=shares, check=_check_explore)
    table = converter.get_structure_hook(Explore)

    def read(value: Any) -> Explore:
        if isinstance(value, bool):
            return USUAL_EXPLORATION if value else Explore()
        if not isinstance(value, dict):
            raise Mistake(f"expected true, false or a table of shares, found {kind_of(value)}")
        explore: Explore = table(value, Explore)
        return explore

    add_reader(converter, Explore, read)


def _check_explore(table: Mapping[str, Any]) -> Iterator[Mistake]:
    try:
        together = sum(parse_share(table.get(arm, 0.0)) for arm in ("control", "dual"))
    except ValueError:
        return  # told where it was read
    if together > 1:
        yield Mistake("control and dual together are more than all requests")


def _check_hedge(table: Mapping[str, Any]) -> Iterator[Mistake]:
    if table.get("policy") == "fixed" and "delay" not in table:
        yield Mistake('is required where policy is "fixed"', 'like delay = "2s"', at=("delay",))
    if table.get("policy") == "learned" and "learned" not in table:
        hint = 'name the tuner\'s file, like learned = "learned.toml"'
        yield Mistake('is required where policy is "learned"', hint, at=("learned",))
    yield from _check_clamp(table)


def _check_clamp(table: Mapping[str, Any]) -> Iterator[Mistake]:
    usual = Hedge()
    try:
        shortest = parse_duration(table.get("min_delay", usual.min_delay))
        longest = parse_duration(table.get("max_delay", usual.max_delay))
    except ValueError:
        return  # told where it was read
    if shortest > longest:
        yield Mistake(f"min_delay ({shortest:g} s) is longer than max_delay ({longest:g} s)")
