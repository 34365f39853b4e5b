"""`hedgerow bench decision`: what deciding costs, in CPU time and in memory.

The three decisions that every request pays for (who takes it, when it is hedged, what the budgets hold), and
the hedge's own, over one tier of keys that all have been measured. CPU time, the best of several rounds: the
machine may be busy with something else, but cannot make the code faster than it is.
"""

import random
import sys
import time
from collections.abc import Callable
from typing import Annotated, Any

import attrs
import msgspec
from cyclopts import Parameter

from policies.contest import Contest
from policies.features import Features, Scope
from policies.hedge import plan
from policies.pool import Lease, Pool
from policies.settings import Policy
from policies.target import Target

CALLS = 2_000
MOST = 25.0
"""Microseconds that rank, delay and budget may take together."""

MISSED = 3
SEEN = 4_000
MODEL = "model"


@attrs.define(eq=False)
class Runner:
    """A primary that is silent."""

    lease: Lease
    role: str = "primary"
    error: None = None
    live: bool = True


@attrs.define(eq=False)
class Table:
    """A pool that has seen traffic, and a request to decide on."""

    keys: int
    rng: random.Random
    now: float = 0.0
    pool: Pool = attrs.field(factory=Pool)
    contest: Contest = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        targets = tuple(Target(f"k{n}", f"p{n % 5}", f"d{n // 2}", MODEL) for n in range(self.keys))
        self.contest = Contest(
            name="route",
            route=(targets,),
            policy=Policy(),
            features=Features(prompt_tokens=400, output_tokens=300, coin=0.5),
            pool=self.pool,
            rng=self.rng,
            deadline=1e9,
        )
        for _ in range(SEEN):
            self._serve()

    def _serve(self) -> None:
        self.now += 0.1
        choice = self.contest.primary(self.now)
        assert choice is not None
        lease = self.contest.sent(choice, "primary", self.now)
        seconds = self.rng.lognormvariate(0.0, 0.4) * (8.0 if self.rng.random() < 0.05 else 1.0)
        self.pool.first(lease, self.now + seconds)
        self.pool.finish(lease, "won", self.now + seconds, self.rng)

    def decisions(self) -> dict[str, Callable[[], object]]:
        """What is measured, by name."""
        contest, scope, hedge = self.contest, Scope(MODEL), self.contest.policy.hedge
        primary = contest.primary(self.now)
        assert primary is not None
        runner: Any = Runner(contest.sent(primary, "primary", self.now))
        allowances, estimates = self.pool.allowances, self.pool.chooser.estimates
        return {
            "rank": lambda: contest.primary(self.now),
            "delay": lambda: plan(hedge, contest.features, scope, estimates),
            "budget": lambda: allowances.deposit("route", contest.route, hedge, 1),
            "hedge": lambda: contest.hedge([runner], self.now + 2.0),
            "first token": lambda: estimates.first(
                runner.lease.target, scope, 0.9, self.now, primary=True
            ),
        }


def command(
    *,
    keys: Annotated[int, Parameter(help="Pooled keys in one tier.")] = 50,
    rounds: Annotated[int, Parameter(help="Of which the best counts.")] = 7,
    json: Annotated[bool, Parameter(negative=())] = False,
) -> int:
    """Measure what a decision costs; exit code 3 if rank, delay and budget take over 25 us together."""
    table = Table(keys, random.Random(1))
    costs = {name: _microseconds(decide, rounds) for name, decide in table.decisions().items()}
    total = costs["rank"] + costs["delay"] + costs["budget"]
    window = next(window for _, window in table.pool.chooser.estimates.models())
    size = window.nbytes
    if json:
        print(msgspec.json.encode({"us": costs, "decision": total, "window": size}).decode())
    else:
        print(
            f"CPU time a decision, {keys} keys, best of {rounds} rounds, Python {sys.version[:6]}"
        )
        print("\n".join(f"  {name:<12}{cost:8.1f} us" for name, cost in costs.items()))
        print(f"  rank + delay + budget {total:.1f} us (bar {MOST:g})")
        print(
            f"A full window of times to first token takes {size / 1024:.1f} KB; at most 512 are kept"
        )
    return 0 if total <= MOST else MISSED


def _microseconds(decide: Callable[[], object], rounds: int) -> float:
    best = float("inf")
    for _ in range(rounds):
        begun = time.process_time()
        for _ in range(CALLS):
            decide()
        best = min(best, time.process_time() - begun)
    return best / CALLS * 1e6
