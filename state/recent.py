"""The latest requests, whole: bounded, ordered by stamp, whatever order they come in."""

from bisect import insort
from operator import itemgetter
from typing import TypeAlias

import attrs

from state.codec import whole
from state.records import CountedRequest, RequestEnded

KEPT_REQUESTS = 1000
"""How many of the latest requests are kept whole."""

Stamp: TypeAlias = tuple[int, str, int]
"""When something was written: time in ms, writer, number. Never equal for two records."""

Request: TypeAlias = RequestEnded | CountedRequest
_Entry: TypeAlias = tuple[Stamp, Request]


def _latest(entries: list[_Entry]) -> tuple[RequestEnded, ...]:
    return tuple(whole(request) for _, request in entries[-KEPT_REQUESTS:])


@attrs.define
class Recent:
    """The KEPT_REQUESTS latest requests. Equal if these are equal."""

    _entries: list[_Entry] = attrs.field(factory=list, eq=_latest)

    def add(self, request: Request, stamp: Stamp) -> None:
        """Keep the request, if it is among the latest. Each once."""
        entries = self._entries
        if not entries or entries[-1][0] < stamp:
            entries.append((stamp, request))
        else:
            insort(entries, (stamp, request), key=itemgetter(0))
        if len(entries) >= 2 * KEPT_REQUESTS:
            del entries[:-KEPT_REQUESTS]

    def has_room(self, ts: int) -> bool:
        """Whether a request of this time could be among the latest."""
        entries = self._entries
        return len(entries) < KEPT_REQUESTS or entries[-KEPT_REQUESTS][0][0] <= ts

    @property
    def entries(self) -> list[_Entry]:
        """The latest with their stamps, oldest first."""
        return self._entries[-KEPT_REQUESTS:]

    def whole(self) -> tuple[RequestEnded, ...]:
        """The latest, oldest first. Takes milliseconds."""
        return _latest(self._entries)

    def find(self, request: str) -> RequestEnded | None:
        """One of the latest by its id."""
        known = (whole(known) for _, known in reversed(self.entries))
        return next((record for record in known if record.request == request), None)
