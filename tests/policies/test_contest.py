"""One request's judgement, asked as the race asks it."""

import random

import attrs
import pytest

from policies.balance import Choice
from policies.contest import Contest, Role
from policies.cost import Price
from policies.features import Features
from policies.pool import Lease, Pool
from policies.settings import Explore, Hedge, Policy
from policies.target import Target
from providers.errors import (
    BrokenAnswer,
    ProviderError,
    RateLimited,
    RequestRejected,
    UpstreamFailed,
)
from providers.types import Usage

FIXED = Hedge(policy="fixed", delay=1.0)


@attrs.define(eq=False)
class Attempted:
    """An attempt as the judgement sees it."""

    lease: Lease
    role: Role
    error: ProviderError | None = None
    live: bool = True


def target(key: str, **changes: object) -> Target:
    return attrs.evolve(Target(key, f"p-{key}", f"d-{key}", "model"), **changes)


def contest(*targets: Target, **changes: object) -> Contest:
    """A judgement over one tier of these targets, changed where a test says so."""
    made = Contest(
        name="route",
        route=(targets or (target("a"), target("b"), target("c")),),
        policy=Policy(hedge=FIXED),
        features=Features(prompt_tokens=100, output_tokens=50),
        pool=Pool(),
        rng=random.Random(1),
        deadline=100.0,
        priced=bool(targets) and all(target.price is not None for target in targets),
    )
    return attrs.evolve(made, **changes)


def sent(judge: Contest, role: Role, now: float, choice: Choice | None = None) -> Attempted:
    """An attempt that the judgement chose, begun."""
    choice = choice or judge.primary(now)
    assert choice is not None
    return Attempted(judge.sent(choice, role, now), role)


def why(judge: Contest) -> list[str]:
    return [skip.why for skip in judge.skips]


def test_a_primary_sets_a_plan_going_and_fills_the_budgets():
    """The route's and those of all the domains it reaches, each by one primary."""
    judge = contest()
    sent(judge, "primary", 0.0)

    assert (judge.plan.delays, judge.plan.source) == ((1.0,), "fixed")
    budgets = judge.pool.allowances.statistics(0.0)
    assert {(b.kind, b.route) for b in budgets} >= {("hedge", "route"), ("domain", "d-a")}
    assert judge.pool.allowances.route("route", FIXED).deposits == 1


def test_a_hedge_goes_elsewhere_and_is_paid_from_both_budgets():
    """Never to the same key."""
    judge = contest()
    primary = sent(judge, "primary", 0.0)
    choice = judge.hedge([primary], 1.0)

    assert choice is not None
    other = choice.candidate.target
    assert other.key != primary.lease.target.key
    assert judge.pool.allowances.route("route", FIXED).granted == 1
    assert judge.pool.allowances.domain(other.domain, FIXED).granted == 1
    assert judge.skips == []


def test_an_empty_budget_refuses_with_its_level():
    """The refusal is written down: a hedge was wanted."""
    hedge = attrs.evolve(FIXED, budget=0.05, burst=0.0)
    judge = contest(policy=Policy(hedge=hedge))
    primary = sent(judge, "primary", 0.0)

    assert judge.hedge([primary], 1.0) is None
    assert [(skip.at, skip.why) for skip in judge.skips] == [(1.0, "budget")]
    assert judge.skips[0].level == pytest.approx(0.05)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"stopping": lambda: True}, "shutdown"),
        ({"features": Features(arm="control")}, "control"),
        ({"deadline": 1.0}, "deadline"),
        ({"afford": lambda _tokens, _usd: False}, "limit"),
    ],
)
def test_a_refused_hedge_says_why(changes: dict[str, object], reason: str):
    """One reason a refusal."""
    judge = contest(**changes)
    primary = sent(judge, "primary", 0.0)

    assert judge.hedge([primary], 1.0) is None
    assert why(judge) == [reason]


def test_a_backup_that_was_never_measured_is_not_too_late():
    """How soon it would answer is a guess until something was seen, and a guess refuses nothing."""
    judge = contest(deadline=1.1)
    primary = sent(judge, "primary", 0.0)

    assert judge.hedge([primary], 1.0) is not None


def test_a_coin_above_the_probability_refuses():
    """SingleR hedges only a share of the slow ones."""
    hedge = Hedge(policy="single_r", delay=1.0, probability=0.5)
    judge = contest(policy=Policy(hedge=hedge), features=Features(coin=0.7))
    primary = sent(judge, "primary", 0.0)

    assert judge.hedge([primary], 1.0) is None
    assert why(judge) == ["coin"]


def test_what_must_not_run_twice_has_no_plan():
    """And the plan's source says why."""
    judge = contest(features=Features(unhedgeable="store"))
    sent(judge, "primary", 0.0)

    assert judge.plan.delays == ()
    assert judge.plan.source == "class:store"


def test_a_second_target_only_for_requests_that_explore_two():
    """And only where a hedge would be allowed at all."""
    judge = contest(features=Features(arm="dual"))
    primary = sent(judge, "primary", 0.0)
    assert judge.second([primary], 0.0) is not None

    plain = contest()
    primary = sent(plain, "primary", 0.0)
    assert plain.second([primary], 0.0) is None


def test_a_failover_avoids_the_domain_that_pushed_back():
    """Another key of a limited domain would only be limited too."""
    same = [target("a", domain="one"), target("b", domain="one"), target("c", domain="two")]
    judge = contest(*same)
    primary = sent(judge, "primary", 0.0)
    first = primary.lease.target
    primary.error, primary.live = RateLimited("no", status=429), False
    choice = judge.failover([primary], 0.1)

    assert choice is not None
    assert choice.candidate.target.domain != first.domain


def test_failovers_have_their_own_cap():
    """However many keys there are."""
    judge = contest(policy=Policy(hedge=attrs.evolve(FIXED, failover_max=1)))
    primary = sent(judge, "primary", 0.0)
    primary.error, primary.live = UpstreamFailed("down", status=500), False
    failover = sent(judge, "failover", 0.1, judge.failover([primary], 0.1))
    failover.error, failover.live = UpstreamFailed("down", status=500), False

    assert judge.failover([primary, failover], 0.2) is None


def test_the_same_key_is_used_twice_only_where_that_is_allowed():
    """A pool of one has nobody else to hedge on."""
    for allowed in (False, True):
        hedge = attrs.evolve(FIXED, allow_same_key=allowed)
        judge = contest(target("a"), policy=Policy(hedge=hedge))
        primary = sent(judge, "primary", 0.0)
        assert (judge.hedge([primary], 1.0) is not None) == allowed


def test_a_backup_s_rejection_is_not_the_race_s():
    """Another provider's dislike of a request says nothing of the provider that is still working on it."""
    judge = contest()
    primary = sent(judge, "primary", 0.0)
    hedge = sent(judge, "hedge", 1.0, judge.hedge([primary], 1.0))
    hedge.error = RequestRejected("no such parameter", status=400)

    assert not judge.fatal(hedge, [primary])
    assert judge.fatal(hedge, [])


def test_a_request_that_must_not_run_twice_dies_of_silence():
    """Who knows whether it ran."""
    judge = contest(features=Features(unhedgeable="store"))
    primary = sent(judge, "primary", 0.0)
    primary.error = BrokenAnswer("cut")
    assert judge.fatal(primary, [])


def test_costs_weigh_on_the_budget_where_all_prices_are_known():
    """A prompt fifty times as long takes fifty times as much of it."""
    priced = [target(key, price=Price(1.0, 0.0)) for key in "ab"]
    judge = contest(*priced, features=Features(prompt_tokens=1_000), rng=random.Random(2))
    budget = judge.pool.allowances.route("route", FIXED)
    short = sent(judge, "primary", 0.0)
    assert judge.hedge([short], 1.0) is not None
    spent = budget.spent
    for _ in range(200):
        primary = sent(judge, "primary", 0.0)
        judge.pool.finish(primary.lease, "won", 1.0, judge.rng)

    long = attrs.evolve(judge, features=Features(prompt_tokens=5_000), skips=[])
    primary = sent(long, "primary", 2.0)
    assert long.hedge([primary], 3.0) is not None
    assert budget.spent - spent == 5 * spent > 0


def test_unpriced_requests_cost_one_each():
    """Then the budget is a share of requests."""
    judge = contest(features=Features(prompt_tokens=50_000))
    primary = sent(judge, "primary", 0.0)
    assert judge.hedge([primary], 1.0) is not None
    assert judge.pool.allowances.route("route", FIXED).spent == 1


def test_an_answer_warms_its_target_for_the_next_request_of_the_same_prefix():
    """Its primary goes to the same key, as long as that key is not busier than the others."""
    features = Features(prompt_tokens=2_000, affinity="prefix")
    judge = contest(features=features)
    primary = sent(judge, "primary", 0.0)
    judge.pool.first(primary.lease, 0.5)
    judge.pool.finish(primary.lease, "won", 1.0, judge.rng)
    judge.won(primary, [primary], Usage(2_000, 10, 2_010, cached=1_900), 1.0)

    again = attrs.evolve(judge, skips=[])
    second = sent(again, "primary", 2.0)
    assert second.lease.target.key == primary.lease.target.key
    assert second.lease.scope.warm


def test_a_slow_primary_that_was_hedged_does_not_keep_its_prefix():
    """Even if it won: the next request of this prefix is free to go elsewhere."""
    features = Features(prompt_tokens=2_000, affinity="prefix")
    judge = contest(features=features)
    primary = sent(judge, "primary", 0.0)
    hedge = sent(judge, "hedge", 1.0, judge.hedge([primary], 1.0))
    judge.won(primary, [primary, hedge], None, 3.0)
    assert judge.pool.chooser.warmth.sticky("prefix", 3.0) is None

    judge.won(hedge, [primary, hedge], None, 3.0)
    assert judge.pool.chooser.warmth.sticky("prefix", 3.0) == hedge.lease.target.key


@pytest.mark.parametrize(
    ("changes", "role", "run_on"),
    [
        ({}, "primary", None),
        ({"features": Features(audit=True)}, "hedge", "first_token"),
        ({"features": Features(arm="dual")}, "dual", "first_token"),
        ({"policy": Policy(hedge=attrs.evolve(FIXED, loser="drain"))}, "hedge", "end"),
    ],
)
def test_how_far_losers_may_run_on(changes: dict[str, object], role: Role, run_on: str | None):
    """Not at all, unless somebody wants to know something of them."""
    judge = contest(**changes)
    loser = attrs.evolve(sent(judge, "primary", 0.0), role=role)
    assert judge.may_run_on(loser) == run_on


def test_exploration_is_off_by_default():
    """Nobody's money or tail is spent on knowledge that nobody asked for."""
    assert Hedge().explore == Explore(0.0, 0.0, 0.0)
