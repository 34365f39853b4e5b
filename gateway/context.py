"""What the routes are given: every long-lived part of a running gateway, in one value. No globals."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol, TypeAlias

import attrs
import trio

from gateway.account import Account, Books
from gateway.auth import Environment, Principal
from gateway.catalog import Catalog, Offer, build
from gateway.config import Config, ProjectConfig
from gateway.metrics import Metrics
from gateway.reply import Reply
from gateway.ticket import Ticket
from gateway.trials import Trials
from policies.limits import Meter, Whose
from policies.pool import Pool
from policies.settings import Limits
from providers.types import ModelInfo
from state.store import Store


class Answerer(Protocol):
    """Where a ticket is answered: by a race (`live`) or by a script (`test`)."""

    async def answer(self, ticket: Ticket, offer: Offer, account: Account, reply: Reply, /) -> None:
        """Answers to the reply.

        Raises:
            ApiError: there is no answer; nothing was sent.
        """


UNLIMITED = Limits()
MeterName: TypeAlias = tuple[str, str | None]
"""A project, and the key in it that the meter is of, if it is not the whole project's."""


def alone(_: MeterName, limits: Limits, whose: Whose) -> Meter:
    """A meter where no other process uses the same limits."""
    return Meter(limits, whose)


@attrs.define(eq=False)
class Context:
    """The parts. `catalog` is replaced by `learn`, built from what is `known` of each provider's models;
    `meters` are by project, or by project and key; `ready` turns false on SIGTERM. `new_meter` makes
    them, and `exposition` what /metrics says: of this process, unless several serve together."""

    config: Config
    store: Store
    metrics: Metrics
    books: Books
    pool: Pool
    answerers: Mapping[Environment, Answerer]
    catalog: Catalog
    known: dict[str, Sequence[ModelInfo]] = attrs.field(factory=dict)
    meters: dict[MeterName, Meter] = attrs.field(factory=dict)
    new_meter: Callable[[MeterName, Limits, Whose], Meter] = alone
    exposition: Callable[[], Awaitable[bytes]] | None = None
    bound: bool = False
    stop: trio.Event = attrs.field(factory=trio.Event)
    secret: bytes = attrs.field(default=b"", repr=False)
    trials: Trials = attrs.field(init=False)

    @trials.default
    def _trials(self) -> Trials:
        return Trials(self.store.indexes.experiments, self.secret)

    @property
    def ready(self) -> bool:
        """Whether new requests are welcome."""
        return self.bound and not self.stop.is_set()

    def learn(self, found: Mapping[str, Sequence[ModelInfo] | None]) -> None:
        """Offers what the providers said they have; None could not be asked, and has what it was known to."""
        self.known |= {name: models for name, models in found.items() if models is not None}
        self.catalog = build(self.config, {name: self.known.get(name) for name in found})
        self.pool.retain(self.catalog.targets())

    def project(self, name: str) -> ProjectConfig | None:
        """What the configuration says of a project, if anything."""
        return self.config.by_name.get(name)

    def globs(self, project: str) -> tuple[str, ...]:
        """The models a project may use: the file's word where it has one, else the journal's."""
        configured = self.project(project)
        if configured is not None and configured.models is not None:
            return configured.models
        known = self.store.indexes.projects.get(project)
        return known.models if known is not None else ()

    def meters_of(self, principal: Principal) -> tuple[Meter, ...]:
        """The meters of its project and of its key, where these have limits."""
        configured = self.project(principal.project)
        if configured is None:
            return ()
        meters = [self._meter((configured.name, None), configured.limits)]
        if configured.key_limits != UNLIMITED:
            meters.append(self._meter((configured.name, principal.key), configured.key_limits))
        return tuple(meters)

    def meter(self, name: MeterName) -> Meter:
        """The meter of that name, of a project that the configuration has."""
        project, key = name
        configured = self.project(project)
        assert configured is not None, project
        return self._meter(name, configured.limits if key is None else configured.key_limits)

    def _meter(self, name: MeterName, limits: Limits) -> Meter:
        known = self.meters.get(name)
        if known is None:
            known = self.new_meter(name, limits, "project" if name[1] is None else "key")
            self.meters[name] = known
        return known
