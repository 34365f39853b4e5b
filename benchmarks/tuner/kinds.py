"""Which requests are looked at together: those of an upstream model, and of a size of prompt if it has many."""

from collections.abc import Iterator

import attrs
import numpy as np

from benchmarks.tuner.reading import SIZE_NAMES, Recording

ENOUGH = 5_000
"""Requests of one size that are looked at by themselves."""

LEAST = 100
"""Requests below which a kind is not looked at."""


@attrs.frozen(eq=False)
class Kind:
    """Calls that are alike; `size` None: of all sizes, or of all that have no kind of their own."""

    model: str
    size: str | None
    recording: Recording

    @property
    def name(self) -> str:
        """What people call it."""
        return self.model if self.size is None else f"{self.model}, prompts of {self.size}"


def kinds(recording: Recording) -> Iterator[Kind]:
    """All kinds in a recording, those with most requests first."""
    counts = np.bincount(recording.model, minlength=len(recording.models))
    for place in np.argsort(-counts):
        if counts[place] >= LEAST:
            yield from _of_model(recording.only(recording.model == place), recording.models[place])


def _of_model(recording: Recording, model: str) -> Iterator[Kind]:
    counts = np.bincount(recording.size, minlength=len(SIZE_NAMES))
    large = np.flatnonzero(counts >= ENOUGH)
    if len(large) < 2:
        yield Kind(model, None, recording)
        return
    for place in large:
        yield Kind(model, SIZE_NAMES[place], recording.only(recording.size == place))
    rest = ~np.isin(recording.size, large)
    if rest.sum() >= LEAST:
        yield Kind(model, None, recording.only(rest))
