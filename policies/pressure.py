"""When a rate limit is not one domain's but the provider's.

Domains have limits of their own, so that all of a provider's refuse within seconds is no coincidence:
it sheds load, or it counts us as one. Then every domain's own back-off would be a guess of its own,
and all would end in the same moment; the provider gets one instead.
"""

import math
from collections.abc import Collection

import attrs

from policies.target import Target

SPAN = 10.0  # seconds within which all of a provider's domains push back together


@attrs.define(eq=False)
class Pressure:
    """When each domain last pushed back, by provider."""

    _pushed: dict[str, dict[str, float]] = attrs.field(factory=dict)

    def pushed_back(self, target: Target, now: float, domains: Collection[str]) -> bool:
        """The target's domain refused for a rate limit. Says whether all `domains` did lately.

        They are all that the provider has; where that is only one, a rate limit is its own.
        """
        pushed = self._pushed.setdefault(target.provider, {})
        pushed[target.domain] = now
        if len(domains) < 2 or any(now - pushed.get(name, -math.inf) > SPAN for name in domains):
            return False
        del self._pushed[target.provider]
        return True

    def retain(self, providers: Collection[str]) -> None:
        """Forgets all other providers."""
        self._pushed = {name: was for name, was in self._pushed.items() if name in providers}
