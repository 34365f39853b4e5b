"""One worker's share of what is limited for the whole gateway, and cheap enough to be divided for good."""

import math

import attrs

from gateway.config import Config


def share(config: Config) -> Config:
    """The configuration that each worker serves by: connections and calls on each key, rounded up.

    Whole shares, and not what the others leave: the kernel deals connections out evenly, and a key's
    calls follow from them.
    """
    workers = config.server.workers
    providers = tuple(
        attrs.evolve(each, max_concurrent=math.ceil(each.max_concurrent / workers))
        for each in config.providers
    )
    most = math.ceil(config.server.max_connections / workers)
    server = attrs.evolve(config.server, max_connections=most)
    return attrs.evolve(config, server=server, providers=providers)
