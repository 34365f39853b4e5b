"""An experiment's judge."""

import random
from collections.abc import Callable

import attrs
import pytest

from policies.sides import CANDIDATE, INCUMBENT, Shares, Side
from policies.verdict import Facts, Judge, Terms, Verdict

TERMS = Terms(Shares(0.5), threshold=1_000.0, slow=5_000.0, budget=0.05)
GOOD = Facts(INCUMBENT, ttft=500.0, total=1_500.0, tokens=100, cost=10.0)

Made = Callable[[Side, random.Random], Facts]


def judged(make: Made, count: int = 6_000, seed: int = 1, terms: Terms = TERMS) -> Verdict | None:
    """The first verdict, looked for after every request."""
    rng, judge = random.Random(seed), Judge(terms)
    for _ in range(count):
        judge.hear(make(CANDIDATE if rng.random() < terms.shares.fair else INCUMBENT, rng))
        verdict = judge.verdict()
        if verdict is not None:
            return verdict
    return None


def alike(side: Side, rng: random.Random) -> Facts:
    """Both sides the same: 1 % late, 1 % failed, 5 % slow, answers and prices of all sizes."""
    return attrs.evolve(
        GOOD,
        side=side,
        ttft=2_000.0 if rng.random() < 0.01 else 500.0,
        total=6_000.0 if rng.random() < 0.05 else 1_500.0,
        failed=rng.random() < 0.01,
        limited=rng.random() < 0.01,
        tokens=round(rng.lognormvariate(5.0, 1.0)),
        cost=rng.lognormvariate(2.0, 1.0),
    )


def test_equal_sides_are_left_alone() -> None:
    """100 experiments of 2,000 requests, judged after every one: at most 5 end."""
    assert sum(judged(alike, 2_000, seed) is not None for seed in range(100)) <= 5


def test_a_candidate_that_is_late_less_often_is_better_and_the_other_way_round() -> None:
    """3 % against 1 %."""

    def better(side: Side, rng: random.Random) -> Facts:
        share = 0.01 if side == CANDIDATE else 0.03
        return attrs.evolve(GOOD, side=side, ttft=2_000.0 if rng.random() < share else 500.0)

    def worse(side: Side, rng: random.Random) -> Facts:
        return better(INCUMBENT if side == CANDIDATE else CANDIDATE, rng)

    found, other = judged(better), judged(lambda s, r: attrs.evolve(worse(s, r), side=s))

    assert found is not None
    assert found.kind == "better"
    assert "times as many requests are late" in found.why
    assert other is not None
    assert other.kind == "worse"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"failed": True}, "more of its requests fail"),
        ({"limited": True}, "are refused by 429"),
        ({"total": 9_000.0}, "are slow"),
    ],
)
def test_a_guardrail_ends_it(change: dict[str, object], words: str) -> None:
    """One request in ten of the candidate's, one in a hundred of the incumbent's."""

    def made(side: Side, rng: random.Random) -> Facts:
        hit = rng.random() < (0.10 if side == CANDIDATE else 0.01)
        return attrs.evolve(GOOD, side=side, **(change if hit else {}))

    found = judged(made)

    assert found is not None
    assert (found.kind, words in found.why) == ("guardrail", True)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"hedges": 1}, "100.0 % extra calls, over its budget of 5 %"),
        ({"cost": 13.0}, "cost more"),
        ({"tokens": 60}, "answers are shorter"),
    ],
)
def test_load_money_and_length_are_guarded(change: dict[str, object], words: str) -> None:
    """What every request of the candidate's has more, or less, than is allowed."""

    def made(side: Side, rng: random.Random) -> Facts:
        facts = attrs.evolve(GOOD, side=side, **(change if side == CANDIDATE else {}))
        return attrs.evolve(
            facts, cost=facts.cost * rng.uniform(0.9, 1.1), tokens=facts.tokens + rng.randrange(9)
        )

    found = judged(made)

    assert found is not None
    assert words in found.why


def test_a_late_user_counts_once() -> None:
    """Where sides are drawn for users, one who is late all day is one event and not a thousand."""
    judge = Judge(TERMS)
    for _ in range(1_000):
        judge.hear(attrs.evolve(GOOD, side=CANDIDATE, ttft=None, unit="alice"))

    assert judge.events("late") == (1, 1)
    assert judge.verdict() is None
