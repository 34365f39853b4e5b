"""The configuration file as it is written: a class for each table, a type for each value.

These classes are the file's schema; what a member may be is said by its type in
`gateway.config_values`. `tables_converter` reads them, with every reference in the file checked
against the names in the file.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Annotated, Any, NewType, TypeAlias, get_args

import attrs
import cattrs

from gateway.config import (
    SETTINGS,
    SIMULATOR,
    CancelBilling,
    OnStoreFailure,
    Price,
    ServerConfig,
    StateConfig,
    TargetRef,
)
from gateway.config_errors import Mistake
from gateway.config_policies import BalanceName, StreamRule, add_settings
from gateway.config_reader import Reads, add_reader, add_table, strict_converter
from gateway.config_values import (
    Address,
    Amount,
    BaseURL,
    Count,
    Duration,
    HeaderName,
    HeaderValue,
    Host,
    Label,
    Name,
    Probability,
    ProxyURL,
    Share,
    Size,
    Wait,
    Weight,
    Workers,
    choice,
)
from gateway.key_sources import FoundKey, find_key
from gateway.learned_file import read_learned
from gateway.parts import Part, parse_parts
from gateway.places import expand, state_url
from gateway.quantities import kind_of, parse_share
from gateway.suggest import did_you_mean
from policies.learned import Learned
from policies.settings import Hedge, Limits, Policy, Timeouts
from policies.sides import Unit
from providers.kinds import KINDS, Kind

_SERVER = ServerConfig()
_STATE = StateConfig()
_POLICY = Policy()
_STORE_CHOICES = choice(get_args(OnStoreFailure), "what to do when the store fails")

KindName: TypeAlias = Annotated[str, Reads(choice({*KINDS, SIMULATOR}, "a kind of provider"))]
_BILLING_CHOICES = choice(get_args(CancelBilling), "a way to bill what was cancelled")
_PRICE = dict.fromkeys((each.name for each in attrs.fields(Price)), Amount)

_UNITS = choice(get_args(Unit), "what a side can be drawn for")
_SHARES = {"share": 0.5, "control": 0.0}

UnitName: TypeAlias = Annotated[Unit, Reads(_UNITS)]
StoreFailure: TypeAlias = Annotated[OnStoreFailure, Reads(_STORE_CHOICES)]
BillingName: TypeAlias = Annotated[CancelBilling, Reads(_BILLING_CHOICES)]
PartNames: TypeAlias = Annotated[tuple[Part, ...], Reads(parse_parts)]
PolicyName = NewType("PolicyName", str)
StateURL = NewType("StateURL", str)
Tier: TypeAlias = tuple[TargetRef, ...]
Tiers = NewType("Tiers", tuple[Tier, ...])


@attrs.frozen
class ServerTable:
    """`[server]`"""

    bind: Address = (_SERVER.host, _SERVER.port)
    max_connections: Count = _SERVER.max_connections
    keep_alive: Duration = _SERVER.keep_alive
    write_timeout: Duration = _SERVER.write_timeout
    grace: Wait = _SERVER.grace
    body_limit: Size = _SERVER.body_limit
    keepalive_comment: Duration = _SERVER.keepalive_comment
    fast: PartNames = _SERVER.fast
    workers: Workers = _SERVER.workers


@attrs.frozen
class StateTable:
    """`[state]`; no `url` is this user's own folder."""

    url: StateURL | None = None
    sync_interval: Wait = _STATE.sync_interval
    on_store_failure: StoreFailure = _STATE.on_store_failure


@attrs.frozen
class CompatTable:
    """`[compat]`"""

    drop_unsupported: bool = False


@attrs.frozen
class ProviderTable:
    """`[providers.NAME]`"""

    kind: KindName
    base_url: BaseURL | None = None
    domain: Label | None = None
    keys: tuple[FoundKey, ...] = ()
    weight: Weight = 1.0
    max_concurrent: Count = 256
    headers: dict[HeaderName, HeaderValue] = attrs.field(factory=dict, repr=False)
    cancel_billing: BillingName | None = None
    prices: dict[Label, Price] = attrs.Factory(dict)
    proxy: ProxyURL | None = attrs.field(default=None, repr=False)
    socket: Label | None = None
    http2: bool = False
    api_version: Label | None = None
    project: Label | None = None
    location: Host | None = None
    region: Host | None = None


@attrs.frozen
class ModelTable:
    """`[models.NAME]`; a target without a model of its own has an empty one here."""

    targets: Tiers
    policy: PolicyName = PolicyName("default")
    price: Price | None = None


@attrs.frozen
class PolicyTable:
    """`[policies.NAME]`; what it leaves out is as in the built-in policy."""

    balance: BalanceName = _POLICY.balance
    affinity: bool = _POLICY.affinity
    upstream_stream: StreamRule = _POLICY.upstream_stream
    hedge: Hedge = _POLICY.hedge
    timeouts: Timeouts = _POLICY.timeouts
    max_queue_wait: Wait = _POLICY.max_queue_wait


@attrs.frozen
class ProjectTable:
    """`[projects.NAME]`"""

    models: tuple[Label, ...] | None = None
    limits: Limits = attrs.Factory(Limits)
    policy: PolicyName | None = None
    key_limits: Limits = attrs.Factory(Limits)


@attrs.frozen
class ExperimentTable:
    """`[experiments.NAME]`"""

    models: tuple[Label, ...]
    policy: PolicyName
    share: Probability = 0.5
    control: Share = 0.0
    by: UnitName = "request"
    threshold: Duration | None = None


@attrs.frozen
class FileTables:
    """The whole file."""

    server: ServerTable = ServerTable()
    state: StateTable = StateTable()
    compat: CompatTable = CompatTable()
    providers: dict[Name, ProviderTable] = attrs.Factory(dict)
    models: dict[Label, ModelTable] = attrs.Factory(dict)
    policies: dict[Name, PolicyTable] = attrs.Factory(dict)
    projects: dict[Label, ProjectTable] = attrs.Factory(dict)
    experiments: dict[Name, ExperimentTable] = attrs.Factory(dict)


@attrs.frozen
class Surroundings:
    """What a file's meaning depends on: the environment, its folder, the names it may refer to."""

    environ: Mapping[str, str] = attrs.field(repr=False)
    folder: Path
    providers: Collection[str]
    policies: Collection[str]


def tables_converter(around: Surroundings) -> cattrs.Converter:
    """A converter that reads `FileTables` from a file in these surroundings."""
    converter = strict_converter()
    _add_references(converter, around)
    add_settings(converter, lambda value: _read_learned(value, around))
    add_table(converter, Price, types=_PRICE)
    add_table(converter, ProviderTable, check=_check_provider)
    add_table(converter, ExperimentTable, check=_check_experiment)
    for class_ in (
        ServerTable,
        StateTable,
        CompatTable,
        ModelTable,
        PolicyTable,
        ProjectTable,
        FileTables,
    ):
        add_table(converter, class_)
    return converter


def _add_references(converter: cattrs.Converter, around: Surroundings) -> None:
    """The values whose meaning is elsewhere: in the environment, on the disk, in another table."""
    readers: Mapping[Any, Callable[[Any], Any]] = {
        FoundKey: lambda value: find_key(value, around.environ, around.folder),
        TargetRef: lambda value: _read_target(value, around.providers),
        StateURL: lambda value: state_url(value, around.environ, around.folder),
        PolicyName: choice(around.policies, "a policy of this file"),
        Tiers: lambda value: _read_tiers(value, converter),
    }
    for type_, read in readers.items():
        add_reader(converter, type_, read)


def _read_learned(value: Any, around: Surroundings) -> Learned:
    if not isinstance(value, str) or not value.strip():
        raise Mistake('expected the name of a file like "learned.toml"')
    shown = value.strip()
    try:
        path = expand(shown, around.environ, around.folder)
    except RuntimeError:  # a "~somebody" whom this machine does not know
        raise Mistake(f"{shown} cannot be read: there is no such home") from None
    return read_learned(path, shown)


def _read_tiers(value: Any, converter: cattrs.Converter) -> tuple[Tier, ...]:
    nested = {type(item) is list for item in value} if type(value) is list else set()
    if nested == {True, False}:
        raise Mistake(
            "mixes targets and lists of targets", 'put each into a tier: [["a", "b"], ["c"]]'
        )
    tiers: tuple[Tier, ...]
    if nested == {True}:
        tiers = converter.structure(value, tuple[Tier, ...])
    else:
        tiers = (converter.structure(value, Tier),)
    targets = list(chain.from_iterable(tiers))
    for position in _repeats(targets):
        raise Mistake(f'names "{targets[position].provider}" twice with the same model')
    return tiers


def _read_target(value: Any, providers: Collection[str]) -> TargetRef:
    if not isinstance(value, str):
        raise Mistake(f'expected "provider" or "provider/model", found {kind_of(value)}')
    provider, slash, model = value.partition("/")
    if provider not in providers:
        listed = f"known here: {', '.join(providers)}" if providers else None
        hint = did_you_mean(provider, providers) or listed
        raise Mistake(f'there is no provider "{provider}"', hint)
    if slash and not model.strip():
        raise Mistake("names no model after the slash")
    return TargetRef(provider, model.strip())


def _check_experiment(table: Mapping[str, Any]) -> Iterator[Mistake]:
    try:
        together = sum(parse_share(table.get(name, usual)) for name, usual in _SHARES.items())
    except ValueError:
        return  # told where it was read
    if together >= 1.0:
        yield Mistake("share and control together leave nothing for the models' own policy")


def _check_provider(table: Mapping[str, Any]) -> Iterator[Mistake]:
    for position in _repeats(table.get("keys")):
        yield Mistake("this key is in the list already", at=("keys", position))
    written = table.get("kind")
    kind = KINDS.get(written) if isinstance(written, str) else None
    yield from _check_settings(table, kind)
    if kind is not None and kind.needs_key and "keys" not in table:
        variables = (f'"env:{variable}"' for variable in (kind.key_variables or ("API_KEY",))[:1])
        yield Mistake("is required", f"like keys = [{', '.join(variables)}]", at=("keys",))


def _check_settings(table: Mapping[str, Any], kind: Kind | None) -> Iterator[Mistake]:
    """What its kind is told beside the keys, and where it is."""
    known = kind.settings if kind is not None else {}
    for name in SETTINGS:
        if name in table and name not in known:
            yield Mistake("this kind of provider has none", at=(name,))
    if kind is None:
        return
    missing = [name for name in kind.required if name not in table]
    for name in missing:
        yield Mistake("is required", at=(name,))
    given = {name: said for name in known if isinstance(said := table.get(name), str)}
    if not missing and not kind.address(given) and "base_url" not in table:
        yield Mistake("is required", "everybody has one of their own", at=("base_url",))


def _repeats(items: Any) -> list[int]:
    """Where the list says again what it said before; nothing for what is no list."""
    if not isinstance(items, list):
        return []
    return [position for position, item in enumerate(items) if item in items[:position]]
