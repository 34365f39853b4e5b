"""Whether the tuner tells the truth, where that can be computed: worlds, logs by the hundred, six policies.

For each world the truth is what a policy does to a million requests. Then logs of 20,000 requests are made
under a p95 policy with the usual exploration, and each is asked what the six policies would do, and which one
is best.
"""

from collections.abc import Sequence

import attrs
import numpy as np

from benchmarks.tuner.curves import Flags, Floats
from benchmarks.tuner.evidence import gather
from benchmarks.tuner.model import fit, forecast
from benchmarks.tuner.rules import NEVER, Rule
from benchmarks.tuner.search import Estimate, Fitted, best, estimate
from benchmarks.tuner.worlds import CONDITIONS, EXPLORE, Conditions, run
from providers.simulator.latency import PROFILES, Profile

K = 0.99
BUDGET = 0.05
LOGGED = Rule(delay=None, budget=BUDGET)
"""The policy that makes the logs: the p95 of the last ten minutes."""

PROFILE_NAMES = ("tight", "typical", "spiky", "heavy")

TARGETS: tuple[tuple[str, float, float, float], ...] = (
    ("no hedging", 1.0, 0.0, 0.0),
    ("p95, 5 %", 0.95, 1.0, 0.05),
    ("p90 for a half, 5 %", 0.90, 0.5, 0.05),
    ("p80 for a half, 10 %", 0.80, 0.5, 0.10),
    ("p98, 5 %", 0.98, 1.0, 0.05),
    ("p90, 10 %", 0.90, 1.0, 0.10),
)
"""Policies asked for: name, quantile at which a hedge starts, for which share of requests, with what budget."""

GRID = (0.40, 0.30, 0.20, 0.15, 0.10, 0.08, 0.06, 0.05, 0.04, 0.03, 0.02)
"""Shares of slower calls whose delays are tried in search of the true optimum."""


@attrs.frozen
class Size:
    """How much is run: requests a log, logs a world, requests for a truth, resamples a log. `picks` is of how
    many logs the recommended policy is run."""

    requests: int = 20_000
    logs: int = 200
    truth: int = 1_000_000
    resamples: int = 200
    picks: int = 20


@attrs.frozen
class Row:
    """One policy in one world: the true p99 in seconds, by what share the logs' mean estimate is off, the
    standard deviation of a single log's, and the share of intervals that hold the truth."""

    policy: str
    truth: float
    bias: float
    spread: float
    coverage: float


@attrs.frozen
class WorldResult:
    """One world. `excess` is by how much the recommended policies' true p99 exceeds the optimum: the mean, and
    `worst` the largest."""

    profile: str
    condition: str
    rows: tuple[Row, ...]
    optimum: float
    excess: float
    worst: float

    @property
    def bar(self) -> float:
        """How far off a mean estimate may be."""
        return 0.05 if self.condition in ("independent", "failures") else 0.10

    @property
    def misses(self) -> list[str]:
        """What is demanded and not so."""
        found = [
            f"{row.policy}: off by {100 * row.bias:+.1f} %"
            for row in self.rows
            if abs(row.bias) > self.bar
        ]
        found += [
            f"{row.policy}: {100 * row.coverage:.0f} % of intervals hold the truth"
            for row in self.rows
            if row.coverage < 0.90
        ]
        if self.worst > 0.10:
            found.append(f"a recommended policy is {100 * self.worst:.0f} % above the optimum")
        return found


def worlds() -> list[tuple[str, str]]:
    """All worlds: profiles by conditions."""
    return [(profile, condition) for profile in PROFILE_NAMES for condition in CONDITIONS]


def examine(profile_name: str, condition: str, size: Size, seed: int = 1) -> WorldResult:
    """Makes one world's logs and asks the tuner about them."""
    world = _World(PROFILES[profile_name], CONDITIONS[condition], size, seed)
    rules = world.targets()
    truths = np.array([world.truth(rule) for rule in rules])
    logs = [world.asked(rules, number) for number in range(size.logs)]
    values = np.array([[each.value for each in log.estimates] for log in logs])
    held = np.array(
        [
            [
                each.low <= truth <= each.high
                for each, truth in zip(log.estimates, truths, strict=True)
            ]
            for log in logs
        ]
    )
    optimum = world.optimum()
    picked = [world.truth(log.picked) / optimum - 1.0 for log in logs if log.picked is not None]
    return WorldResult(
        profile_name,
        condition,
        tuple(_rows(truths, values, held)),
        optimum,
        float(np.mean(picked)),
        float(np.max(picked)),
    )


def _rows(truths: Floats, values: Floats, held: Flags) -> list[Row]:
    off = values / truths - 1.0
    return [
        Row(
            name,
            float(truths[n]),
            float(off[:, n].mean()),
            float(off[:, n].std()),
            float(held[:, n].mean()),
        )
        for n, (name, *_) in enumerate(TARGETS)
    ]


@attrs.frozen
class _Asked:
    """What one log said of the policies, and which one it recommended, if it was asked."""

    estimates: tuple[Estimate, ...]
    picked: Rule | None


@attrs.define(eq=False)
class _World:
    """One profile under one condition. The truth of each policy is looked up once."""

    profile: Profile
    conditions: Conditions
    size: Size
    seed: int
    _truths: dict[Rule, float] = attrs.field(factory=dict)

    def truth(self, rule: Rule) -> float:
        """The p99 that a policy really has. All policies meet the same luck."""
        if rule not in self._truths:
            rng = np.random.default_rng(self.seed)
            samples = run(self.profile, self.conditions, rule, self.size.truth, rng)
            self._truths[rule] = float(np.quantile(samples.ttft, K))
        return self._truths[rule]

    def targets(self) -> list[Rule]:
        """The six policies, as delays in this world."""
        alone = self._alone()
        return [
            Rule(float(np.quantile(alone, p)), share, budget) if share else NEVER
            for _, p, share, budget in TARGETS
        ]

    def optimum(self) -> float:
        """The smallest p99 that any policy of the grid reaches within the budget."""
        alone = self._alone()
        delays = [(float(np.quantile(alone, 1.0 - share)), share) for share in GRID]
        rules = [Rule(delay, min(1.0, BUDGET / share), BUDGET) for delay, share in delays]
        return min(self.truth(rule) for rule in (NEVER, *rules))

    def asked(self, rules: Sequence[Rule], number: int) -> _Asked:
        """What the log with this number says."""
        rng = np.random.default_rng((self.seed, number + 1))
        samples = run(self.profile, self.conditions, LOGGED, self.size.requests, rng, EXPLORE)
        evidence = gather(samples)
        weights = evidence.drawn(self.size.resamples, rng)
        fitted = Fitted(fit(evidence, evidence.once()), fit(evidence, weights))
        said = tuple(
            estimate(
                forecast(fitted.once, rule).quantile(K),
                forecast(fitted.resampled, rule).quantile(K),
            )
            for rule in rules
        )
        picks = number < self.size.picks
        return _Asked(said, best(fitted, K, BUDGET, 10.0, 0.25).rule if picks else None)

    def _alone(self) -> Floats:
        rng = np.random.default_rng(self.seed)
        return run(self.profile, self.conditions, NEVER, self.size.truth, rng).ttft
