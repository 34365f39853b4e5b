"""What a dialect promises: a pure translation between our words and one provider's wire format.

A dialect does no I/O and keeps no state; a decoder keeps the state of one answer. Both can be tested,
fuzzed and replayed with bytes alone.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Protocol

import attrs

from providers.errors import ProviderError
from providers.types import Call, Event, Form, ModelInfo, RateLimits, Secret


@attrs.frozen
class WireRequest:
    """An HTTP request, but for the host. `path` is joined to the key's base URL, `/` first.

    `headers` hold no credential (see `Dialect.credentials`), so a request may be compared; they are not shown,
    for some senders add one (see `providers.authorized`).
    """

    path: str
    body: bytes = attrs.field(default=b"", repr=False)
    method: str = "POST"
    headers: tuple[tuple[str, str], ...] = attrs.field(
        default=(("content-type", "application/json"),), repr=False
    )


class Decoder(Protocol):
    """Turns one answer's bytes into events, however the bytes are split."""

    def feed(self, data: bytes) -> Sequence[Event]:
        """Events that these bytes complete. Once `Ended` or `Failed` was given, always empty."""

    def finish(self) -> Sequence[Event]:
        """The bytes are over. Gives `Failed(BrokenAnswer)` unless the answer's end was already said,
        or, for answers that are one body, gives the whole answer's events now."""


class Dialect(Protocol):
    """One provider's wire format."""

    @property
    def name(self) -> str:
        """As in configuration and metrics: `openai`, `gemini`, `anthropic`."""

    @property
    def forms(self) -> AbstractSet[Form]:
        """The forms beside OpenAI's chat in which it takes requests as they are (see `speaks`)."""

    def refuses(self, call: Call) -> str | None:
        """The first parameter of the call that this provider cannot honour, or None if it can all."""

    def encode(self, call: Call, model: str) -> WireRequest:
        """The call in this provider's form, for its model `model`."""

    def credentials(self, secret: Secret) -> tuple[tuple[str, str], ...]:
        """The headers that authenticate."""

    def decoder(self, call: Call) -> Decoder:
        """A fresh decoder for the answer to this call (status 200)."""

    def error(self, status: int, headers: Mapping[str, str], body: bytes) -> ProviderError:
        """What an answer with another status means. `headers` has lower-case names."""

    def limits(self, headers: Mapping[str, str]) -> RateLimits:
        """What the answer's headers say of the key's quota."""

    def list_models(self, page: str | None = None) -> WireRequest | None:
        """The request that asks which models there are; `page` is the cursor of the page before.

        None where nobody can be asked: then models are named in the configuration.
        """

    def read_models(self, body: bytes) -> tuple[Sequence[ModelInfo], str | None]:
        """The models on one page, and the cursor of the next (None on the last).

        Raises:
            BrokenAnswer: the body is not a list of models.
        """


def speaks(dialect: Dialect, call: Call) -> bool:
    """Whether the dialect speaks the form in which the client asked: then it sends what the client sent, and
    gives the answer's own bytes (`Verbatim`) beside its events."""
    return call.native is not None and call.native.form in dialect.forms


def refusal(dialect: Dialect, call: Call) -> str | None:
    """The first parameter of the call that an upstream of this dialect cannot honour, or None."""
    if call.native is None:
        return dialect.refuses(call)
    if speaks(dialect, call):
        return None
    return call.native.only or dialect.refuses(call)
