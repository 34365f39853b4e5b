"""How one upstream call goes, as a value: when it is accepted, and then what comes after how long."""

from collections.abc import Sequence
from typing import Literal, TypeAlias

import attrs

from providers.errors import ProviderError
from providers.types import Ended, Event, Finished, Started, TextDelta, Usage, UsageSeen

Ends: TypeAlias = Literal["semantic", "first_line", "headers"]
"""What a contender's race ends on: something that a client can use, any line of data, or the headers."""

Step: TypeAlias = tuple[float, Sequence[Event]]

HEADERS = 0.08
"""Seconds to the headers of an upstream that answers before it knows what."""

MARK = TextDelta("")
"""Content by its kind but empty: a race takes it for its end, its client has nothing of it."""

FIRST: tuple[Event, ...] = (Started(), TextDelta("a"))
LAST: tuple[Event, ...] = (TextDelta("b"), Finished("stop"), Ended())


@attrs.frozen
class Script:
    """A call is accepted after `accepted` seconds, or refused then with `error`; `steps` follow.

    Each step is seconds of silence and then events. After the last one there is silence for ever.
    """

    accepted: float
    error: ProviderError | None = None
    steps: tuple[Step, ...] = ()


SILENT = Script(float("inf"))
"""A call that is taken and never answered."""


def good(first: float, rest: float, usage: Usage | None = None) -> Script:
    """A whole answer whose headers come with its first token; `rest` is the time from there to its end."""
    last = LAST if usage is None else (*LAST[:-1], UsageSeen(usage), LAST[-1])
    return Script(first, None, ((0.0, FIRST), (rest, last)))


def begun(steps: Sequence[Step]) -> Script:
    """An answer of which the headers and the role came long before anything else."""
    return Script(HEADERS, None, ((0.0, (Started(),)), *steps))


def refused(after: float, error: ProviderError) -> Script:
    """No answer."""
    return Script(after, error)


def ended_by(script: Script, ends: Ends) -> Script:
    """The same call as it looks to a race that ends on less than content."""
    if ends == "semantic" or not script.steps:
        return script
    if ends == "headers":
        return attrs.evolve(script, steps=((0.0, (MARK,)), *script.steps))
    (wait, events), *others = script.steps
    return attrs.evolve(script, steps=((wait, (MARK, *events)), *others))
