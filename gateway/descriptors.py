"""The process's limit on open files. Here they are sockets: a client's and an upstream's for each request.

Systems start programs with 1,024, for the sake of old ones that count on it; this one does not.
"""

import resource
from contextlib import suppress

ENOUGH = 65_536
"""Where the system sets no limit of its own, or an absurd one."""


def raise_limit() -> int:
    """Raises the limit as far as the system lets an ordinary process; gives what holds then."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = ENOUGH if hard == resource.RLIM_INFINITY else min(hard, ENOUGH)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]
