"""Where a target's calls go: each pooled key with its dialect, address and credential.

Most providers speak one dialect, some another for some models. The simulator speaks three at once, and its
models are called in the dialect of the provider that has them in real life.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from urllib.parse import urlsplit

import attrs
import trio

from gateway.config import SIMULATOR, Config, ProviderConfig
from gateway.log import log
from policies.target import Target
from providers.base import Dialect
from providers.client import HttpClient, Upstream, list_models
from providers.errors import ProviderError
from providers.kinds import KINDS, Kind, settled
from providers.openai import OpenAI
from providers.types import ModelInfo

DISCOVERY_TIME = 5.0
"""Seconds that one provider may take to say which models it has."""

SIMULATED_KINDS: Mapping[str, str] = {"openai": "/v1", "gemini": "/v1beta", "anthropic": ""}
"""The kinds the simulator plays, and where each begins on its address."""

_FAMILIES = (("gemini", "gemini"), ("text-embedding-004", "gemini"), ("claude", "anthropic"))


@attrs.define(eq=False)
class Upstreams:
    """All pooled keys by (provider, key, kind)."""

    providers: Sequence[ProviderConfig]
    _all: Mapping[tuple[str, str, str], Upstream]
    _by_name: Mapping[str, ProviderConfig] = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._by_name = {provider.name: provider for provider in self.providers}

    def find(self, target: Target) -> Upstream:
        """Where the target's calls go."""
        kind = kind_for(self._by_name[target.provider], target.model)
        return self._all[target.provider, target.key, kind]

    async def discover(self, http: HttpClient) -> dict[str, Sequence[ModelInfo] | None]:
        """What each provider says it offers, all asked at once; None where it could not be asked."""
        found: dict[str, Sequence[ModelInfo] | None] = {}

        async def ask(provider: ProviderConfig) -> None:
            found[provider.name] = await self._offers(http, provider)

        async with trio.open_nursery() as nursery:
            for provider in self.providers:
                nursery.start_soon(ask, provider)
        return {provider.name: found[provider.name] for provider in self.providers}

    async def _offers(
        self, http: HttpClient, provider: ProviderConfig
    ) -> Sequence[ModelInfo] | None:
        offers: list[ModelInfo] = []
        for kind in kinds_of(provider):
            models = await self._ask(http, provider, kind)
            if models is None:
                return None
            offers.extend(model for model in models if kind_for(provider, model.id) == kind)
        return offers

    async def _ask(
        self, http: HttpClient, provider: ProviderConfig, kind: str
    ) -> Sequence[ModelInfo] | None:
        """Asks with one key after the other, until one is accepted."""
        for key in provider.keys:
            try:
                with trio.move_on_after(DISCOVERY_TIME):
                    return await list_models(http, self._all[provider.name, key.name, kind])
                reason = "no answer in time"
            except ProviderError as error:
                reason = error.message
            log.warning("models_unknown", provider=provider.name, key=key.name, reason=reason)
        return None


def kinds_of(provider: ProviderConfig) -> tuple[str, ...]:
    """The kinds that a configured provider is called as."""
    return tuple(_dialects(provider))


def kind_for(provider: ProviderConfig, model: str) -> str:
    """The kind that a provider's model is called as."""
    if provider.kind == SIMULATOR:
        return next((kind for start, kind in _FAMILIES if model.startswith(start)), "openai")
    kind = KINDS[provider.kind]
    return kind.dialect_for(model).name if kind.others else kind.name


def connect(config: Config, simulator: str | None) -> Upstreams:
    """The upstreams of a configuration; `simulator` is the address of the one in this process, if any."""
    upstreams = {
        (provider.name, key.name, kind): Upstream(
            dialect=dialect,
            base_url=_base_url(provider, kind, simulator),
            secret=key.secret,
            headers=provider.headers,
            way=provider.way,
        )
        for provider in config.providers
        for kind, dialect in _dialects(provider).items()
        for key in provider.keys
    }
    return Upstreams(config.providers, upstreams)


def _dialects(provider: ProviderConfig) -> dict[str, Dialect]:
    """The dialects in which a provider's keys are called, by kind."""
    if provider.kind == SIMULATOR:
        return {kind: _abroad(KINDS[kind].dialect) for kind in SIMULATED_KINDS}
    spoken = KINDS[provider.kind]
    own = spoken.dialect if _is_at_home(provider, spoken) else _abroad(spoken.dialect)
    named = {spoken.name: own, **{each.name: each for _, each in spoken.others}}
    return {kind: settled(dialect, provider.settings) for kind, dialect in named.items()}


def _is_at_home(provider: ProviderConfig, kind: Kind) -> bool:
    """Whether this is the provider that the kind is named after, in one of its regions, and not somebody who
    is compatible."""
    home, host = (urlsplit(url or "").hostname for url in (kind.base_url, provider.base_url))
    return bool(home and host) and f".{host}".endswith(f".{home}")


def _abroad(dialect: Dialect) -> Dialect:
    """The dialect, for somebody of whom one knows only that they take chats."""
    return _chatting(dialect) if isinstance(dialect, OpenAI) else dialect


@cache
def _chatting(dialect: OpenAI) -> OpenAI:
    """One for all keys: what a dialect can honour is asked of it once."""
    return attrs.evolve(dialect, forms=dialect.forms - {"responses"})


def _base_url(provider: ProviderConfig, kind: str, simulator: str | None) -> str:
    base = provider.base_url or simulator
    assert base is not None, "only the simulator in this process has no address of its own"
    return base + SIMULATED_KINDS[kind] if provider.kind == SIMULATOR else base
