"""Counts of tokens: a question that no model answers, so that nothing of it is billed."""

from collections.abc import Iterator
from typing import Any

from providers.errors import BrokenAnswer
from providers.lenient import count, fields
from providers.types import Counted, Ended, Event, Usage, UsageSeen


class CountReader:
    """Reads a count that is a member of the answer. Implements `providers.reading.Reader`."""

    def __init__(self, member: str) -> None:
        self._member = member

    def read(self, value: Any) -> Iterator[Event]:
        given = fields(value).get(self._member)
        if isinstance(given, bool) or not isinstance(given, int | float) or given < 0:
            raise BrokenAnswer("The upstream gave no count of tokens")
        yield Counted(count(given))
        yield UsageSeen(Usage())

    def end(self, rest: bytes) -> Iterator[Event]:  # noqa: ARG002 - a whole body leaves no rest
        yield Ended()
