"""When it is not one key that cannot be reached but its whole domain.

Keys of a domain share an endpoint: when two of them in a row get no connection, the third and its
brothers need not each fail three times to show it. Whatever was answered between, even with an
error, shows that the endpoint is there.
"""

from collections.abc import Collection

import attrs

from policies.target import Target


@attrs.frozen
class _Unreached:
    key: str
    at: float


@attrs.define(eq=False)
class Outage:
    """The key of each domain that could not be reached, while nothing was answered since."""

    _unreached: dict[str, _Unreached] = attrs.field(factory=dict)

    def unreachable(self, target: Target, now: float) -> bool:
        """The key got no connection. Says whether another one of its domain got none before."""
        before = self._unreached.setdefault(target.domain, _Unreached(target.key, now))
        if before.key == target.key:
            return False
        del self._unreached[target.domain]
        return True

    def answered(self, target: Target, begun: float) -> None:
        """An attempt that began at `begun` was answered; an old stream's end says nothing."""
        before = self._unreached.get(target.domain)
        if before is not None and begun >= before.at:
            del self._unreached[target.domain]

    def retain(self, domains: Collection[str]) -> None:
        """Forgets all other domains."""
        self._unreached = {name: was for name, was in self._unreached.items() if name in domains}
