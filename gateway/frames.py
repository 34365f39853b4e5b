"""Events to OpenAI's answers: streamed chunks, whole bodies, embeddings. Pure.

Every chunk of a stream has the same id, time and model: the model the client asked for, whatever the
upstream calls it. A chunk of usage is sent exactly once, and only when asked for.
"""

import base64
import struct
from collections.abc import Iterable, Sequence
from typing import Any

import attrs
import msgspec

from gateway.errors import ApiError
from providers.types import Event, Finished, Passed, TextDelta, Usage, Vectors

DONE = b"data: [DONE]\n\n"
COMMENT = b": keep-alive\n\n"

_FIELD = {"content": "content", "reasoning": "reasoning_content", "refusal": "refusal"}
_encode = msgspec.json.Encoder().encode


@attrs.frozen
class Heading:
    """What all pieces of one answer share. `created` is a Unix time in seconds."""

    id: str
    created: int
    model: str


@attrs.define(eq=False)
class ChunkWriter:
    """Writes one streamed answer, event by event."""

    heading: Heading
    include_usage: bool
    _begun: set[int] = attrs.field(factory=set)
    _ours: tuple[bytes, bytes, bytes] | None = None

    def write(self, events: Iterable[Event]) -> bytes:
        """The frames of these events, to be sent together: what arrived together leaves together."""
        return b"".join(
            self._passed(event) if isinstance(event, Passed) else self._frame(event)
            for event in events
            if isinstance(event, TextDelta | Passed | Finished)
        )

    def end(self, usage: Usage) -> bytes:
        """The last frames of an answer that was completed."""
        if not self.include_usage:
            return DONE
        chunk = self._chunk([])
        chunk["usage"] = usage_body(usage)
        return _data(chunk) + DONE

    def _passed(self, run: Passed) -> bytes:
        """The upstream's own frames, with what all pieces of this answer share."""
        if self._ours is None or self._ours[0] is not run.opening:
            self._ours = (run.opening, *self._rewritten(run))
        _, opening, closing = self._ours
        return run.frames.replace(run.opening, opening).replace(run.closing, closing)

    def _rewritten(self, run: Passed) -> tuple[bytes, bytes]:
        """The opening and the closing, once they are ours; members that we do not know stay."""
        chunk = msgspec.json.decode((run.opening + run.closing).removeprefix(b"data: "))
        chunk |= {"id": self.heading.id, "created": self.heading.created}
        chunk["model"] = self.heading.model
        chunk.pop("usage", None)
        if self.include_usage:
            chunk["usage"] = None
        opening, content, closing = _data(chunk).rpartition(b'"content":""')
        return opening + content[:-1], b'"' + closing

    def _frame(self, event: TextDelta | Finished) -> bytes:
        opening = b"" if event.choice in self._begun else self._open(event.choice)
        choice: dict[str, Any] = {"index": event.choice, "delta": {}, "finish_reason": None}
        if isinstance(event, Finished):
            choice["finish_reason"] = event.reason
        else:
            choice["delta"] = {_FIELD[event.kind]: event.text}
            if event.logprobs is not None:
                choice["logprobs"] = event.logprobs
        return opening + _data(self._chunk([choice]))

    def _open(self, index: int) -> bytes:
        self._begun.add(index)
        delta = {"role": "assistant", "content": ""}
        return _data(self._chunk([{"index": index, "delta": delta, "finish_reason": None}]))

    def _chunk(self, choices: list[dict[str, Any]]) -> dict[str, Any]:
        chunk: dict[str, Any] = {
            "id": self.heading.id,
            "object": "chat.completion.chunk",
            "created": self.heading.created,
            "model": self.heading.model,
            "choices": choices,
        }
        if self.include_usage:
            chunk["usage"] = None
        return chunk


def error_frame(error: ApiError) -> bytes:
    """The last frame of an answer that broke: no `[DONE]` follows."""
    return b"data: " + error.encode() + b"\n\n"


@attrs.define
class _Choice:
    texts: dict[str, list[str]] = attrs.field(factory=dict)
    logprobs: list[Any] = attrs.field(factory=list)
    finish: str | None = None


def chat_body(heading: Heading, events: Iterable[Event], usage: Usage) -> dict[str, Any]:
    """A whole answer, folded from its events."""
    choices: dict[int, _Choice] = {}
    for event in events:
        if isinstance(event, TextDelta):
            choice = choices.get(event.choice) or choices.setdefault(event.choice, _Choice())
            choice.texts.setdefault(event.kind, []).append(event.text)
            if event.logprobs is not None:
                choice.logprobs.append(event.logprobs)
        elif isinstance(event, Finished):
            choices.setdefault(event.choice, _Choice()).finish = event.reason
    return {
        "id": heading.id,
        "object": "chat.completion",
        "created": heading.created,
        "model": heading.model,
        "choices": [_choice_body(index, choices[index]) for index in sorted(choices)],
        "usage": usage_body(usage),
    }


def embeddings_body(model: str, vectors: Vectors, encoding: str, usage: Usage) -> dict[str, Any]:
    """An embeddings answer. The encoding is the client's wish, whatever the upstream sent."""
    return {
        "object": "list",
        "data": [
            {"object": "embedding", "index": index, "embedding": _vector(vector, encoding)}
            for index, vector in enumerate(vectors.items)
        ],
        "model": model,
        "usage": {"prompt_tokens": usage.prompt, "total_tokens": usage.prompt},
    }


def usage_body(usage: Usage) -> dict[str, Any]:
    """OpenAI's usage object; the details only where the upstream gave them."""
    body: dict[str, Any] = {
        "prompt_tokens": usage.prompt,
        "completion_tokens": usage.completion,
        "total_tokens": usage.total,
    }
    if usage.cached:
        body["prompt_tokens_details"] = {"cached_tokens": usage.cached}
    if usage.reasoning:
        body["completion_tokens_details"] = {"reasoning_tokens": usage.reasoning}
    return body


def _choice_body(index: int, choice: _Choice) -> dict[str, Any]:
    texts = {kind: "".join(pieces) for kind, pieces in choice.texts.items()}
    message: dict[str, Any] = {"role": "assistant", "content": texts.get("content")}
    if message["content"] is None and "refusal" not in texts:
        message["content"] = ""
    for kind in ("reasoning", "refusal"):
        if kind in texts:
            message[_FIELD[kind]] = texts[kind]
    body: dict[str, Any] = {"index": index, "message": message, "finish_reason": choice.finish}
    if choice.logprobs:
        body["logprobs"] = _joined_logprobs(choice.logprobs)
    return body


def _joined_logprobs(pieces: Sequence[Any]) -> dict[str, Any]:
    """OpenAI's logprobs objects hold lists by kind of text; a whole answer has them joined."""
    joined: dict[str, Any] = {}
    for piece in pieces:
        if isinstance(piece, dict):
            for name, tokens in piece.items():
                known = joined.get(name)
                joined[name] = [*(known or ()), *tokens] if isinstance(tokens, list) else known
    return joined


def _vector(vector: Sequence[float], encoding: str) -> list[float] | str:
    """Base64 is of little-endian 32-bit floats: what OpenAI's SDKs ask for and decode."""
    if encoding == "float":
        return list(vector)
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode("ascii")


def _data(chunk: dict[str, Any]) -> bytes:
    return b"data: " + _encode(chunk) + b"\n\n"
