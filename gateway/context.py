"""What the routes are given: every long-lived part of a running gateway, in one value. No globals."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import attrs
import trio

from gateway.account import Account, Books
from gateway.auth import Environment, Principal
from gateway.catalog import Catalog, Offer, build
from gateway.config import Config, ProjectConfig
from gateway.metrics import Metrics
from gateway.reply import Reply
from gateway.ticket import Ticket
from policies.limits import Meter
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


@attrs.define(eq=False)
class Context:
    """The parts. `catalog` is replaced by `learn`, built from what is `known` of each provider's models;
    `meters` are by project, or by project and key; `ready` turns false on SIGTERM."""

    config: Config
    store: Store
    metrics: Metrics
    books: Books
    pool: Pool
    answerers: Mapping[Environment, Answerer]
    catalog: Catalog
    known: dict[str, Sequence[ModelInfo]] = attrs.field(factory=dict)
    meters: dict[tuple[str, str | None], Meter] = attrs.field(factory=dict)
    bound: bool = False
    stop: trio.Event = attrs.field(factory=trio.Event)
    secret: bytes = attrs.field(default=b"", repr=False)

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
        return next((p for p in self.config.projects if p.name == name), None)

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
        name = principal.project
        meters = [self.meters.setdefault((name, None), Meter(configured.limits))]
        if configured.key_limits != Limits():
            own = Meter(configured.key_limits, "key")
            meters.append(self.meters.setdefault((name, principal.key), own))
        return tuple(meters)
