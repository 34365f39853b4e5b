"""The freeze on hedging where things fail: gRPC's retry throttling, one count of tokens a domain.

A failure takes a whole token of ten, a success gives back a tenth; at half or below nobody hedges to
the domain. So it freezes while more than about one call in eleven fails, and a domain that broke
wholly needs fifty good answers before it is hedged to again. Primaries are not kept away: that is the
business of its health.
"""

import attrs

FULL = 100  # ten tokens, counted in tenths
FROZEN = 50


@attrs.define(eq=False)
class Throttle:
    """The tokens of every domain that has fewer than all of them."""

    _tenths: dict[str, int] = attrs.field(factory=dict, init=False)

    def failed(self, domain: str) -> None:
        """A call failed in a way that another try may cure: not a wrong request, not a lost race."""
        self._tenths[domain] = max(0, self._tenths.get(domain, FULL) - 10)

    def succeeded(self, domain: str) -> None:
        """A call was answered."""
        tenths = self._tenths.get(domain)
        if tenths is None:
            return
        if tenths + 1 >= FULL:
            del self._tenths[domain]
        else:
            self._tenths[domain] = tenths + 1

    def frozen(self, domain: str) -> bool:
        """Whether no hedge may go there now."""
        return self._tenths.get(domain, FULL) <= FROZEN
