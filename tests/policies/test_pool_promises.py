"""The pool's promises hold in any order of attempts, outcomes and pauses."""

import random
from collections import Counter

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from policies.choosing import Wish
from policies.pool import Pool
from policies.target import Target
from providers import errors
from providers.errors import RateLimited, UpstreamFailed

FAILED = UpstreamFailed("broke", status=500)
A1 = Target("a-1", "a", "org-a", "m")
A2 = Target("a-2", "a", "org-a", "m")
A3 = Target("a-3", "a", "org-a2", "m")
B1 = Target("b-1", "b", "org-b", "m")
C1 = Target("c-1", "c", "org-c", "vendor/m")


class PoolMachine(RuleBasedStateMachine):
    """One probe at a time, exact load, a pool that ejection never empties, waits that are true."""

    ERRORS = (
        FAILED,
        RateLimited("slow down", status=429),
        RateLimited("slow down", retry_after=7.0),
        UpstreamFailed("busy", status=503, retry_after=3.0),
        errors.Unreachable("no route"),
        errors.TimedOut("silent", clock="first_token"),
        errors.RequestRejected("bad"),
        errors.ModelMissing("what?"),
        errors.QuotaExhausted("no money"),
        errors.CredentialRejected("who?", status=401),
    )

    def __init__(self):
        super().__init__()
        self.pool, self.chance, self.now = Pool(), random.Random(1), 0.0
        self.route = ((A1, A2, A3), (B1, C1))
        self.leases = []

    @property
    def targets(self):
        return [target for tier in self.route for target in tier]

    def pick(self, chance, **how):
        choice = self.pool.pick(Wish(self.route, **how), self.now, chance)
        return None if choice is None else choice.candidate.target

    @rule(used=st.sets(st.sampled_from(["a-1", "a-2", "a-3", "b-1", "c-1"]), max_size=4))
    def start(self, used):
        target = self.pick(self.chance, used=used)
        if target is not None:
            assert target.key not in used
            self.leases.append(self.pool.begin(target, self.now))

    @precondition(lambda self: self.leases)
    @rule(data=st.data(), error=st.sampled_from(ERRORS), again=st.booleans())
    def end(self, data, error, again):
        lease = self.leases.pop(data.draw(st.integers(0, len(self.leases) - 1)))
        outcome = data.draw(st.sampled_from(["won", "lost", "failed", "timeout", "client_gone"]))
        if outcome == "won":
            self.pool.first(lease, self.now)
        held = [rest for rest in lease.claim if rest.probed]
        assert len(held) == len(lease.claim), "a claim was released by somebody else"
        changes = self.pool.finish(lease, outcome, self.now, self.chance, error)
        assert not any(rest.probed for rest in held)
        for change in changes:
            assert change.until is None or change.until > self.now
        if again:
            assert self.pool.finish(lease, "failed", self.now, self.chance, FAILED) == ()

    @rule(seconds=st.sampled_from([0.1, 1.0, 5.0, 30.0, 400.0, 4000.0]))
    def wait(self, seconds):
        self.now += seconds

    @invariant()
    def one_probe_at_a_time(self):
        held = [id(rest) for lease in self.leases for rest in lease.claim]
        assert len(held) == len(set(held))

    @invariant()
    def load_is_what_runs(self):
        running = Counter(lease.target.key for lease in self.leases)
        assert all(self.pool.chooser.load.of(t.key) == running[t.key] for t in self.targets)

    @invariant()
    def ejection_alone_never_empties_the_pool(self):
        usable = [
            target
            for target in self.targets
            if self.pool.chooser.health.available(target, self.now)
            or self.pool.chooser.health.ejected(target, self.now)
        ]
        target = self.pick(random.Random(1))
        assert (target in usable) if usable else target is None

    @invariant()
    def waiting_and_picking_agree(self):
        soonest = self.pool.soonest(self.route, self.now)
        target = self.pick(random.Random(1))
        assert soonest is not None
        assert (soonest == 0.0) is (target is not None)


TestPoolMachine = PoolMachine.TestCase
TestPoolMachine.settings = settings(
    max_examples=50, stateful_step_count=40, deadline=None, derandomize=True
)
