"""Answers that are one body of JSON: collected whole, then read at once."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from providers.errors import BrokenAnswer, ProviderError
from providers.types import Event, Failed

BODY_LIMIT = 64 * 2**20
"""Bytes. A thousand embeddings of 3,072 numbers are about half of it."""

_decoder = msgspec.json.Decoder()


def parse(data: bytes | str) -> Any:
    """The JSON value that this text spells.

    Raises:
        BrokenAnswer: it spells none.
    """
    try:
        return _decoder.decode(data)
    except (ValueError, RecursionError):
        # The parser's own words may quote the answer, and help nobody.
        raise BrokenAnswer("The upstream's answer is not valid JSON") from None


class WholeBody:
    """A decoder that hands the complete body to `read`, whose `ProviderError` becomes a `Failed`.

    Implements `providers.base.Decoder`.
    """

    def __init__(self, read: Callable[[bytes], Sequence[Event]], limit: int = BODY_LIMIT) -> None:
        self._read = read
        self._limit = limit
        self._body = bytearray()
        self._over = False

    def feed(self, data: bytes) -> Sequence[Event]:
        if self._over:
            return ()
        self._body += data
        if len(self._body) <= self._limit:
            return ()
        self._over = True
        self._body.clear()
        return (Failed(BrokenAnswer("The upstream's answer is too large")),)

    def finish(self) -> Sequence[Event]:
        if self._over:
            return ()
        self._over = True
        try:
            return self._read(bytes(self._body))
        except ProviderError as error:
            return (Failed(error),)
