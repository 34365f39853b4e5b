"""What an API that clients speak has to know: how its requests are read, and how answers are written.

Every API ends in the same calls and begins from the same events, so that any of them can be answered by any
upstream: between them stand the words of `providers.types`. An API is pure: JSON in, bytes out.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

import attrs

from gateway.voice import OPENAI, Voice
from gateway.whole import Heading
from providers.types import Call, Event, Usage


@attrs.frozen
class Asked:
    """A request to be read. `said` is what its path says, such as the model; header names are in lower case.

    `body` is the JSON object, or the bytes where the API takes something else.
    """

    body: Mapping[str, Any] = attrs.field(repr=False)
    said: Mapping[str, str] = attrs.field(factory=dict)
    headers: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    raw: bytes = attrs.field(default=b"", repr=False)


class Writer(Protocol):
    """Writes one streamed answer."""

    def write(self, events: Iterable[Event]) -> bytes:
        """The frames of these events, to be sent together; the end is not theirs to write."""

    def end(self, usage: Usage) -> bytes:
        """The last frames of an answer that was completed."""


class Frames(Protocol):
    """Gives one stream of an upstream that speaks the client's own form."""

    def put(self, frames: bytes) -> bytes:
        """These whole frames, as the client is sent them."""

    def end(self) -> bytes:
        """What the client is sent behind the last of them."""


@attrs.frozen
class AsTheyAre:
    """Frames that go to the client unchanged. Implements `Frames`."""

    def put(self, frames: bytes) -> bytes:
        return frames

    def end(self) -> bytes:
        return b""


@attrs.frozen
class Api:
    """One API. `prefix` begins the ids of its answers; `json` says that its bodies are JSON.

    `read` raises an ApiError that names what is wrong. `whole` gives the body of an answer that is not
    streamed, and may raise a BrokenAnswer. `stream` makes the writer of one that is, `own` what gives the
    frames of an upstream that speaks the API itself. `names` are those under which its clients know members of
    a chat, where they differ.
    """

    name: str
    read: Callable[[Asked], Call]
    whole: Callable[[Call, Heading, Sequence[Event], Usage], bytes]
    stream: Callable[[Call, Heading], Writer] | None = None
    voice: Voice = OPENAI
    prefix: str = ""
    json: bool = True
    names: Mapping[str, str] = attrs.field(factory=dict)
    own: Callable[[], Frames] = AsTheyAre
