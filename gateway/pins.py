"""What an upstream keeps of a client's, and which key can find it again.

A stored response is known to the account that made it and to no other. So its id is remembered with the key,
and who goes on from it is sent to that key alone. Bounded, in memory: an id that is not known here (after a
restart, or from another worker) is sent on only where a single key could have made it. What one project made is
not found by another.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import attrs

from gateway.errors import bad_request
from gateway.relay import Source
from policies.target import Route
from providers.lenient import fields, text
from providers.types import Call, Event, Native, Started, Verbatim

MOST = 100_000
"""Ids; each takes some 300 bytes."""


@attrs.frozen
class Maker:
    """Who made what an id names: the project, and with which key."""

    project: str
    key: str


@attrs.define(eq=False)
class Pins:
    """The latest ids with their makers."""

    most: int = MOST
    _makers: OrderedDict[str, Maker] = attrs.field(factory=OrderedDict)

    def note(self, maker: Maker, call: Call, events: Sequence[Event]) -> None:
        """Remembers what a call's answer was named, if it was passed on and its upstream keeps it."""
        if not _is_kept(call.native) or not any(isinstance(each, Verbatim) for each in events):
            return
        for event in events:
            if isinstance(event, Started) and event.id:
                self._makers[event.id] = maker
                self._makers.move_to_end(event.id)
        while len(self._makers) > self.most:
            self._makers.popitem(last=False)

    def narrowed(self, route: Route, call: Call, project: str) -> Route:
        """The targets that can know what the call goes on from: all, if it goes on from nothing.

        Raises:
            ApiError: 400, nobody can tell who knows it.
        """
        for name, kept in continued(call.native):
            maker = self._makers.get(kept)
            if maker is not None and maker.project != project:
                raise bad_request(f"'{name}' names nothing that is known", name)
            keys = {target.key for tier in route for target in tier}
            if maker is None and len(keys) > 1:
                words = (
                    f"'{name}' was not made here lately, and there are several keys it may be of"
                )
                raise bad_request(words, name)
            if maker is not None:
                route = _of(route, maker.key)
            if not route:
                raise bad_request(f"'{name}' was made with a key that no longer serves this", name)
        return route


@attrs.frozen
class Noted:
    """An answer whose events are shown to somebody on their way. Implements `gateway.relay.Source`."""

    source: Source
    note: Callable[[Sequence[Event]], None]

    async def receive(self) -> Sequence[Event]:
        """The next events."""
        events = await self.source.receive()
        self.note(events)
        return events


def continued(native: Native | None) -> Iterator[tuple[str, str]]:
    """The ids of what a call goes on from, by the places where it names them."""
    if native is None or native.form != "responses":
        return
    body = native.body
    if previous := text(body.get("previous_response_id")):
        yield "previous_response_id", previous
    conversation = body.get("conversation")
    if named := text(fields(conversation).get("id")) or text(conversation):
        yield "conversation", named
    yield from _references(body)


def _references(body: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    given = body.get("input")
    for place, item in enumerate(given if isinstance(given, list) else ()):
        if fields(item).get("type") == "item_reference":
            yield f"input[{place}]", text(item.get("id"))


def _is_kept(native: Native | None) -> bool:
    return (
        native is not None and native.form == "responses" and native.body.get("store") is not False
    )


def _of(route: Route, key: str) -> Route:
    tiers = [tuple(target for target in tier if target.key == key) for tier in route]
    return tuple(tier for tier in tiers if tier)
