"""What health promises in any order of attempts, errors and pauses."""

import random

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from policies.health import Health
from policies.rest import STATES, scopes
from policies.target import Target
from providers import errors
from providers.errors import RateLimited, UpstreamFailed

TARGETS = tuple(
    Target(f"{domain}-{number}", domain[0], domain, model)
    for domain, keys in (("a1", 2), ("a2", 2), ("b1", 1))
    for number in range(keys)
    for model in ("m", "n")
)
ROUTES = [[target for target in TARGETS if target.model == model] for model in ("m", "n")]
LIMITS = (RateLimited("slow down", status=429), RateLimited("slow down", retry_after=7.0))
FAILURES = (
    UpstreamFailed("broke", status=500),
    UpstreamFailed("busy", status=503, retry_after=3.0),
    errors.Unreachable("no route"),
    errors.TimedOut("silent", clock="first_token"),
)
OTHERS = (
    errors.TimedOut("too long", clock="total"),
    errors.RequestRejected("bad", status=400),
    errors.ModelMissing("what?", status=404),
    errors.QuotaExhausted("no money", status=402),
    errors.CredentialRejected("who?", status=401),
)
STORMS = st.sampled_from((*LIMITS, *FAILURES))
ENDS = st.sampled_from((*[None] * 8, *LIMITS * 3, *FAILURES * 3, *OTHERS))

ARROWS = {
    "active": {"active", "resting"},
    "resting": {"resting"},
    "probation": {"probation", "resting", "active"},
}


class HealthMachine(RuleBasedStateMachine):
    """One probe at a time, none of them for ever, a route that ejection never empties."""

    def __init__(self):
        super().__init__()
        self.health, self.chance, self.now = Health(), random.Random(1), 0.0
        self.health.retain(TARGETS)
        self.running = []

    @property
    def usable(self):
        health, now = self.health, self.now
        good = [t for t in TARGETS if health.available(t, now)]
        return good or [t for t in TARGETS if health.ejected(t, now)]

    def phases(self):
        """What each rest is at, by what it concerns."""
        return {at: self.phase(at) for target in TARGETS for at in scopes(target)}

    def phase(self, at):
        rest = self.health._rests.get(at)
        if rest is None:
            return "active"
        if not rest.over(self.now):
            return "resting"
        return "probation" if rest.has_probation else "active"

    @precondition(lambda self: self.usable)
    @rule(data=st.data())
    def start(self, data):
        target = data.draw(st.sampled_from(self.usable))
        self.running.append((target, self.health.begin(target, self.now), self.now))

    @precondition(lambda self: self.running)
    @rule(data=st.data(), error=ENDS)
    def end(self, data, error):
        position = data.draw(st.integers(0, len(self.running) - 1))
        self.finish(self.running.pop(position), error)

    @rule(error=STORMS)
    def storm(self, error):
        """Everything that can be called is, and meets the same."""
        calls = [(t, self.health.begin(t, self.now), self.now) for t in self.usable]
        self.now += 0.1
        for call in calls:
            self.finish(call, error)

    def finish(self, call, error):
        target, claim, begun = call
        before, counted = self.phases(), self.counts()
        self.health.release(claim)
        changes = self.health.observe(target, error, self.now, self.chance, begun=begun)
        for at, was in before.items():
            if error is None and STATES[at[0]] == "ejected" and self.phase(at) == "active":
                continue  # used in need, before its time was over, and answered
            assert self.phase(at) in ARROWS[was], at
        assert all(change.until is None or change.until > self.now for change in changes)
        if isinstance(error, RateLimited):
            assert self.counts() == counted
            assert {change.to for change in changes} <= {"cooling"}

    @precondition(lambda self: self.running)
    @rule(data=st.data())
    def lose(self, data):
        """A lost race or a client that left: no verdict."""
        _, claim, _ = self.running.pop(data.draw(st.integers(0, len(self.running) - 1)))
        self.health.release(claim)

    @rule(seconds=st.sampled_from([0.1, 1.0, 5.0, 30.0, 400.0, 4000.0]))
    def wait(self, seconds):
        before = self.phases()
        self.now += seconds
        for at, was in before.items():
            now = self.phase(at)
            cooled = at[0] == "cooling" and (was, now) == ("resting", "active")
            assert now == was or cooled or (was, now) == ("resting", "probation")

    def counts(self):
        return {
            at: (record.failures, record.recent(self.now))
            for at, record in self.health._records.items()
        }

    @invariant()
    def a_place_on_probation_is_held_by_one_attempt_or_nobody(self):
        held = [id(rest) for _, claim, _ in self.running for rest in claim]
        assert len(held) == len(set(held))
        probed = {id(rest) for rest in self.health._rests.values() if rest.probed}
        assert probed <= set(held)

    @invariant()
    def while_a_common_rate_limit_is_tried_nobody_else_calls_the_provider(self):
        for target in TARGETS:
            rest = self.health._rests.get(("pressed", target.provider))
            if rest is not None and rest.probed:
                assert not self.health.available(target, self.now)

    @invariant()
    def ejection_alone_never_empties_a_route(self):
        health, now = self.health, self.now
        for route in ROUTES:
            barred = {
                rest.state for t in route for rest in health._barring(t, now) if rest.bars(now)
            }
            if barred <= {"ejected"}:
                open_ = [t for t in route if health.available(t, now)]
                assert open_ or health.overflow(route, now)
                assert len(open_) + len(health.overflow(route, now)) >= len(route) / 2

    @invariant()
    def the_wait_is_over_exactly_when_somebody_can_be_called(self):
        soonest = self.health.soonest(TARGETS, self.now)
        assert (soonest == 0.0) is bool(self.usable)


TestHealthMachine = HealthMachine.TestCase
TestHealthMachine.settings = settings(
    max_examples=60, stateful_step_count=40, deadline=None, derandomize=True
)
