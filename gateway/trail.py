"""What is said about a request in its response's headers, gathered while it travels.

One `Trail` a request, made when its head arrived, so that even a 404 has a request id.
"""

from collections.abc import Mapping
from typing import Literal, TypeAlias

import attrs
from ulid import ULID

Hedged: TypeAlias = Literal["no", "won", "lost"]


def new_request_id() -> str:
    """A sortable, unique name for a request."""
    return f"req_{ULID()}"


@attrs.define(eq=False)
class Trail:
    """Mutable on purpose: auth, limits and the race each add what they know.

    `arrived` is on Trio's clock. `upstream` is how many seconds of the wait were the upstreams', `ttft` the
    seconds from arrival to the commit. `why_not_hedged` is why there must be no hedge, or why the wanted one
    was refused. `limits` are ready-made `x-ratelimit-*` headers.
    """

    arrived: float
    id: str = attrs.field(factory=new_request_id)
    attempts: int = 0
    winner: str | None = None
    hedged: Hedged = "no"
    why_not_hedged: str | None = None
    upstream: float = 0.0
    ttft: float | None = None
    policy: str | None = None
    limits: Mapping[str, str] = attrs.field(factory=dict)

    def headers(self, now: float) -> dict[str, str]:
        """The headers of DESIGN §8, true as of `now`: nothing of the body has been sent yet."""
        # To the first token: what a whole answer takes from there is the upstream's time again.
        spent = now - self.arrived if self.ttft is None else self.ttft
        overhead = max(0.0, spent - self.upstream) * 1000
        timing = [f"gw;dur={overhead:.2f}", f"upstream;dur={self.upstream * 1000:.1f}"]
        if self.ttft is not None:
            timing.append(f"ttft;dur={self.ttft * 1000:.1f}")
        headers = {
            "x-request-id": self.id,
            "x-hedgerow-attempts": str(self.attempts),
            "x-hedgerow-hedged": self.hedged,
            "x-hedgerow-overhead-ms": f"{overhead:.2f}",
            "server-timing": ", ".join(timing),
        }
        if self.winner is not None:
            headers["x-hedgerow-winner"] = self.winner
        if self.hedged == "no" and self.why_not_hedged is not None:
            headers["x-hedgerow-hedge-reason"] = self.why_not_hedged
        if self.policy is not None:
            headers["x-hedgerow-policy"] = self.policy
        return headers | dict(self.limits)
