"""Which side of an experiment a request is on: drawn with a key, so that nobody can choose it.

The draw is of whatever the experiment is by: each request by itself, or all of a project, a user or a
conversation alike. It is apart from the draws of exploration (`arms`): knowing one tells nothing of the other.
"""

from hashlib import blake2b
from typing import Literal, TypeAlias

import attrs

Side: TypeAlias = Literal["incumbent", "candidate", "control"]
Unit: TypeAlias = Literal["request", "project", "user", "affinity"]

INCUMBENT: Side = "incumbent"
CANDIDATE: Side = "candidate"
CONTROL: Side = "control"
_WHOLE = 2.0**64


@attrs.frozen
class Shares:
    """How many requests the candidate gets and how many are never hedged; the incumbent has the rest."""

    candidate: float
    control: float = 0.0

    @property
    def fair(self) -> float:
        """The candidate's share of what candidate and incumbent have together."""
        return self.candidate / (1.0 - self.control)


def side(secret: bytes, experiment: str, unit: str, shares: Shares) -> Side:
    """The side of a unit; the same for ever."""
    drawn = _uniform(secret, experiment, unit)
    if drawn < shares.candidate:
        return CANDIDATE
    return CONTROL if drawn >= 1.0 - shares.control else INCUMBENT


def hashed(secret: bytes, unit: str) -> str:
    """A unit's name for the journal, which does not tell it: 16 hex digits."""
    return blake2b(unit.encode(), key=secret[:64], digest_size=8, person=b"unit").hexdigest()


def _uniform(secret: bytes, experiment: str, unit: str) -> float:
    # BLAKE2b takes a key of at most 64 bytes; `person` keeps this use of the secret apart from others.
    text = f"{len(experiment)}:{experiment}{unit}".encode()
    drawn = blake2b(text, key=secret[:64], digest_size=8, person=b"sides")
    return int.from_bytes(drawn.digest(), "big") / _WHOLE
