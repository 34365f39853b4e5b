"""Who races, as settings of the one engine."""

import pytest

from benchmarks.tail.contenders import NAMES, contender
from benchmarks.tail.results import FIXED_AT_SAME_BUDGET, OURS, UNHEDGED
from benchmarks.tail.scenarios import SCENARIOS
from benchmarks.tail.world import MEDIAN
from policies.settings import Hedge

IID = SCENARIOS["iid"]


def hedge(name: str, profile: str = "spiky") -> Hedge:
    """How this contender hedges."""
    return contender(name, IID, profile).policy.hedge


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("profile", ["tight", "typical", "spiky", "heavy"])
def test_each_has_its_name_and_ours_a_budget(name: str, profile: str) -> None:
    """Nothing of ours is unbounded, and none of ours ends its race on less than content."""
    made = contender(name, IID, profile)

    assert made.name == name
    if name.startswith(OURS):
        assert made.budget == made.policy.hedge.budget
        assert made.ends == "semantic"


def test_an_unknown_name_is_none() -> None:
    """Whoever asks checks it first."""
    with pytest.raises(KeyError):
        contender("nobody", IID, "spiky")


def test_the_baseline_never_hedges() -> None:
    """But balances as we do."""
    assert hedge(UNHEDGED).policy == "off"
    assert contender(UNHEDGED, IID, "spiky").policy.balance == "p2c"


def test_the_tuned_ones_are_tuned_to_the_profile() -> None:
    """With 2 % the best for the spiky profile is early and by lot; a fixed delay must be late."""
    ours, fixed = hedge("hedgerow-single_r-2"), hedge(FIXED_AT_SAME_BUDGET)

    assert ours.delay == pytest.approx(2.4 * MEDIAN, rel=0.1)
    assert ours.probability == pytest.approx(0.64, abs=0.05)
    assert fixed.delay is not None
    assert fixed.delay > 1.5 * (ours.delay or 0.0)
    assert (fixed.probability, fixed.budget) == (1.0, ours.budget)
    assert hedge("hedgerow-single_r-2", "heavy").delay != ours.delay


def test_one_rival_calls_everybody_at_once() -> None:
    """Eight keys, eight calls; where there are five, five."""
    everybody = hedge("litellm-fastest")
    five = contender("litellm-fastest", SCENARIOS["hedge-hostile"], "spiky").policy.hedge

    assert everybody.schedule == (0.0,) * 7
    assert everybody.max_parallel == 8
    assert five.max_parallel == 5


def test_rivals_end_their_races_as_they_do() -> None:
    """On any line of data, on headers; and nothing bounds them."""
    hotel, erpc = (contender(name, IID, "spiky") for name in ("model-hotel", "erpc"))

    assert (hotel.ends, hotel.policy.hedge.delay) == ("first_line", 4.0)
    assert (erpc.ends, erpc.policy.hedge.quantile) == ("headers", 0.7)
    assert hotel.budget is erpc.budget is None


@pytest.mark.parametrize(
    ("name", "least"),
    [("hedgerow-quantile-5", 200), (UNHEDGED, 0), ("hedgerow-single_r-5", 0), ("erpc", 33)],
)
def test_who_goes_by_a_quantile_must_have_seen_enough(name: str, least: int) -> None:
    """Ten calls beyond it; a given delay needs none."""
    assert contender(name, IID, "spiky").least_seen == least
