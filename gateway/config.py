"""The configuration as the rest of the program sees it: frozen, checked, every reference resolved.

Built by `gateway.environment.load_config`; equal configurations compare equal, so a reload that
changes nothing can be told. Durations are seconds, sizes bytes. No `repr` shows a credential.
"""

from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Literal, TypeAlias

import attrs

from gateway.parts import PARTS, Part
from policies import cost
from policies.settings import Limits, Policy
from policies.sides import Unit
from providers.types import Secret
from providers.way import STRAIGHT, Way

OnStoreFailure: TypeAlias = Literal["refuse", "serve"]
CancelBilling: TypeAlias = cost.CancelBilling
Price: TypeAlias = cost.Price


SIMULATOR = "simulator"
"""The kind of a provider that makes its answers up: in this process, or at its `base_url`."""

SETTINGS = ("api_version", "project", "location", "region")
"""What only some kinds are told beside their keys."""

_ONLY_DEFAULT: Mapping[str, Policy] = MappingProxyType({"default": Policy()})


@attrs.frozen
class ServerConfig:
    """Where clients connect, and how long one of them may hold a connection or a shutdown.

    `port` 0 is any free one. `keep_alive` ends idle connections, `write_timeout` those whose client
    stopped reading; `grace` is what running requests get at shutdown; `keepalive_comment` is the
    pause between the comments that a waiting stream sends. `fast` are the parts that are our own; for
    each that is left out, the library that it stands for does the work. `workers` are the processes that
    share the address and the journal.
    """

    host: str = "127.0.0.1"
    port: int = 8400
    max_connections: int = 10_000
    keep_alive: float = 75.0
    write_timeout: float = 30.0
    grace: float = 30.0
    body_limit: int = 20_000_000
    keepalive_comment: float = 15.0
    fast: tuple[Part, ...] = PARTS
    workers: int = 1


@attrs.frozen
class StateConfig:
    """Where the journal lives, how long it may stay unsynced, what happens when it fails.

    `sync_interval` is the most that a power cut can take of usage already written; control records
    never wait for it. `serve` goes on answering, unmetered, while the store is broken.
    """

    url: str = "file:~/.local/share/hedgerow"
    sync_interval: float = 0.02
    on_store_failure: OnStoreFailure = "refuse"

    @property
    def folder(self) -> Path:
        """The folder of the journal; a leading `~` is the user's home."""
        return Path(self.url.removeprefix("file:")).expanduser()


@attrs.frozen
class CompatConfig:
    """How what a provider cannot do is met: refused by name, or dropped and reported."""

    drop_unsupported: bool = False


@attrs.frozen
class KeyConfig:
    """One pooled credential. `name` is unique in the whole configuration and safe to show.

    Names are `<provider>-<n>`, counted from 1 in the order written, also where there is only one
    key, so that adding a second never renames the first; the simulator's own keys are named for
    how they behave. `origin` says where the secret came from: `env:NAME`, `file:/path`, `raw`,
    `none` (a provider that needs no key) or `built-in`. Keys of one `domain` share a quota and
    fail together.
    """

    name: str
    secret: Secret
    origin: str
    domain: str


@attrs.frozen
class ProviderConfig:
    """One upstream and its keys.

    `base_url` has no slash at its end; it is None only for the simulator in this process. `weight`
    is this provider's share of the load relative to its peers, `max_concurrent` the most calls in
    flight on each of its keys. `headers` are sent with every call; their names are lower-case, their
    values count as secrets.
    """

    name: str
    kind: str
    base_url: str | None
    domain: str
    keys: tuple[KeyConfig, ...]
    weight: float = 1.0
    max_concurrent: int = 256
    headers: tuple[tuple[str, str], ...] = attrs.field(default=(), repr=False)
    cancel_billing: CancelBilling | None = None
    prices: tuple[tuple[str, Price], ...] = ()
    way: Way = STRAIGHT
    api_version: str | None = None
    project: str | None = None
    location: str | None = None
    region: str | None = None

    @property
    def settings(self) -> dict[str, str]:
        """What is said of how its kind is spoken to."""
        return {name: said for name in SETTINGS if (said := getattr(self, name)) is not None}

    @property
    def in_process(self) -> bool:
        """Whether the simulator has to be started here to answer for this provider."""
        return self.kind == SIMULATOR and self.base_url is None


def only_simulated(providers: Iterable[ProviderConfig]) -> bool:
    """Whether nothing but simulators answers for these providers."""
    return all(provider.kind == SIMULATOR for provider in providers)


@attrs.frozen
class TargetRef:
    """A provider by name, and the model's name there."""

    provider: str
    model: str


@attrs.frozen
class ModelConfig:
    """A public model name and its targets in tiers; a later tier is for when the earlier fail."""

    name: str
    targets: tuple[tuple[TargetRef, ...], ...]
    policy: str = "default"
    price: Price | None = None


@attrs.frozen
class ProjectConfig:
    """A project's models (globs), limits, and the policy that replaces its models' own, if any.

    `models` None leaves them to what the project was created with. `limits` are the whole project's,
    `key_limits` those of each of its keys by itself.
    """

    name: str
    models: tuple[str, ...] | None = None
    limits: Limits = attrs.Factory(Limits)
    policy: str | None = None
    key_limits: Limits = attrs.Factory(Limits)


@attrs.frozen
class ExperimentConfig:
    """A candidate policy that a share of the requests for some models (globs) gets, until it is known whether
    it is better.

    `by` is what a side is drawn for. A first token after more than `threshold` seconds is late; None: after
    more than the p99 of the latest requests when it starts.
    """

    name: str
    models: tuple[str, ...]
    policy: str
    share: float = 0.5
    control: float = 0.0
    by: Unit = "request"
    threshold: float | None = None


@attrs.frozen
class Config:
    """Everything an operator decided. Every name in it refers to something in it.

    Models that are not in `models` are no error: what a provider offers is routed to it by name.
    `policies` always has `default`. `simulated` means that no real upstream is behind this gateway:
    whoever starts it says so loudly. `source` is the file's path, or `environment`.
    """

    server: ServerConfig = ServerConfig()
    state: StateConfig = StateConfig()
    compat: CompatConfig = CompatConfig()
    providers: tuple[ProviderConfig, ...] = ()
    models: tuple[ModelConfig, ...] = ()
    policies: Mapping[str, Policy] = _ONLY_DEFAULT
    projects: tuple[ProjectConfig, ...] = ()
    experiments: tuple[ExperimentConfig, ...] = ()
    simulated: bool = False
    warnings: tuple[str, ...] = ()
    source: str = "environment"

    @cached_property
    def by_name(self) -> Mapping[str, ProjectConfig]:
        """The projects; each request asks for its own."""
        return {project.name: project for project in self.projects}
