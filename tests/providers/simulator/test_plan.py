"""What a plan makes of the latency model."""

import random

import pytest

from providers.simulator import INSTANT, TIGHT, KeyPlan, SlowPeriod

PROMPT = b"Merhaba"


def first(plan: KeyPlan, now: float = 0.0, tokens: int = 10, prompt: bytes = PROMPT) -> float:
    return plan.first_token(random.Random(1), now, tokens, prompt)


def test_scale_multiplies_every_time():
    """The first token and the gaps alike."""
    usual, fast = KeyPlan(), KeyPlan(scale=0.1)
    assert first(fast) == pytest.approx(first(usual) * 0.1)
    slow_gaps, fast_gaps = (plan.gaps(random.Random(1), 20) for plan in (usual, fast))
    assert fast_gaps == pytest.approx([gap * 0.1 for gap in slow_gaps])


def test_slow_period_holds_by_the_clock():
    """Six times slower while it lasts."""
    plan = KeyPlan(profile=TIGHT, slow=SlowPeriod(6.0, lasting=90.0, every=600.0))
    assert first(plan, now=30.0) == pytest.approx(6 * first(plan, now=100.0))


def test_requests_differ_when_they_are_meant_to():
    """With spread, the prompt decides; without, it does not matter."""
    assert first(KeyPlan(), prompt=b"a") == first(KeyPlan(), prompt=b"b")
    spread = KeyPlan(request_sigma=0.2)
    assert first(spread, prompt=b"a") == first(spread, prompt=b"a") != first(spread, prompt=b"b")


def test_prompt_term_counts_tokens():
    """Only if the plan says so."""
    assert first(KeyPlan(), tokens=20_000) == first(KeyPlan(), tokens=0)
    plan = KeyPlan(prompt_term=True)
    assert first(plan, tokens=20_000) == pytest.approx(2 * first(plan, tokens=0))


def test_a_stall_is_one_long_gap():
    """Certain stalls stretch exactly one gap; one-word answers have none."""
    gaps = KeyPlan(stall=1.0).gaps(random.Random(1), 50)
    assert len(gaps) == 49
    assert sum(gap > 5.0 for gap in gaps) == 1
    assert KeyPlan(stall=1.0).gaps(random.Random(1), 1) == []


def test_instant_answers_have_no_gaps():
    """A gap for each further word, all of them nothing."""
    assert KeyPlan(profile=INSTANT).gaps(random.Random(1), 3) == [0.0, 0.0]


def test_hanging_is_a_matter_of_chance():
    """Never, or always, as the plan says."""
    rng = random.Random(1)
    assert not KeyPlan().hangs(rng)
    assert KeyPlan(hang=1.0).hangs(rng)


def test_the_limit_cuts_an_answer():
    """And the answer knows that it was cut."""
    plan = KeyPlan(words=100, words_sigma=0.0)
    rng = random.Random(1)
    assert plan.length(rng, None) == (100, False)
    assert plan.length(rng, 100) == (100, False)
    assert plan.length(rng, 99) == (99, True)


def test_longer_answers_than_the_book_are_refused():
    """A plan cannot promise more than there is."""
    with pytest.raises(ValueError, match="most_words"):
        KeyPlan(most_words=100_000)
