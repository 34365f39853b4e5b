"""What was found out about keys, as a message and back: moments on the machine's clock, and on our own.

Each process counts its seconds from a beginning of its own, which it must not tell others by.
"""

from collections.abc import Iterable, Iterator

import attrs

from gateway.workers.news import Found
from policies.rest import Drained, Lifted, Rested, Told


def message(told: Iterable[Told], shift: float) -> Found:
    """The message that tells all of this. `shift` is how much more the machine's clock shows than ours."""
    moved = [_moved(each, shift) for each in told]
    return Found(
        [each for each in moved if isinstance(each, Rested)],
        [each for each in moved if isinstance(each, Lifted)],
        [each for each in moved if isinstance(each, Drained)],
    )


def findings(found: Found, shift: float) -> Iterator[Told]:
    """What the message tells. Rests first: one that began and ended meanwhile has ended."""
    told: tuple[Told, ...] = (*found.rested, *found.lifted, *found.drained)
    for each in told:
        yield _moved(each, -shift)


def _moved(told: Told, shift: float) -> Told:
    match told:
        case Rested(_, _, since, until):
            return attrs.evolve(told, since=since + shift, until=until + shift)
        case Lifted(_, begun):
            return attrs.evolve(told, begun=begun + shift)
    return told
