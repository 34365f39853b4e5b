"""What the routes are given: every long-lived part of a running gateway, in one value. No globals."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import attrs

from gateway.account import Account, Books
from gateway.auth import Environment
from gateway.catalog import Catalog, Offer, build
from gateway.config import Config, ProjectConfig
from gateway.metrics import Metrics
from gateway.reply import Reply
from gateway.ticket import Ticket
from policies.limits import Meter
from policies.pool import Pool
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
    `ready` turns false on SIGTERM."""

    config: Config
    store: Store
    metrics: Metrics
    books: Books
    pool: Pool
    answerers: Mapping[Environment, Answerer]
    catalog: Catalog
    known: dict[str, Sequence[ModelInfo]] = attrs.field(factory=dict)
    meters: dict[str, Meter] = attrs.field(factory=dict)
    ready: bool = False

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

    def meter(self, project: str) -> Meter | None:
        """The meter of a project that has limits."""
        configured = self.project(project)
        if configured is None:
            return None
        return self.meters.setdefault(project, Meter(configured.limits))
