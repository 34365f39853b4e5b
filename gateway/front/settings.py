"""What an operator may decide about the front, and its translation for Hypercorn's classes."""

import logging

import attrs
from hypercorn.config import Config

WEBSOCKET_MESSAGE_LIMIT = 1024 * 1024
WEBSOCKET_PING_INTERVAL = 20.0


@attrs.frozen
class FrontSettings:
    """Limits on connections and requests. Durations are seconds, sizes bytes.

    `first_byte` is how long a new connection may stay silent, `keep_alive` how long a used one;
    `header_timeout` bounds a request's head from its first byte to its last. `body_idle` and `write_timeout`
    fire when that long nothing moved, not on the whole. `grace` is what running requests get after a stop.
    Where not `fast`, Hypercorn's protocol and h11 carry every exchange, and not websockets only.
    """

    max_connections: int = 10_000
    first_byte: float = 30.0
    keep_alive: float = 75.0
    header_timeout: float = 10.0
    body_idle: float = 60.0
    write_timeout: float = 30.0
    grace: float = 30.0
    max_header_bytes: int = 64 * 1024
    max_headers: int = 200
    fast: bool = True


def hypercorn_config(logger: logging.Logger) -> Config:
    """What Hypercorn's protocol classes are told. Timeouts and limits on heads are ours, not theirs."""
    config = Config()
    config.errorlog = logger
    config.include_server_header = False
    config.websocket_max_message_size = WEBSOCKET_MESSAGE_LIMIT
    config.websocket_ping_interval = WEBSOCKET_PING_INTERVAL
    return config
