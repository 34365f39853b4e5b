"""What is said about a request in its response's headers, gathered while it travels.

One `Trail` a request, made when its head arrived, so that even a 404 has a request id.
"""

import random
import time
from collections.abc import Callable, Mapping
from typing import Literal, TypeAlias

import attrs

Hedged: TypeAlias = Literal["no", "won", "lost"]


_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS = [one + other for one in _DIGITS for other in _DIGITS]
_SHIFTS = range(120, -1, -10)


def new_request_id(
    clock: Callable[[], float] = time.time, chance: Callable[[int], int] = random.getrandbits
) -> str:
    """A unique name for a request, sortable by time: `req_` and a ULID (github.com/ulid/spec).

    48 bits of Unix milliseconds and `chance` of 80 bits, in 26 of Crockford's digits. Two digits at a time:
    the library takes ten times as long, which is two per cent of a request. It is no secret, so that no system
    call is needed for it.
    """
    number = int(clock() * 1000) << 80 | chance(80)
    return "req_" + "".join([_PAIRS[number >> shift & 1023] for shift in _SHIFTS])


@attrs.define(eq=False)
class Trail:
    """Mutable on purpose: auth, limits and the race each add what they know.

    `arrived` is on Trio's clock. `upstream` is how many seconds of the wait were the upstreams', `ttft` the
    seconds from arrival to the commit. `why_not_hedged` is why there must be no hedge, or why the wanted one
    was refused. `limits` are ready-made `x-ratelimit-*` headers; `dropped` the parameters that the winner was
    not told.
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
    dropped: tuple[str, ...] = ()

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
        if self.dropped:
            headers["x-hedgerow-dropped"] = ", ".join(map(_shown, self.dropped))
        return headers | dict(self.limits)


def _shown(name: str) -> str:
    """A client's word, fit for a header."""
    return "".join(letter for letter in name[:64] if letter.isascii() and letter.isprintable())
