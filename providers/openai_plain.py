"""The chunks that nearly all of a stream is made of: a piece of text for the only choice, and nothing else.

They are read by a typed decoder, which costs a third of reading them without trust. Where one looks like
the next, all but the text, whole runs of them need not be read at all: they go to a client that speaks the same
format as they came (`Passed`).
"""

from typing import Any

import attrs
import msgspec

from providers.types import Passed

FRAME = b"data: "
END = b"\n\n"
TEXT = b'"content":"'
ALWAYS = (b'"object":"chat.completion.chunk"', b'"index":0', b'"finish_reason":null')
"""Members that not every upstream writes, and every client gets."""


class _Delta(msgspec.Struct):
    content: str | None = None
    refusal: Any = None
    reasoning: Any = None
    reasoning_content: Any = None
    reasoning_details: Any = None

    @property
    def plain(self) -> bool:
        return not (
            self.refusal or self.reasoning or self.reasoning_content or self.reasoning_details
        )


class _Choice(msgspec.Struct):
    delta: _Delta
    index: int = 0
    finish_reason: str | None = None
    logprobs: Any = None
    error: Any = None


class _Chunk(msgspec.Struct):
    choices: tuple[_Choice]
    object: str | None = None
    usage: Any = None
    error: Any = None
    x_groq: Any = None


_decode = msgspec.json.Decoder(_Chunk).decode


def text_of(data: str | bytes) -> str | None:
    """The text of a chunk that is plain; None for any other, which has to be read with care."""
    try:
        chunk = _decode(data)
    except (msgspec.DecodeError, RecursionError):
        return None
    if chunk.usage or chunk.error or chunk.x_groq or chunk.object == "error":
        return None
    (choice,) = chunk.choices
    if choice.index or choice.finish_reason or choice.logprobs or choice.error:
        return None
    return choice.delta.content if choice.delta.plain else None


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
