"""Which requests are looked at together."""

import attrs
import numpy as np

from benchmarks.tuner.kinds import ENOUGH, kinds
from benchmarks.tuner.reading import Recording
from benchmarks.tuner.rules import NEVER
from benchmarks.tuner.worlds import CONDITIONS, run
from providers.simulator.latency import SPIKY
from tests.benchmarks.virtual import recording


def mixed(sizes: dict[int, int], models: int = 1) -> Recording:
    """So many requests of each size of prompt, of so many models in turn."""
    places = np.concatenate([np.full(count, size) for size, count in sizes.items()])
    rng = np.random.default_rng(1)
    made = recording(run(SPIKY, CONDITIONS["independent"], NEVER, len(places), rng))
    made.numbers[:, -2] = places
    made.numbers[:, -3] = np.arange(len(places)) % models
    return attrs.evolve(made, models=tuple(f"m{n}" for n in range(models)))


def test_few_requests_are_one_kind_whatever_their_size() -> None:
    """A curve of its own for every handful would tell nothing."""
    found = list(kinds(mixed({0: 3_000, 1: 2_000})))

    assert [(kind.name, len(kind.recording)) for kind in found] == [("m0", 5_000)]


def test_sizes_with_many_requests_are_kinds_of_their_own() -> None:
    """What is left over is a kind for all other sizes."""
    found = list(kinds(mixed({0: ENOUGH, 2: ENOUGH + 1, 3: 300})))

    assert [(kind.size, len(kind.recording)) for kind in found] == [
        ("1k", ENOUGH),
        ("16k", ENOUGH + 1),
        (None, 300),
    ]
    assert found[0].name == "m0, prompts of 1k"


def test_models_are_told_apart_and_hardly_used_ones_left_out() -> None:
    """The one with most requests comes first."""
    assert [kind.model for kind in kinds(mixed({0: 301}, models=2))] == ["m0", "m1"]
    assert not list(kinds(mixed({0: 50})))
