"""What each worker gets of what is divided."""

import attrs

from gateway.config import Config, ProviderConfig, ServerConfig
from gateway.workers.share import share

PROVIDER = ProviderConfig("p", "openai", "http://u", "p", (), max_concurrent=5)


def test_connections_and_calls_on_a_key_are_divided() -> None:
    """Rounded up, so that there is one at least; everything else is as it was."""
    config = Config(server=ServerConfig(max_connections=10, workers=4), providers=(PROVIDER,))
    own = share(config)
    assert own.server.max_connections == 3
    assert own.providers[0].max_concurrent == 2
    server = attrs.evolve(own.server, max_connections=10)
    assert attrs.evolve(own, server=server, providers=config.providers) == config
    assert share(attrs.evolve(config, server=ServerConfig())).providers == (PROVIDER,)
