"""Which policy a request has where experiments run or their winners were applied.

What runs is told by the journal, so that an experiment begins and ends in every process within the time in
which journals are followed, and without a restart. Without any of it a request pays one comparison.
"""

from collections.abc import Iterator

import attrs
import msgspec

from gateway.catalog import allowed
from policies.settings import Policy
from policies.sides import CANDIDATE, CONTROL, Shares, hashed, side
from policies.verdict import Terms
from state.experiment_records import ExperimentStarted
from state.experiments import Experiments

_policy = msgspec.json.Decoder(Policy).decode


def encoded(policy: Policy) -> str:
    """A policy as the journal keeps it."""
    return msgspec.json.encode(policy).decode()


def decoded(text: str, name: str) -> Policy:
    """The policy that the journal kept, by a name."""
    return attrs.evolve(_policy(text), name=name)


def terms_of(started: ExperimentStarted) -> Terms:
    """What the experiment is judged by."""
    return Terms(
        shares=Shares(started.share, started.control),
        threshold=started.threshold_ms,
        slow=started.slow_ms,
        budget=decoded(started.candidate, started.policy).hedge.budget,
        alpha=started.alpha,
    )


@attrs.frozen
class Placed:
    """Where a request stands: its policy, and its side of an experiment, if it is in one."""

    policy: Policy
    experiment: str = ""
    side: str = ""
    unit: str = ""


@attrs.frozen
class Who:
    """Whatever a side may be drawn for: the request's id, its project, its user, its conversation."""

    request: str
    project: str
    user: str | None
    affinity: str | None

    def unit(self, by: str) -> str:
        """What is drawn for; a request that has no such thing is drawn for by itself."""
        known = {"project": self.project, "user": self.user, "affinity": self.affinity}
        return known.get(by) or self.request


@attrs.frozen
class _Trial:
    started: ExperimentStarted
    candidate: Policy
    shares: Shares


@attrs.define(eq=False)
class Trials:
    """The experiments and applied policies of one process, read again whenever they change."""

    told: Experiments
    secret: bytes = attrs.field(repr=False)
    _version: int = 0
    _running: tuple[_Trial, ...] = ()
    _applied: tuple[tuple[tuple[str, ...], Policy], ...] = ()
    _controls: dict[str, tuple[Policy, Policy]] = attrs.field(factory=dict)

    @property
    def idle(self) -> bool:
        """Whether there are none, so that every request has its configured policy."""
        if self.told.version != self._version:
            self._version = self.told.version
            self._running = tuple(_read(self.told))
            self._applied = tuple(
                (each.models, decoded(each.policy, f"applied:{each.experiment}"))
                for each in self.told.applied
            )
        return not self._running and not self._applied

    def place(self, model: str, configured: Policy, who: Who) -> Placed:
        """The policy of a request for a model, and its side."""
        applied = next((p for models, p in self._applied if allowed(model, models)), configured)
        trial = next((t for t in self._running if allowed(model, t.started.models)), None)
        if trial is None:
            return Placed(applied)
        by, name = trial.started.unit, trial.started.experiment
        unit = who.unit(by)
        drawn = side(self.secret, name, unit, trial.shares)
        told = "" if by == "request" else hashed(self.secret, unit)
        if drawn == CANDIDATE:
            return Placed(trial.candidate, name, drawn, told)
        return Placed(self._control(applied) if drawn == CONTROL else applied, name, drawn, told)

    def _control(self, policy: Policy) -> Policy:
        """The same policy without hedging; the same object each time, as others remember it by."""
        known = self._controls.get(policy.name)
        if known is None or known[0] is not policy:
            known = self._controls[policy.name] = (policy, _unhedged(policy))
        return known[1]


def _read(told: Experiments) -> Iterator[_Trial]:
    for started in told.running:
        candidate = decoded(started.candidate, f"{started.experiment}:{started.policy}")
        yield _Trial(started, candidate, Shares(started.share, started.control))


def _unhedged(policy: Policy) -> Policy:
    hedge = attrs.evolve(policy.hedge, policy="off")
    return attrs.evolve(policy, name=f"{policy.name}:control", hedge=hedge)
