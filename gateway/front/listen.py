"""Listening sockets, and one clear error where an address cannot be had."""

import trio

HIGHEST_PORT = 65535


class AddressUnavailable(OSError):
    """The address cannot be listened on. The message names it and says why."""


async def bind(host: str, port: int, backlog: int = 2048) -> list[trio.SocketListener]:
    """Listens on `host` (a name may give several addresses) and `port` (0: any free one).

    Raises:
        AddressUnavailable: the address is in use, not ours, or not an address.
    """
    if not 0 <= port <= HIGHEST_PORT:  # the resolver would cut it down to 16 bits
        raise AddressUnavailable(f"Cannot listen on {host}:{port}: no such port")
    try:
        return await trio.open_tcp_listeners(port, host=host, backlog=backlog)
    except OSError as error:
        reason = error.strerror or str(error)
        raise AddressUnavailable(f"Cannot listen on {host}:{port}: {reason}") from error
