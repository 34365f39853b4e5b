"""What was found, in words."""

import attrs

from benchmarks.tuner.advice import between, duration, facts, percent, recommendation, rule_words
from benchmarks.tuner.analysis import Answer, Question
from benchmarks.tuner.gate import Check, Trust
from benchmarks.tuner.rules import NEVER, Rule
from benchmarks.tuner.search import Estimate, Point

ALONE = Point(NEVER, Estimate(4.25, 3.5, 5.5), Estimate(0, 0, 0), 0.0, Estimate(1, 1, 1))
HEDGED = Point(
    Rule(0.82, 0.64, 0.02),
    Estimate(2.7, 2.4, 3.4),
    Estimate(0.019, 0.018, 0.02),
    0.8,
    Estimate(0.64, 0.6, 0.7),
)
CHECK = Check("p99", 1.81, 1.83, Estimate(1.01, 0.99, 1.02))
ANSWER = Answer(
    requests=20_000,
    span=2_000.0,
    unhedged=ALONE,
    points=(ALONE, HEDGED),
    chosen=HEDGED,
    knee=HEDGED,
    trust=Trust((CHECK,), ()),
    doubts=(),
    notes=(),
    beyond=35.0,
    dependence=1.02,
    shared=0.01,
    regimes=1,
    score=0.99,
    cost=0.001,
)


def test_a_recommendation_is_a_paragraph_that_says_how_sure_it_is() -> None:
    """What to do, what comes of it, between which bounds, at what price."""
    text = recommendation(ANSWER, Question(budget=0.02))

    assert text == (
        "Hedge after 820 ms, 64 % of requests, with a budget of 2.0 %: the p99 TTFT would be 2.70 s (95 % CI "
        "2.40 s to 3.40 s) instead of 4.25 s, at +1.9 % requests; 80 % of the hedges would answer first. Each "
        "1,000 requests cost up to 0.019 dollars more."
    )


def test_notes_and_a_cheaper_knee_are_told_too() -> None:
    """After the recommendation, as sentences."""
    knee = attrs.evolve(HEDGED, rule=Rule(1.0, 1.0, 0.01))

    text = recommendation(attrs.evolve(ANSWER, knee=knee, notes=("Times changed",)), Question())

    assert text.endswith("The frontier bends at 1.0 %: 2.70 s. Times changed.")


def test_what_it_rests_on_is_listed_with_ticks() -> None:
    """The checks of the policy that made the log."""
    lines = list(facts(ANSWER))

    assert lines[0] == "20,000 requests over 33 min, 35 calls beyond the goal"
    assert lines[2].startswith(
        "✓ p99     of the policy that made the log: 1.81 seen, 1.83 by the model"
    )
    assert "66.7 h" in next(facts(attrs.evolve(ANSWER, span=240_000.0)))


def test_numbers_are_written_as_people_write_them() -> None:
    """And what is not known is said not to be."""
    assert duration(0.82) == "820 ms"
    assert duration(float("inf")) == "unknown"
    assert between(Estimate(1.0, 0.9, float("inf"))) == "1.00 s (95 % CI 900 ms to unknown)"
    assert percent(0.048) == "4.8 %"
    assert rule_words(NEVER) == "do not hedge"
    assert rule_words(Rule(2.0)) == "after 2.00 s"
