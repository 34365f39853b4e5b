"""Each demand, met and missed, on made-up runs."""

import pytest

from benchmarks.tail.results import Cell, Run, Sample
from benchmarks.tail.rows import grouped
from benchmarks.tail.verdicts import Verdict, advice, early_hedges, exit_code, judge

N = 1000


def cell(
    scenario: str,
    contender: str,
    *,
    profile: str = "spiky",
    p99: float = 3.0,
    hedges: int = 0,
    saw_429: int = 0,
    due: float = 1.0,
    **notes: float,
) -> Cell:
    """A thousand requests that take a second, a hundred of them as long as the p99 shall be."""
    samples = tuple(
        Sample(
            due=i * due,
            ttft=p99 if i % 10 == 0 else 1.0,
            total=None,
            attempts=1 + (i < hedges),
            hedges=int(i < hedges),
            hedged="won" if i < hedges else "no",
            saw_429=i < saw_429,
        )
        for i in range(N)
    )
    return Cell(scenario, profile, contender, 1, 1.0, samples, N + hedges, notes)


def verdicts(*cells: Cell) -> dict[str, Verdict]:
    """What a run of these is told, by the demand alone."""
    run = Run(cells, "hedgerow bench tail", "1", "2026-01-01", 1.0)
    return {verdict.name.split(": ")[1]: verdict for verdict in judge(grouped(run))}


def passed(name: str, *cells: Cell) -> bool:
    """Whether this demand is met."""
    return verdicts(*cells)[name].passed


@pytest.mark.parametrize(("p99", "met"), [(3.2, True), (3.4, False)])
def test_with_5_percent_the_race_comes_near_the_optimum(p99: float, met: bool) -> None:
    """For the spiky profile that is 3.00 of the simulator's medians, and a tenth more is allowed."""
    ours = cell("iid", "hedgerow-quantile-5", p99=p99, hedges=50, budget=0.05)

    assert passed("near the optimum", ours) is met


@pytest.mark.parametrize(("hedges", "met"), [(55, True), (56, False)])
def test_a_5_percent_budget_is_kept(hedges: int, met: bool) -> None:
    """Every contender of ours that has it is looked at, not only the best."""
    good = cell("iid", "hedgerow-single_r-5", p99=2.0, hedges=50, budget=0.05)
    ours = cell("iid", "hedgerow-quantile-5", hedges=hedges, budget=0.05)

    assert passed("within its budget", good, ours) is met


@pytest.mark.parametrize(("p99", "met"), [(4.1, True), (5.8, False)])
def test_chance_beats_a_fixed_delay_at_2_percent(p99: float, met: bool) -> None:
    """A fixed delay with so little to spend comes too late."""
    ours = cell("iid", "hedgerow-single_r-2", p99=p99, hedges=20, budget=0.02)
    fixed = cell("iid", "fixed-at-same-budget", p99=5.75, hedges=20, budget=0.02)

    assert passed("single_r beats a fixed delay", ours, fixed) is met


@pytest.mark.parametrize(("p99", "met"), [(3.3, True), (3.5, False)])
def test_a_slow_key_is_balanced_and_hedged_away(p99: float, met: bool) -> None:
    """Balancing without hedges does not count for it."""
    ours = cell("slow-key", "hedgerow-quantile-5", p99=p99, hedges=50, budget=0.05)
    calm = cell("slow-key", "hedgerow-off", p99=1.0)

    assert passed("balancing and hedging", ours, calm) is met


@pytest.mark.parametrize(("hedges", "met"), [(53, True), (54, False)])
def test_a_brown_out_is_not_amplified(hedges: int, met: bool) -> None:
    """The budget and its burst are all there is."""
    ours = cell("brown-out", "hedgerow", hedges=hedges, budget=0.05, burst=3.0)

    assert passed("no amplification", ours) is met


@pytest.mark.parametrize(("seen", "met"), [(2, True), (3, False)])
def test_429s_are_seen_by_few(seen: int, met: bool) -> None:
    """Less than 0.3 % of requests."""
    assert passed("429s are avoided", cell("429-storm", "hedgerow", saw_429=seen)) is met


@pytest.mark.parametrize(("hedges", "met"), [(9, True), (10, False)])
def test_hedges_that_cannot_win_are_not_sent(hedges: int, met: bool) -> None:
    """Less than 1 % of requests."""
    ours = cell("hedge-hostile-10", "hedgerow", hedges=hedges)
    assert passed("no hopeless hedges", ours) is met


def test_who_was_told_not_to_ask_for_hopes_is_not_blamed() -> None:
    """It is there to spend as much as others do."""
    ours = cell("hedge-hostile-10", "hedgerow", hedges=90, min_win_prob=0.0)
    assert verdicts(ours) == {}


@pytest.mark.parametrize(("noted", "met"), [({}, False), ({"early_hedges": 0.0}, True)])
def test_nothing_is_hedged_in_the_dark(noted: dict[str, float], met: bool) -> None:
    """Hedges of the first request are early, unless the harness knows better."""
    assert passed("no hedges in the dark", cell("cold-start", "hedgerow", hedges=1, **noted)) is met


def test_early_is_before_200_first_tokens() -> None:
    """A request that waited for longer may have been hedged after it, and gets the benefit of doubt."""
    seen = tuple(Sample(float(i), 0.5, None) for i in range(300))
    hedged = [Sample(due, ttft, None, 2, 1) for due, ttft in ((198.0, 1.0), (198.0, 5.0), (250, 1))]

    for sample, early in zip(hedged, (1, 0, 0), strict=True):
        assert early_hedges(Cell("cold-start", "spiky", "x", 1, 1.0, (*seen, sample), 301)) == early


@pytest.mark.parametrize(("hedges", "met"), [(53, True), (54, False)])
def test_the_budget_is_exact_at_a_low_rate(hedges: int, met: bool) -> None:
    """Hedges, not calls: at most the share of requests and the burst."""
    ours = cell("low-rate", "hedgerow", hedges=hedges, budget=0.05, burst=3.0)

    assert passed("an exact budget", ours) is met


@pytest.mark.parametrize(("leaked", "met"), [(0.0, True), (1.0, False)])
def test_nothing_outlives_its_client(leaked: float, met: bool) -> None:
    """Not one upstream call."""
    assert passed("nothing leaks", cell("disconnect", "hedgerow", leaked=leaked)) is met


@pytest.mark.parametrize(("p99", "met"), [(1.95, True), (1.6, False)])
def test_on_a_tight_profile_the_advice_is_not_to_hedge(p99: float, met: bool) -> None:
    """Advice comes from the figures: if hedging did help, the demand is missed and shows it."""
    alone = cell("iid", "unhedged", profile="tight", p99=2.0)
    ours = cell("iid", "hedgerow", profile="tight", p99=p99, hedges=50)

    assert passed("honest advice", alone, ours) is met


@pytest.mark.parametrize(
    ("p99", "hedges", "advised"),
    [
        (1.0, 50, "hedge with hedgerow: p99 50.0% lower for 5.0% extra load"),
        (1.92, 20, "do not hedge: p99 4.0% lower for 2.0% extra load"),
        (1.8, 200, "do not hedge: p99 10.0% lower for 20.0% extra load"),
        (2.2, 20, "do not hedge: p99 10.0% higher for 2.0% extra load"),
    ],
)
def test_advice_weighs_the_gain_against_the_load(p99: float, hedges: int, advised: str) -> None:
    """At least 5 % lower, and by more than it costs."""
    alone, ours = (
        cell("stall", "unhedged", p99=2.0),
        cell("stall", "hedgerow", p99=p99, hedges=hedges),
    )
    (group,) = grouped(Run((alone, ours), "", "", "", 0.0))

    assert advice(group) == advised


def test_without_a_comparison_there_is_no_advice() -> None:
    """Hedging has to be compared with not hedging."""
    (group,) = grouped(Run((cell("iid", "hedgerow", hedges=5),), "", "", "", 0.0))

    assert advice(group) is None


def test_when_failures_end_the_gain_is_all_there_is() -> None:
    """An unhedged p99 of for ever is beaten by any that ends."""
    lost = Sample(0.0, None, None, outcome="error")
    alone = Cell("stall", "spiky", "unhedged", 1, 1.0, (lost,) * 100, 100)
    (group,) = grouped(Run((alone, cell("stall", "hedgerow", hedges=50)), "", "", "", 0.0))

    assert advice(group) == "hedge with hedgerow: p99 100.0% lower for 5.0% extra load"


@pytest.mark.parametrize(
    ("p99", "hedges", "word"), [(2.0, 40, "lower"), (3.5, 40, "higher"), (2.5, 40, "lower")]
)
def test_beside_a_rival_ours_with_no_more_load_is_compared(
    p99: float, hedges: int, word: str
) -> None:
    """One of ours that spent more does not count, however fast it was."""
    rival = cell("stall", "fixed-4s", p99=3.0, hedges=50)
    ours = cell("stall", "hedgerow-quantile-5", p99=p99, hedges=hedges)
    spent = cell("stall", "hedgerow-quantile-9", p99=1.0, hedges=90)
    verdict = verdicts(rival, ours, spent)["beside fixed-4s"]

    assert verdict.passed is (word != "higher")
    assert verdict.said.startswith("hedgerow-quantile-5")
    assert verdict.said.endswith(word)


def test_a_difference_within_the_doubt_is_a_tie() -> None:
    """A p99 that depends on a handful of requests is not surely higher."""
    waves = [2.0] * 900 + [3.0] * 60 + [9.0] * 40
    wavy = [tuple(Sample(float(i), t + d, None) for i, t in enumerate(waves)) for d in (0.0, 0.01)]
    rival, ours = (
        Cell("stall", "spiky", name, 1, 1.0, samples, N)
        for name, samples in zip(("fixed-4s", "hedgerow"), wavy, strict=True)
    )
    verdict = verdicts(rival, ours)["beside fixed-4s"]

    assert verdict.passed
    assert verdict.said.endswith("a tie")


def test_a_rival_that_nobody_of_ours_matches_in_load_is_not_judged() -> None:
    """Nothing is said of what did not run, and a run without demands passes."""
    told = verdicts(cell("stall", "fixed-4s"), cell("stall", "hedgerow", hedges=5))

    assert told == {}
    assert exit_code(list(told.values())) == 0


def test_one_demand_that_is_missed_fails_the_command() -> None:
    """So that a build stops."""
    good, bad = Verdict("a", True, ""), Verdict("b", False, "")

    assert exit_code([good]) == 0
    assert exit_code([good, bad]) == 3
