"""The environment's proxy, for providers that name none: HTTPS_PROXY and NO_PROXY, as everywhere.

Only for https: the call is tunnelled, so the proxy sees a host's name and never a credential. What HTTP_PROXY
says is not followed, for it would be handed the credentials of plain calls.
"""

from collections.abc import Mapping
from urllib.parse import urlsplit
from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined] # in no stub

import attrs

from gateway.config import ProviderConfig
from gateway.config_errors import ConfigError, ConfigErrors, Mistake
from gateway.config_values import read_proxy

_NAMES = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")


def behind_proxy(
    providers: tuple[ProviderConfig, ...], environ: Mapping[str, str]
) -> tuple[ProviderConfig, ...]:
    """The providers, those behind the environment's proxy that are to be reached by it.

    Raises:
        ConfigErrors: the variable holds no address of a proxy.
    """
    variable = next((name for name in _NAMES if environ.get(name)), None)
    if variable is None:
        return providers
    written = environ[variable]
    try:
        proxy = read_proxy(written if "://" in written else f"http://{written}")
    except Mistake as mistake:
        raise ConfigErrors([ConfigError(variable, str(mistake))]) from None
    besides = {"no": environ.get("no_proxy") or environ.get("NO_PROXY") or ""}
    return tuple(_behind(provider, proxy, besides) for provider in providers)


def _behind(provider: ProviderConfig, proxy: str, besides: dict[str, str]) -> ProviderConfig:
    url = urlsplit(provider.base_url or "")
    straight = url.scheme != "https" or provider.way.proxy or provider.way.unix
    if straight or proxy_bypass_environment(url.netloc, besides):
        return provider
    return attrs.evolve(provider, way=attrs.evolve(provider.way, proxy=proxy))
