"""Why something is left out, until when, and who tries it again first."""

from typing import Literal, TypeAlias

import attrs

from policies.target import Target

State: TypeAlias = Literal[
    "active", "cooling", "ejected", "probation", "exhausted", "invalid", "draining"
]
Reason: TypeAlias = Literal["invalid", "missing", "exhausted", "cooling", "ejected"]
Scope: TypeAlias = tuple[str, ...]

STATES: dict[Reason, State] = {
    "invalid": "invalid",
    "missing": "invalid",
    "exhausted": "exhausted",
    "cooling": "cooling",
    "ejected": "ejected",
}


def scope(reason: Reason, target: Target) -> Scope:
    """What a rest of the target for this reason concerns: its key or domain, and maybe its model."""
    if reason in {"invalid", "ejected"}:
        return reason, target.key
    if reason == "exhausted":
        return reason, target.domain
    return reason, target.key if reason == "missing" else target.domain, target.model


def scopes(target: Target) -> tuple[Scope, ...]:
    """All that may keep calls from the target, the gravest first."""
    return tuple(scope(reason, target) for reason in STATES)


@attrs.define(eq=False)
class Rest:
    """One reason why a key, a key's model or a whole domain is left out; `row` is how often in a
    row.

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

    def over(self, now: float) -> bool:
        """Whether its time has passed (it may still be on probation)."""
        return now >= self.until

    def bars(self, now: float) -> bool:
        """Whether it keeps a call away now."""
        return self.probed or not self.over(now)

    def claim(self, now: float) -> bool:
        """Takes the one place that probation has, if there is one to take."""
        if self.reason == "cooling" or self.bars(now):
            return False
        self.probed = True
        return True


@attrs.frozen
class Transition:
    """A change of a key's state, for the journal and the metrics.

    It concerns the key and all its models; where `model` is given only that model, and where
    `domain` is given every key of that domain. `until` is on the clock of the `now` handed in; that
    it has passed is not told again.
    """

    key: str
    was: State
    to: State
    why: str
    until: float | None = None
    model: str | None = None
    domain: str | None = None
