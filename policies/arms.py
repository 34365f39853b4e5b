"""Which requests explore, and each request's coin: chance that can be thrown again.

All of it is a keyed hash of the request's id. Who sends the request cannot choose its arm, whoever
holds the secret can derive every decision of a recorded race again, and no generator's state is
shared between processes. Three numbers of one digest are independent for all that anybody can tell.
"""

from hashlib import blake2b
from struct import Struct

import attrs

from policies.features import Arm
from policies.settings import Explore

LEAST = 2.0**-53  # between two of the numbers
_three = Struct(">QQQ").unpack


@attrs.frozen
class Assignment:
    """What a request is used for: `audit` lets its losers run on to their first token."""

    arm: Arm = "none"
    audit: bool = False


_UNUSED = Assignment()


def assign(secret: bytes, request: str, explore: Explore) -> Assignment:
    """The arm of a request by its id; each arm has the share that `explore` gives it."""
    return throw(secret, request, explore)[0]


def throw(secret: bytes, request: str, explore: Explore) -> tuple[Assignment, float]:
    """A request's arm and its coin, from one digest."""
    where, audited, thrown = _uniform(secret, request)
    if not (explore.control or explore.dual or explore.audit):
        return _UNUSED, thrown
    return Assignment(_arm(where, explore), audited < explore.audit), thrown


def coin(secret: bytes, request: str) -> float:
    """The request's coin, uniform in [0, 1) and independent of its arm."""
    return _uniform(secret, request)[2]


def _arm(where: float, explore: Explore) -> Arm:
    if where < explore.control:
        return "control"
    return "dual" if where < explore.control + explore.dual else "none"


def _uniform(secret: bytes, request: str) -> tuple[float, float, float]:
    # BLAKE2b takes a key of at most 64 bytes; `person` keeps this use of the secret apart from others.
    keyed = blake2b(request.encode(), key=secret[:64], digest_size=24, person=b"arms")
    where, audited, thrown = _three(keyed.digest())
    # 53 bits are what a float below 1 holds exactly; with more it could be rounded up to 1.
    return (where >> 11) * LEAST, (audited >> 11) * LEAST, (thrown >> 11) * LEAST
