"""The optimum is computed from the latency model, and agrees with what simulation found."""

import math
import random

import pytest

from benchmarks.tail.optimum import (
    Model,
    both_at_once,
    deterministic,
    empirical,
    factors,
    optimum,
    oracle,
    unhedged,
)
from providers.simulator.latency import (
    HEAVY,
    INSTANT,
    PROFILES,
    SPIKY,
    TIGHT,
    TYPICAL,
    Profile,
    first_token,
    request_factor,
)

BUDGETS = (0.01, 0.02, 0.05, 0.10, 0.20)

# p99 in multiples of the unhedged median, as a large simulation found it: unhedged, both at once,
# then for each budget the best SingleR, the deterministic delay, and the oracle.
P99 = {
    "tight": "1.98 1.31 1.97/1.98/1.65 1.97/1.98/1.55 1.95/1.98/1.41 1.91/1.97/1.31 1.85/1.93/1.31",
    "typical": "3.00 1.45 2.78/3.01/2.15 2.66/2.85/1.88 2.50/2.52/1.61 2.36/2.37/1.45 2.23/2.23/1.45",
    "spiky": "6.80 1.53 5.59/6.80/4.91 4.09/5.75/2.92 2.96/2.96/1.75 2.68/2.68/1.53 2.46/2.46/1.53",
    "heavy": "7.71 1.91 6.59/7.71/5.78 5.89/6.59/4.82 4.56/4.73/3.17 3.37/3.37/1.91 2.97/2.96/1.91",
}
# p99.9: unhedged, both at once, then the best SingleR at 1, 2, 5 and 10 %.
P999 = {
    TYPICAL: (10.4, 1.85, 4.27, 3.51, 3.11, 2.92),
    SPIKY: (13.8, 2.37, 8.11, 6.46, 3.85, 3.60),
    HEAVY: (19.4, 4.64, 9.27, 7.69, 6.40, 5.61),
}


def close(expected: float) -> object:
    """Within the noise of the simulation that gave the figure."""
    return pytest.approx(expected, rel=0.03)


@pytest.mark.parametrize("name", P99)
def test_the_p99_at_each_budget_is_what_simulation_found(name: str) -> None:
    """For the best SingleR, the deterministic delay at the same budget, and the oracle."""
    model = Model(PROFILES[name])
    median = unhedged(model, 0.5)
    alone, doubled, *rows = P99[name].split()

    assert unhedged(model, 0.99) / median == close(float(alone))
    assert both_at_once(model, 0.99) / median == close(float(doubled))
    for budget, row in zip(BUDGETS, rows, strict=True):
        r, d, o = (float(figure) for figure in row.split("/"))
        assert optimum(model, budget, 0.99).value / median == close(r)
        assert deterministic(model, budget, 0.99).value / median == close(d)
        assert oracle(model, budget, 0.99) / median == close(o)


@pytest.mark.parametrize("profile", P999, ids=lambda profile: profile.name)
def test_the_p999_at_each_budget_is_what_simulation_found(profile: Profile) -> None:
    """Further out in the tail the same holds."""
    model = Model(profile)
    median = unhedged(model, 0.5)
    alone, doubled, *best = P999[profile]

    assert unhedged(model, 0.999) / median == close(alone)
    assert both_at_once(model, 0.999) / median == close(doubled)
    for budget, expected in zip(BUDGETS, best, strict=False):
        assert optimum(model, budget, 0.999).value / median == close(expected)


def test_the_delay_and_the_chance_come_with_the_optimum() -> None:
    """A small budget is spent early and by lot, a larger one always at a certain time."""
    thin, thick = optimum(Model(SPIKY), 0.02, 0.99), optimum(Model(HEAVY), 0.10, 0.99)

    assert (thin.delay, thin.probability) == (pytest.approx(2.4, abs=0.15), close(0.64))
    assert (thick.delay, thick.probability) == (pytest.approx(1.95, abs=0.1), 1.0)


def test_without_a_budget_the_optimum_is_not_to_hedge() -> None:
    """Nothing sent, nothing gained."""
    best = optimum(Model(SPIKY), 0.0, 0.99)

    assert (best.value, best.probability) == (unhedged(Model(SPIKY), 0.99), 0.0)


def test_one_request_s_attempts_share_a_factor_and_so_gain_less() -> None:
    """What a backup cannot escape is no gain; and the oracle stays the lower bound."""
    shared, alone = Model(SPIKY, sigma_r=0.2), Model(SPIKY)

    assert optimum(shared, 0.05, 0.99).value > optimum(alone, 0.05, 0.99).value
    assert oracle(shared, 0.05, 0.99) < optimum(shared, 0.05, 0.99).value < unhedged(shared, 0.99)


def test_factors_are_a_distribution_around_one() -> None:
    """The mean of a lognormal is exp(sigma^2 / 2), so the points are enough."""
    assert sum(weight for _, weight in factors(0.2)) == pytest.approx(1.0)
    assert sum(factor * weight for factor, weight in factors(0.2)) == pytest.approx(
        math.exp(0.02), rel=1e-4
    )


@pytest.mark.parametrize("profile", [TIGHT, HEAVY], ids=lambda profile: profile.name)
def test_the_model_is_the_simulator_s(profile: Profile) -> None:
    """The share of drawn times beyond a point is what the closed form says."""
    rng, model = random.Random(5), Model(profile, sigma_r=0.2)
    drawn = [first_token(profile, rng, 1.0, request_factor(i, 0.2)) for i in range(20_000)]

    for t in (0.8, 1.2, 2.0, 5.0):
        share = sum(x > t for x in drawn) / len(drawn)
        assert share == pytest.approx(model.tail(t), abs=4 * math.sqrt(share / 20_000) + 1e-4)


def test_nothing_takes_longer_than_the_cut_off() -> None:
    """The simulator cuts a first token off, so the model does."""
    cut = Model(HEAVY, longest=5.0)

    assert cut.tail(5.0) == 0.0
    assert unhedged(cut, 0.99) == pytest.approx(5.0)


def test_profiles_without_a_spread_have_an_optimum_too() -> None:
    """A constant latency cannot be improved upon, an outlier beside it can."""
    steps = Profile("steps", outliers=0.03, least=5.0, alpha=3.0)

    assert optimum(Model(INSTANT), 0.05, 0.99).value == pytest.approx(1.0)
    assert optimum(Model(steps), 0.05, 0.99).value < 2.1
    assert unhedged(Model(Profile("bell", sigma=0.2)), 0.5) == pytest.approx(1.0)


def test_draws_have_about_the_optimum_of_the_model_they_come_from() -> None:
    """So that what is said where there is no closed form can be believed."""
    rng = random.Random(3)
    pairs = [(first_token(SPIKY, rng, 1.0), first_token(SPIKY, rng, 1.0)) for _ in range(20_000)]
    best, known = empirical(pairs, 0.05, 0.99), optimum(Model(SPIKY), 0.05, 0.99)

    assert best.value == pytest.approx(known.value, rel=0.06)
    assert sum(x > best.delay for x, _ in pairs) * best.probability <= 0.05 * len(pairs) + 1


def test_a_backup_that_is_always_slower_is_never_the_optimum() -> None:
    """Then the best is what the first choices give alone."""
    pairs = [(1.0 + i / 1000, 100.0) for i in range(1000)]

    assert empirical(pairs, 0.5, 0.99).value == pytest.approx(1.989)
    assert empirical(pairs, 0.0, 0.99).probability == 0.0
