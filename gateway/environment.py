"""Where the configuration comes from: `load_config` is the single door to it.

An explicit file, or the one that HEDGEROW_CONFIG names, or `hedgerow.toml` in the working
directory; with no file, the keys in the environment; with no keys, the simulator. Command-line
options win over the environment (HEDGEROW_BIND, HEDGEROW_STATE, HEDGEROW_WORKERS), the environment over
the file. An empty variable is as none. HEDGEROW_FAST says which parts are our own.
"""

from collections.abc import Mapping
from pathlib import Path

import attrs

from gateway import config_file
from gateway.config import Config, StateConfig, only_simulated
from gateway.config_errors import ConfigError, ConfigErrors, Mistake
from gateway.config_values import read_workers
from gateway.env_providers import find_providers
from gateway.parts import parse_parts
from gateway.places import default_state_url, expand, state_url
from gateway.proxies import behind_proxy
from gateway.quantities import parse_bind

FILE_NAME = "hedgerow.toml"


def load_config(
    explicit: Path | None,
    environ: Mapping[str, str],
    cwd: Path,
    *,
    bind: str | None = None,
    state: str | None = None,
    workers: str | None = None,
) -> Config:
    """The whole configuration; the last three are the command line's, None where not given.

    Raises:
        ConfigErrors: with every mistake, in the file, the environment and the options.
    """
    return _load(locate(explicit, environ, cwd), _Overrides(environ, cwd, bind, state, workers))


def from_environment(environ: Mapping[str, str], cwd: Path = Path()) -> Config:
    """The configuration where there is no file; a relative HEDGEROW_STATE is in `cwd`.

    Raises:
        ConfigErrors: variables hold what cannot be.
    """
    return _load(None, _Overrides(environ, cwd))


def locate(explicit: Path | None, environ: Mapping[str, str], cwd: Path) -> Path | None:
    """The configuration file to read, absolute; None where none was named and none is there.

    A file that was named is returned even if it does not exist: reading it tells what is wrong.
    """
    named = str(explicit) if explicit is not None else environ.get("HEDGEROW_CONFIG")
    if named:
        return expand(named, environ, cwd)
    usual = cwd.absolute() / FILE_NAME
    return usual if usual.exists() else None


@attrs.frozen
class _Overrides:
    """What stands above the file: the command line's options, then the environment's."""

    environ: Mapping[str, str] = attrs.field(repr=False)
    cwd: Path
    bind: str | None = None
    state: str | None = None
    workers: str | None = None

    def bound(self, config: Config) -> Config:
        """The configuration with the address that was asked for."""
        option, text = self._given("--bind", self.bind, "HEDGEROW_BIND")
        if text is None:
            return config
        try:
            host, port = parse_bind(text)
        except ValueError as problem:
            raise ConfigErrors([ConfigError(option, str(problem))]) from None
        return attrs.evolve(config, server=attrs.evolve(config.server, host=host, port=port))

    def kept(self, config: Config) -> Config:
        """The configuration with the state that was asked for."""
        option, text = self._given("--state", self.state, "HEDGEROW_STATE")
        if text is None:
            return config
        try:
            url = state_url(text, self.environ, self.cwd)
        except Mistake as problem:
            error = ConfigError(option, str(problem), problem.suggestion)
            raise ConfigErrors([error]) from None
        return attrs.evolve(config, state=attrs.evolve(config.state, url=url))

    def multiplied(self, config: Config) -> Config:
        """The configuration with the number of processes that was asked for."""
        option, text = self._given("--workers", self.workers, "HEDGEROW_WORKERS")
        if text is None:
            return config
        try:
            workers = read_workers(_number(text))
        except Mistake as problem:
            raise ConfigErrors([ConfigError(option, str(problem))]) from None
        return attrs.evolve(config, server=attrs.evolve(config.server, workers=workers))

    def quickened(self, config: Config) -> Config:
        """The configuration with the parts that were asked for."""
        text = self.environ.get("HEDGEROW_FAST")
        if not text:
            return config
        try:
            parts = parse_parts(text)
        except ValueError as problem:
            raise ConfigErrors([ConfigError("HEDGEROW_FAST", str(problem))]) from None
        return attrs.evolve(config, server=attrs.evolve(config.server, fast=parts))

    def _given(self, option: str, value: str | None, variable: str) -> tuple[str, str | None]:
        if value is not None:
            return option, value
        return variable, self.environ.get(variable) or None


def _number(text: str) -> int | str:
    """The number in the text, or the text if there is none."""
    try:
        return int(text)
    except ValueError:
        return text


def _load(path: Path | None, overrides: _Overrides) -> Config:
    """Each step in turn, on past those that fail, so that the mistakes of all are told together."""
    environ = overrides.environ
    config = Config()
    errors: list[ConfigError] = []
    for step in (
        lambda _: config_file.load(path, environ) if path else _without_file(environ),
        overrides.bound,
        overrides.kept,
        overrides.multiplied,
        overrides.quickened,
        lambda config: attrs.evolve(config, providers=behind_proxy(config.providers, environ)),
    ):
        try:
            config = step(config)
        except ConfigErrors as problem:
            errors += problem.errors
    if errors:
        raise ConfigErrors(errors)
    return config


def _without_file(environ: Mapping[str, str]) -> Config:
    found = find_providers(environ)
    return Config(
        state=StateConfig(default_state_url(environ)),
        providers=found.providers,
        simulated=only_simulated(found.providers),
        warnings=found.warnings,
    )
