"""The ways in which an answer's JSON arrives: piece by piece in a stream, or whole.

A `Reader` knows what the JSON of one provider means. The decoders here know how JSON arrives, and
see to it that every answer ends in exactly one `Ended` or `Failed`, whatever the bytes and wherever
they are cut.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Protocol, TypeAlias

from providers.base import Decoder
from providers.body import WholeBody, parse
from providers.errors import ProviderError
from providers.sse import Scanner
from providers.types import Ended, Event, Failed


class Reader(Protocol):
    """Gives meaning to one answer's JSON, value by value. Both methods may raise a `ProviderError`,
    which ends the answer as `Failed`."""

    def read(self, value: Any) -> Iterable[Event]:
        """What this value adds to the answer."""

    def end(self, rest: bytes) -> Iterable[Event]:
        """The bytes are over: gives `Ended` if the answer is complete. `rest` came last and was
        no event."""


class Found(Protocol):
    """A piece of a stream; its data is one JSON value."""

    @property
    def data(self) -> str | bytes: ...


class Scans(Protocol):
    """Finds the pieces of one stream. All but `rest` may raise a `ProviderError`."""

    def feed(self, data: bytes) -> Iterable[Found]:
        """The pieces that these bytes complete."""

    def finish(self) -> Iterable[Found]:
        """The bytes are over: what only now is known to be a piece."""

    def rest(self) -> bytes:
        """What came last and is none."""


Plain: TypeAlias = Callable[[str | bytes], Sequence[Event] | None]
"""Reads the JSON of a piece cheaply, or says by None that it takes care."""


class Streamed:
    """Decodes a stream of pieces that hold one JSON value each: server-sent events, if no `scanner` finds
    others. Implements `providers.base.Decoder`. `plain` is asked before the reader."""

    def __init__(
        self, reader: Reader, scanner: Scans | None = None, *, plain: Plain = lambda _: None
    ) -> None:
        self._reader = reader
        self._plain = plain
        self._scanner = scanner or Scanner()
        self._over = False

    def feed(self, data: bytes) -> Sequence[Event]:
        return self._until_over(self._arrived(data))

    def finish(self) -> Sequence[Event]:
        return self._until_over(self._last())

    def _arrived(self, data: bytes) -> Iterator[Event]:
        for event in self._scanner.feed(data):
            plain = self._plain(event.data)
            yield from self._reader.read(parse(event.data)) if plain is None else plain

    def _last(self) -> Iterator[Event]:
        for event in self._scanner.finish():
            yield from self._reader.read(parse(event.data))
        yield from self._reader.end(self._scanner.rest())

    def _until_over(self, events: Iterator[Event]) -> Sequence[Event]:
        """The events up to the answer's end; an error raised among them is that end."""
        if self._over:
            return ()
        seen: list[Event] = []
        try:
            for event in events:
                seen.append(event)
                if isinstance(event, Ended | Failed):
                    break
        except ProviderError as error:
            seen.append(Failed(error))
        self._over = bool(seen) and isinstance(seen[-1], Ended | Failed)
        return seen


def whole(reader: Reader) -> Decoder:
    """A decoder for an answer that is one JSON body. An answer that fails gives only its
    `Failed`."""

    def read(body: bytes) -> list[Event]:
        return [*reader.read(parse(body)), *reader.end(b"")]

    return WholeBody(read)
