"""Why something is left out, until when, and who tries it again first."""

from typing import Literal, TypeAlias

import attrs

from policies.target import Target

State: TypeAlias = Literal[
    "active", "cooling", "ejected", "probation", "exhausted", "invalid", "draining"
]
Reason: TypeAlias = Literal[
    "invalid", "missing", "exhausted", "pressed", "cooling", "unreachable", "ejected"
]
Scope: TypeAlias = tuple[str, ...]

STATES: dict[Reason, State] = {
    "invalid": "invalid",
    "missing": "invalid",
    "exhausted": "exhausted",
    "pressed": "cooling",
    "cooling": "cooling",
    "unreachable": "ejected",
    "ejected": "ejected",
}

_ORDER = {reason: position for position, reason in enumerate(STATES)}


def scope(reason: Reason, target: Target) -> Scope:
    """What a rest of the target for this reason concerns.

    A key or one of its models, a domain or one of its models, or everything of a provider.
    """
    return scopes(target)[_ORDER[reason]]


def scopes(target: Target) -> tuple[Scope, ...]:
    """All that may keep calls from the target, the gravest first."""
    key, domain, model = target.key, target.domain, target.model
    return (
        ("invalid", key),
        ("missing", key, model),
        ("exhausted", domain),
        ("pressed", target.provider),
        ("cooling", domain, model),
        ("unreachable", domain),
        ("ejected", key),
    )


@attrs.define(eq=False)
class Rest:
    """One reason why something is left out; `row` is how often in a row.

    When `until` has passed, a cooled domain takes calls again at once; everything else is on
    probation: one attempt at a time, until one of them is answered.
    """

    reason: Reason
    since: float
    until: float
    row: int = 1
    probed: bool = False

    @property
    def state(self) -> State:
        """The state to show."""
        return STATES[self.reason]

    @property
    def has_probation(self) -> bool:
        """Whether one attempt is tried when its time has passed, before all are welcome."""
        return self.reason != "cooling"

    def over(self, now: float) -> bool:
        """Whether its time has passed (it may still be on probation)."""
        return now >= self.until

    def bars(self, now: float) -> bool:
        """Whether it keeps a call away now."""
        return self.probed or not self.over(now)

    def disproved(self, begun: float, now: float) -> bool:
        """Whether the answer to a call begun then ends it. A 429 is over when its time is."""
        return begun > self.since and (self.state != "cooling" or self.over(now))

    def claim(self, now: float) -> bool:
        """Takes the one place that probation has, if there is one to take."""
        if not self.has_probation or self.bars(now):
            return False
        self.probed = True
        return True


@attrs.frozen
class Transition:
    """A change of a key's state, for the journal and the metrics.

    It concerns the key and all its models; where `model` is given only that model, where `domain` is
    given every key of that domain, and where `provider` is given every key of that provider. `until`
    is on the clock of the `now` handed in; that it has passed is not told again.
    """

    key: str
    was: State
    to: State
    why: str
    until: float | None = None
    model: str | None = None
    domain: str | None = None
    provider: str | None = None


@attrs.frozen
class Rested:
    """A rest began: what another process needs to know, in order to keep to it too.

    Times are on the clock of the `now` handed in, as in all of these.
    """

    at: Scope
    reason: Reason
    since: float
    until: float
    row: int = 1


@attrs.frozen
class Lifted:
    """The rest at this place is over: an attempt that began at `begun` was answered."""

    at: Scope
    begun: float


@attrs.frozen
class Drained:
    """The operator took a key out of the pool, or put it back."""

    key: str
    draining: bool


Told: TypeAlias = Rested | Lifted | Drained
"""What one process tells others of the health of keys."""
