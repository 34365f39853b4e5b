"""First calls and their backups."""

import attrs
import numpy as np
import pytest

from benchmarks.figures.attempts import rank_correlation, saved, together
from benchmarks.tuner.rules import Rule
from benchmarks.tuner.samples import Samples
from benchmarks.tuner.worlds import CONDITIONS, Conditions, run
from policies.settings import Explore
from providers.simulator.latency import TIGHT
from tests.benchmarks.figures.test_canvas import SOURCE


def samples(conditions: Conditions) -> Samples:
    """A tenth of the requests explores two calls at once."""
    explore = Explore(control=0.05, dual=0.1, audit=1.0)
    return run(TIGHT, conditions, Rule(0.8, budget=0.1), 10_000, np.random.default_rng(1), explore)


def test_what_requests_share_shows_as_correlation() -> None:
    """None where attempts are independent, much where the request itself is slow."""
    alone = together(samples(CONDITIONS["independent"]), SOURCE).title
    shared = together(samples(Conditions(sigma_r=0.4)), SOURCE).title

    assert abs(float(alone.rsplit(" ", 1)[1])) < 0.15
    assert float(shared.rsplit(" ", 1)[1]) > 0.6


def test_pairs_of_which_one_was_cut_do_not_pass_for_pairs() -> None:
    """Those that are left took about equally long: of them no correlation is told."""
    made = samples(CONDITIONS["independent"])
    cut = attrs.evolve(made, second_seen=made.second_seen & (np.arange(len(made)) % 2 == 0))

    assert "were cut" in together(cut, SOURCE).title
    none = attrs.evolve(made, arm=np.zeros(len(made), dtype=np.int64))
    assert "too few to tell" in together(none, SOURCE).title


def test_the_time_that_hedges_saved_rises_to_one() -> None:
    """Every loser was watched to its end here."""
    (axes,) = saved(samples(CONDITIONS["independent"]), SOURCE).figure.axes
    shares = axes.lines[0].get_ydata()

    assert (np.diff(shares) >= 0.0).all()
    assert shares[-1] > 0.95


def test_ranks_correlate_whatever_the_scale() -> None:
    """Spearman's is one for anything that rises together."""
    values = np.array([3.0, 1.0, 2.0, 5.0])

    assert rank_correlation(values, np.exp(values)) == pytest.approx(1.0)
    assert rank_correlation(values, -values) == pytest.approx(-1.0)
