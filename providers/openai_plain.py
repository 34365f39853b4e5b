"""The chunks that nearly all streams are made of: one choice's text, its finish, the usage, and nothing else.

They are read by a typed decoder, which costs a third of reading them without trust. And where a piece of
text looks like the next, all but the text, whole runs need not be read at all: they go to a client that speaks
the same format as they came (`Passed`).
"""

from typing import Any

import attrs
import msgspec

from providers.openai_answer import BREAKS, EMPTY, SHARED
from providers.types import Passed

FRAME = b"data: "
END = b"\n\n"
TEXT = b'"content":"'
ALWAYS = (b'"object":"chat.completion.chunk"', b'"index":0', b'"finish_reason":null')
"""Members that not every upstream writes, and every client gets."""


class _Delta(msgspec.Struct, forbid_unknown_fields=True):
    role: str | None = None
    content: str | None = None
    refusal: Any = None
    reasoning: Any = None
    reasoning_content: Any = None
    tool_calls: Any = None
    function_call: Any = None


class _Choice(msgspec.Struct, forbid_unknown_fields=True):
    delta: _Delta
    index: int = 0
    finish_reason: str | None = None
    logprobs: Any = None
    error: Any = None
    native_finish_reason: Any = None
    stop_reason: Any = None
    matched_stop: Any = None
    token_ids: Any = None
    content_filter_results: Any = None

    @property
    def plain(self) -> bool:
        """Whether text and finish are all that there is."""
        delta = self.delta
        odd = (
            self.index or self.logprobs or self.error or self.finish_reason in BREAKS or self._more
        )
        more = delta.reasoning or delta.reasoning_content or delta.tool_calls
        return not (odd or more or delta.refusal or delta.function_call)

    @property
    def _more(self) -> bool:
        """Whether a member that is usually empty says something."""
        return bool(
            self.native_finish_reason
            or self.stop_reason
            or self.matched_stop
            or self.token_ids
            or self.content_filter_results
        )


class Chunk(msgspec.Struct, forbid_unknown_fields=True):
    """A chunk, as far as it is read."""

    choices: list[_Choice]
    id: str | None = None
    model: str | None = None
    object: str | None = None
    created: Any = None
    obfuscation: Any = None
    usage: dict[str, Any] | None = None
    error: Any = None
    x_groq: Any = None
    service_tier: Any = None
    system_fingerprint: Any = None
    provider: Any = None
    citations: Any = None
    search_results: Any = None

    @property
    def members(self) -> dict[str, Any]:
        """What it says that is passed on with every piece."""
        return {name: value for name in SHARED if (value := getattr(self, name)) not in EMPTY}


_decode = msgspec.json.Decoder(Chunk).decode


def read(data: str | bytes) -> Chunk | None:
    """A chunk that is plain: of the first choice alone, if of any. None: it has to be read with care."""
    try:
        chunk = _decode(data)
    except (msgspec.DecodeError, RecursionError):
        return None
    if chunk.error or chunk.x_groq or chunk.object == "error" or len(chunk.choices) > 1:
        return None
    return chunk if not chunk.choices or chunk.choices[0].plain else None


@attrs.frozen
class Template:
    """A plain chunk without its text: what comes before it, and what behind."""

    opening: bytes
    closing: bytes

    @classmethod
    def of(cls, chunk: str) -> "Template | None":
        """That of a plain chunk; None where a client could not be given it, or the text is not easily found."""
        data = chunk.encode()
        opening, found, rest = data.partition(TEXT)
        text, quote, closing = rest.partition(b'"')
        if not found or not quote or b"\\" in text or TEXT in closing:
            return None
        if not all(member in opening or member in closing for member in ALWAYS):
            return None
        return cls(FRAME + opening + TEXT, quote + closing + END)

    def passed(self, frames: bytes) -> Passed | None:
        """These frames, if all of them are like this one, by counting: no other quotes, no other lines."""
        count = frames.count(END)
        alike = (
            frames.startswith(self.opening)
            and frames.count(self.opening) == count
            and frames.count(self.closing) == count
            and frames.count(b"\n") == 2 * count
            and b"\r" not in frames
            and frames.count(b'"') - frames.count(b'\\"') == count * self._quotes
        )
        if not alike:
            return None
        text = len(frames) - count * (len(self.opening) + len(self.closing))
        return Passed(frames, self.opening, self.closing, count, text)

    @property
    def _quotes(self) -> int:
        return self.opening.count(b'"') + self.closing.count(b'"')
