"""The TOML file: read, checked as a whole, and turned into the configuration.

`load` gives a complete, consistent `Config`, or raises `ConfigErrors` with every mistake there is.
A file without `[providers]` takes them from the environment.
"""

import re
import tomllib
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import attrs
from cattrs.errors import ClassValidationError

from gateway.catalog import allowed
from gateway.config import (
    SETTINGS,
    SIMULATOR,
    CompatConfig,
    Config,
    ExperimentConfig,
    ModelConfig,
    ProjectConfig,
    ProviderConfig,
    ServerConfig,
    StateConfig,
    TargetRef,
    only_simulated,
)
from gateway.config_errors import ConfigError, ConfigErrors, join_path
from gateway.config_reader import explain
from gateway.config_tables import (
    FileTables,
    ModelTable,
    ProviderTable,
    ServerTable,
    StateTable,
    Surroundings,
    tables_converter,
)
from gateway.env_providers import FoundProviders, find_providers, simulator_keys
from gateway.key_sources import name_keys
from gateway.places import default_state_url
from policies.settings import Policy
from providers.kinds import KINDS
from providers.way import Way

_WILD = re.compile(r"[*?[]")


def load(path: Path, environ: Mapping[str, str]) -> Config:
    """The configuration in the file at `path`, with the references in it resolved in `environ`.

    Raises:
        ConfigErrors: the file cannot be read, is no TOML, or says something that cannot be.
    """
    document = _read(path)
    errors: list[ConfigError] = []
    found = FoundProviders(())
    known = _names(document, "providers")
    if not document.get("providers"):
        found, problems = _from_environment(environ)
        errors += problems
        # What could not be read there must not make every target a mistake too.
        known = tuple(KINDS) if problems else tuple(each.name for each in found.providers)
    policies = tuple(dict.fromkeys(("default", *_names(document, "policies"))))
    around = Surroundings(environ, path.absolute().parent, known, policies)
    tables, mistakes = _structure(document, around)
    errors += mistakes
    if tables is not None:
        errors += _unfit_keys(tables)
    if tables is None or errors:
        raise ConfigErrors(errors)
    return _config(tables, found, environ, str(path))


def _read(path: Path) -> dict[str, Any]:
    try:
        # "utf-8-sig": some editors begin a file with a byte-order mark.
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as problem:
        message = f"cannot be read: {problem.strerror}"
    except UnicodeDecodeError as problem:
        message = f"is not UTF-8: a wrong byte at position {problem.start}"
    except (ValueError, RecursionError) as problem:
        message = f"is no valid TOML: {problem}"
    raise ConfigErrors([ConfigError(str(path), message)])


def _names(document: Mapping[str, Any], table: str) -> tuple[str, ...]:
    tables = document.get(table)
    return tuple(tables) if isinstance(tables, dict) else ()


def _from_environment(
    environ: Mapping[str, str],
) -> tuple[FoundProviders, tuple[ConfigError, ...]]:
    try:
        return find_providers(environ), ()
    except ConfigErrors as problem:
        return FoundProviders(()), problem.errors


def _structure(
    document: dict[str, Any], around: Surroundings
) -> tuple[FileTables | None, list[ConfigError]]:
    try:
        return tables_converter(around).structure(document, FileTables), []
    except ClassValidationError as problem:
        return None, list(explain(problem))


def _config(
    tables: FileTables, found: FoundProviders, environ: Mapping[str, str], source: str
) -> Config:
    written = tuple(_provider(name, table) for name, table in tables.providers.items())
    providers = written or found.providers
    policies = {
        name: Policy(name, **attrs.asdict(table, recurse=False))
        for name, table in tables.policies.items()
    }
    models = tuple(_model(name, table) for name, table in tables.models.items())
    projects = tuple(
        ProjectConfig(name, table.models, table.limits, table.policy, table.key_limits)
        for name, table in tables.projects.items()
    )
    return Config(
        server=_server(tables.server),
        state=_state(tables.state, environ),
        compat=CompatConfig(tables.compat.drop_unsupported),
        providers=providers,
        models=models,
        policies=MappingProxyType({"default": Policy()} | policies),
        projects=projects,
        experiments=tuple(
            ExperimentConfig(name, **attrs.asdict(table, recurse=False))
            for name, table in tables.experiments.items()
        ),
        simulated=only_simulated(providers),
        warnings=(
            *found.warnings,
            *_key_warnings(written),
            *_way_warnings(written),
            *_price_warnings(_unpriced(models, providers), models, projects),
        ),
        source=source,
    )


def _server(table: ServerTable) -> ServerConfig:
    host, port = table.bind
    rest = attrs.asdict(table, filter=attrs.filters.exclude("bind"))
    return ServerConfig(host, port, **rest)


def _state(table: StateTable, environ: Mapping[str, str]) -> StateConfig:
    url = table.url or default_state_url(environ)
    return StateConfig(url, table.sync_interval, table.on_store_failure)


def _provider(name: str, table: ProviderTable) -> ProviderConfig:
    settings = _settings(table)
    usual = KINDS[table.kind].address(settings) if table.kind in KINDS else None
    domain = table.domain or name
    if table.kind == SIMULATOR and not table.keys:
        keys = simulator_keys(f"{name}-")
    else:
        keys = name_keys(name, domain, table.keys)
    return ProviderConfig(
        name,
        table.kind,
        table.base_url or usual,
        domain,
        keys,
        table.weight,
        table.max_concurrent,
        tuple(table.headers.items()),
        table.cancel_billing,
        tuple(table.prices.items()),
        Way(table.proxy, table.socket, table.http2),
        **settings,
    )


def _settings(table: ProviderTable) -> dict[str, str]:
    return {name: said for name in SETTINGS if (said := getattr(table, name)) is not None}


def _unfit_keys(tables: FileTables) -> Iterator[ConfigError]:
    """Keys that are none for their provider's kind."""
    for name, table in tables.providers.items():
        kind = KINDS.get(table.kind)
        if kind is None:
            continue
        where = f"{join_path('providers', name)}.keys"
        for position, key in enumerate(table.keys):
            complaint = kind.complaint(key.secret, _settings(table))
            if complaint is not None:
                yield ConfigError(join_path(where, position), complaint)


def _model(name: str, table: ModelTable) -> ModelConfig:
    tiers = tuple(
        # A target may be there twice, once by the model's own name: it is one target all the same.
        tuple(dict.fromkeys(TargetRef(target.provider, target.model or name) for target in tier))
        for tier in table.targets
    )
    return ModelConfig(name, tiers, table.policy, table.price)


def _key_warnings(providers: tuple[ProviderConfig, ...]) -> Iterator[str]:
    """What is allowed and yet unwise: keys in the file, and one key standing for two."""
    seen: dict[tuple[str, str | None, str], str] = {}
    for provider in providers:
        path = join_path("providers", provider.name)
        for position, key in enumerate(provider.keys):
            if key.origin == "raw" and provider.kind != SIMULATOR:
                where = join_path(f"{path}.keys", position)
                yield f"{where}: the key itself stands in the file; env:NAME or file:PATH is safer"
            credential = (provider.kind, provider.base_url, key.secret.reveal)
            first = seen.setdefault(credential, key.name)
            if first != key.name and key.secret.reveal and key.origin != "built-in":
                yield f"{path}: {key.name} is the same key as {first}: racing them gains nothing"


def _way_warnings(providers: Collection[ProviderConfig]) -> Iterator[str]:
    """What a way to a provider takes from its races."""
    for provider in providers:
        if provider.way.http2:
            path = join_path("providers", provider.name)
            yield f"{path}.http2: a call that has lost its race is not stopped over HTTP/2, and costs in full"


def _price_warnings(
    unpriced: Collection[str], models: Sequence[ModelConfig], projects: Sequence[ProjectConfig]
) -> Iterator[str]:
    """Where a limit of money leaves models out, for nobody wrote down what they cost."""
    named = {model.name for model in models}
    for project in projects:
        limited = _limit_of_money(project)
        if limited is None:
            continue
        globs = project.models if project.models is not None else ("*",)  # the journal may say less
        free = [name for name in unpriced if allowed(name, globs)] + list(_beyond(named, globs))
        if free:
            path = f"{join_path('projects', project.name)}.{limited}"
            yield f"{path}: models without a price count as free: {', '.join(free)}"


def _limit_of_money(project: ProjectConfig) -> str | None:
    """Where the project's first limit of money stands, if it has one."""
    for table, limits in (("limits", project.limits), ("key_limits", project.key_limits)):
        for name in ("usd_per_day", "usd_per_month"):
            if getattr(limits, name) is not None:
                return f"{table}.{name}"
    return None


def _unpriced(
    models: Sequence[ModelConfig], providers: Sequence[ProviderConfig]
) -> tuple[str, ...]:
    """The models that have no price of their own, and not one at each of their providers either."""
    prices = {provider.name: dict(provider.prices) for provider in providers}
    return tuple(
        model.name
        for model in models
        if model.price is None
        and not all(ref.model in prices[ref.provider] for tier in model.targets for ref in tier)
    )


def _beyond(named: Collection[str], globs: Sequence[str]) -> Iterator[str]:
    """What the globs admit of the models that only providers name."""
    for glob in globs:
        if _WILD.search(glob):
            yield f'any other "{glob}"'
        elif glob not in named:
            yield glob
