"""What will be asked, when and how long: all of it before the first request, by the seed alone."""

import random
from collections.abc import Iterable, Iterator

import attrs

from benchmarks.load.lengths import Law
from benchmarks.load.traces import Row


@attrs.frozen
class Planned:
    """A request to come: seconds after the start when it is due, its tokens, whether it counts."""

    due: float
    input_tokens: int
    output_tokens: int
    counted: bool


@attrs.frozen
class Extent:
    """How much: `warm_up` seconds that do not count, then `duration` seconds or `requests`, or both.

    None is no limit; what comes first ends it.
    """

    warm_up: float
    duration: float | None
    requests: int | None


def unrecorded(times: Iterable[float]) -> Iterator[Row]:
    """Arrivals of which only the time is known."""
    return (Row(at, None, None) for at in times)


def replayed(rows: Iterable[Row], speed: float) -> Iterator[Row]:
    """Recorded ones, `speed` times as fast."""
    return (attrs.evolve(row, at=row.at / speed) for row in rows)


def schedule(
    rows: Iterable[Row], extent: Extent, lengths: tuple[Law, Law], rng: random.Random
) -> list[Planned]:
    """The requests due within the extent; lengths that are not recorded are drawn.

    `lengths` are the prompts' and the answers'. Rows must be in order.
    """
    planned: list[Planned] = []
    counted = 0
    for row in rows:
        counts = row.at >= extent.warm_up
        if extent.duration is not None and row.at >= extent.warm_up + extent.duration:
            break
        if extent.requests is not None and counts and counted == extent.requests:
            break
        counted += counts
        place = rng.random()
        asked = lengths[0].draw(rng, place), lengths[1].draw(rng, place)
        planned.append(
            Planned(row.at, row.input_tokens or asked[0], row.output_tokens or asked[1], counts)
        )
    return planned
