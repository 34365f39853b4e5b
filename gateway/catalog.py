"""Which models the gateway offers, and where a call for each may go.

A model is offered because the configuration names it, or because a provider was asked and has it. The
catalog is a value: a refresh builds a new one, and running requests keep the one they began with.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase

import attrs

from gateway.config import Config, Price, ProviderConfig
from policies.target import Route, Target
from providers.types import ModelInfo


@attrs.frozen
class Offer:
    """A public model: what `/v1/models` says of it, its targets in tiers, its policy and its price.

    `prices` are all that a call may be charged by: its winner's own, or else the offer's. `listed` is false
    for a name that a client made up and nobody could be asked about.
    """

    id: str
    route: Route
    policy: str = "default"
    created: int = 0
    owned_by: str = ""
    price: Price | None = None
    listed: bool = True
    prices: frozenset[Price] = attrs.field(init=False, eq=False, repr=False)

    @prices.default
    def _prices(self) -> frozenset[Price]:
        own = {target.price for tier in self.route for target in tier}
        return frozenset(price for price in own | {self.price} if price is not None)

    @property
    def label(self) -> str:
        """The model's name in metrics, where no client may invent one."""
        return self.id if self.listed else "unlisted"


@attrs.frozen
class Catalog:
    """The offers by name. `open_providers` could not be asked yet: any name may be tried there."""

    offers: Mapping[str, Offer]
    open_providers: tuple[ProviderConfig, ...] = ()

    def find(self, model: str) -> Offer | None:
        """The offer for a model, or None if no provider has it."""
        offer = self.offers.get(model)
        if offer is None and self.open_providers:
            tier = tuple(_targets(self.open_providers, model))
            return Offer(model, (tier,), listed=False) if tier else None
        return offer

    def targets(self) -> Iterator[Target]:
        """Every target that is known by now."""
        for offer in self.offers.values():
            for tier in offer.route:
                yield from tier

    def visible(self, globs: Sequence[str]) -> list[Offer]:
        """The offers that a project with these globs may use, by name."""
        return [self.offers[name] for name in sorted(self.offers) if allowed(name, globs)]


def allowed(model: str, globs: Sequence[str]) -> bool:
    """Whether one of a project's globs admits the model."""
    return any(fnmatchcase(model, glob) for glob in globs)


def build(config: Config, discovered: Mapping[str, Sequence[ModelInfo] | None]) -> Catalog:
    """The catalog of a configuration and of what each provider said it has (None: could not be asked)."""
    providers = {provider.name: provider for provider in config.providers}
    offers = _discovered(providers, discovered)
    for model in config.models:
        known = offers.get(model.name)
        offers[model.name] = Offer(
            id=model.name,
            route=tuple(
                tuple(
                    target
                    for ref in tier
                    for target in _targets([providers[ref.provider]], ref.model, model.price)
                )
                for tier in model.targets
            ),
            policy=model.policy,
            created=known.created if known else 0,
            owned_by=known.owned_by if known else "",
            price=model.price,
        )
    unasked = [p for p in config.providers if discovered.get(p.name) is None]
    return Catalog(offers, tuple(unasked))


def _discovered(
    providers: Mapping[str, ProviderConfig],
    discovered: Mapping[str, Sequence[ModelInfo] | None],
) -> dict[str, Offer]:
    """One offer a model name; providers that have the same name share one tier."""
    offers: dict[str, Offer] = {}
    for name, models in discovered.items():
        for info in models or ():
            tier = tuple(_targets([providers[name]], info.id))
            known = offers.get(info.id)
            if known is None:
                offers[info.id] = Offer(
                    info.id, (tier,), created=info.created, owned_by=info.owned_by
                )
            elif tier[0] not in known.route[0]:
                offers[info.id] = attrs.evolve(known, route=((*known.route[0], *tier),))
    return offers


def _targets(
    providers: Iterable[ProviderConfig], model: str, price: Price | None = None
) -> list[Target]:
    """All keys of these providers. What a provider asks for the model goes before the public model's price."""
    return [
        Target(
            key=key.name,
            provider=provider.name,
            domain=key.domain,
            model=model,
            weight=provider.weight,
            concurrent=provider.max_concurrent,
            price=dict(provider.prices).get(model, price),
        )
        for provider in providers
        for key in provider.keys
    ]
