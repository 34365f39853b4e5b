"""Providers from the usual environment variables, so that no file is needed.

For every kind: its key variable (`OPENAI_API_KEY`), the same numbered (`OPENAI_API_KEY_2`, `_3`, …)
and in the plural (`OPENAI_API_KEYS=a,b,c`), and the variable for its address (`OPENAI_BASE_URL`).
All keys of a kind make one provider named after it; a key that is there twice counts once. Kinds
that need no key are not looked for: they are named in a file. With nothing found, the simulator
answers.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from gateway.config import SIMULATOR, KeyConfig, ProviderConfig
from gateway.config_errors import ConfigError, ConfigErrors, Mistake
from gateway.config_values import read_base_url, read_header_value, read_host
from gateway.key_sources import FoundKey, clean, name_keys
from providers.kinds import KINDS, Kind
from providers.types import Secret

SIMULATED_KEYS = ("steady", "spiky", "limited")
"""The in-process simulator's keys: a calm one, one with a long tail, one that meets rate limits."""

_OUR_OWN = ("pk_live_", "pk_test_")
_HEADERS = {
    "openai": (
        ("OPENAI_ORG_ID", "openai-organization"),
        ("OPENAI_PROJECT_ID", "openai-project"),
    )
}


@attrs.frozen
class FoundProviders:
    """The providers that the environment has keys for, and what was left out and why."""

    providers: tuple[ProviderConfig, ...]
    warnings: tuple[str, ...] = ()


def find_providers(environ: Mapping[str, str]) -> FoundProviders:
    """A provider for each kind with keys in the environment; the simulator where there is none.

    Raises:
        ConfigErrors: variables hold what cannot be a key or an address; all of them are named.
    """
    search = _Search(environ)
    candidates = [search.provider(kind) for kind in KINDS.values()]
    if search.errors:
        raise ConfigErrors(search.errors)
    found = tuple(provider for provider in candidates if provider is not None)
    return FoundProviders(found or (simulator(),), tuple(search.warnings))


def simulator() -> ProviderConfig:
    """The embedded default: the simulator in this process, as three keys that fail apart."""
    return ProviderConfig(SIMULATOR, SIMULATOR, None, SIMULATOR, simulator_keys())


def simulator_keys(prefix: str = "") -> tuple[KeyConfig, ...]:
    """The simulator's keys, each its own domain; `prefix` keeps their names apart from others'."""
    return tuple(
        KeyConfig(prefix + name, Secret(name), "built-in", prefix + name) for name in SIMULATED_KEYS
    )


@attrs.define(eq=False)
class _Search:
    """One look through an environment; mistakes and oddities gather as it goes on."""

    environ: Mapping[str, str]
    errors: list[ConfigError] = attrs.Factory(list)
    warnings: list[str] = attrs.Factory(list)

    def provider(self, kind: Kind) -> ProviderConfig | None:
        """The kind's provider, or None where the environment does not ask for one."""
        name = kind.name
        keys = self._keys(kind)
        if not keys:
            return None
        settings = self._settings(kind)
        base_url = self._base_url(kind, settings)
        given = kind.key_variables[0]
        if not base_url:
            self.warnings.append(f"{given} is of no use without {_lacking(kind)}: not used")
            return None
        complaints = (kind.complaint(key.secret, settings) for key in keys)
        if complaint := next(filter(None, complaints), None):
            self.warnings.append(f"{given} is not used: {complaint}")
            return None
        headers = tuple(self._headers(kind))
        named = name_keys(name, name, keys)
        provider = ProviderConfig(name, name, base_url, name, named, headers=headers)
        return attrs.evolve(provider, **settings)

    def _settings(self, kind: Kind) -> dict[str, Any]:
        found: dict[str, str] = {}
        for name, variable in kind.settings.items():
            try:
                if variable and (said := self._value(variable)):
                    found[name] = read_host(said)
            except Mistake as mistake:
                self.errors.append(ConfigError(str(variable), str(mistake)))
        return found

    def _keys(self, kind: Kind) -> tuple[FoundKey, ...]:
        found: dict[Secret, FoundKey] = {}
        for variable, text in self._key_variables(kind):
            if not text:
                continue
            if text.startswith(_OUR_OWN):
                # Clients of this gateway set the same variables: racing against oneself never ends.
                self.warnings.append(f"{variable} holds a key of a Hedgerow project: not used")
                continue
            try:
                secret = clean(text, "the key")
            except Mistake as mistake:
                self.errors.append(ConfigError(variable, str(mistake)))
                continue
            found.setdefault(secret, FoundKey(secret, f"env:{variable}"))
        return tuple(found.values())

    def _key_variables(self, kind: Kind) -> Iterator[tuple[str, str]]:
        """The kind's variables and their texts: each name plain, then by number, then its list."""
        for name in kind.key_variables:
            plural = f"{name}S"
            yield from ((variable, self._value(variable)) for variable in self._numbered(name))
            yield from ((plural, text.strip()) for text in self._value(plural).split(","))

    def _numbered(self, name: str) -> list[str]:
        pattern = re.compile(rf"{re.escape(name)}(?:_(\d{{1,6}}))?", re.ASCII)
        found = [
            (int(match[1] or 0), match[0])
            for match in map(pattern.fullmatch, self.environ)
            if match
        ]
        return [variable for _, variable in sorted(found)]

    def _base_url(self, kind: Kind, settings: Mapping[str, str]) -> str:
        variable = kind.base_url_variable
        written = self._value(variable) if variable else ""
        if not variable or not written:
            return kind.address(settings)
        try:
            return read_base_url(written)
        except Mistake as mistake:
            self.errors.append(ConfigError(variable, str(mistake)))
            return kind.base_url

    def _headers(self, kind: Kind) -> Iterator[tuple[str, str]]:
        for variable, header in _HEADERS.get(kind.name, ()):
            text = self._value(variable)
            try:
                if text:
                    yield header, read_header_value(text)
            except Mistake as mistake:
                self.errors.append(ConfigError(variable, str(mistake)))

    def _value(self, variable: str) -> str:
        return self.environ.get(variable, "").strip()


def _lacking(kind: Kind) -> str | None:
    """The variable without which nobody knows where the kind's provider is."""
    needed = (kind.settings[name] for name in kind.required)
    return kind.base_url_variable or next(needed, None)
