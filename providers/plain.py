"""Calls that are no chats: sent on as they came, but for the model, and answered with what came back.

Nothing is translated. What an answer says of usage is read; the rest is the client's to understand.
"""

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any

import attrs
import msgspec

from providers.advice import in_band, read_error
from providers.base import Decoder, WireRequest
from providers.body import WholeBody, parse
from providers.errors import BrokenAnswer, ProviderError
from providers.lenient import count, fields
from providers.multipart import write_form
from providers.sse import Scanner
from providers.types import Ended, Event, Failed, Made, PlainCall, Usage, UsageSeen, Verbatim
from providers.verbatim import VerbatimStream

EVENTS = "text/event-stream"
DONE = "[DONE]"
LAST = (".done", ".completed")
"""How the types end of events that complete a stream."""


def encode_plain(call: PlainCall, model: str, path: str) -> WireRequest:
    """The client's request, for this model at this path."""
    if not call.parts:
        body = msgspec.json.encode({**call.body, "model": model})
        return WireRequest(path=path, body=body)
    named = any(part.name == "model" for part in call.parts)
    parts = [
        attrs.evolve(part, data=model.encode()) if part.name == "model" else part
        for part in call.parts
    ]
    assert named, "a form without a model was refused"
    boundary = "hedgerow" + blake2b(b"".join(p.data for p in parts), digest_size=16).hexdigest()
    kind = f"multipart/form-data; boundary={boundary}"
    return WireRequest(
        path=path, body=write_form(parts, boundary), headers=(("content-type", kind),)
    )


def plain_decoder(call: PlainCall) -> Decoder:
    """What reads the answer to such a call."""
    if call.stream:
        return VerbatimStream(PlainStream())
    is_json = call.answers == "application/json"

    def read(body: bytes) -> list[Event]:
        if not body:
            raise BrokenAnswer("The upstream's answer is empty")
        used = _used(parse(body)) if is_json else Usage()
        return [Verbatim(body, call.answers), Made(len(body)), UsageSeen(used), Ended()]

    return WholeBody(read)


class PlainStream:
    """A stream of events that are not read, but for their errors, usage and end.

    Implements `providers.base.Decoder`. It has ended at `[DONE]`, at an event whose type says so, or where its
    bytes end behind such an event.
    """

    def __init__(self) -> None:
        self._scanner = Scanner()
        self._said = self._over = False
        self._last = False

    def feed(self, data: bytes) -> Sequence[Event]:
        if self._over:
            return ()
        seen: list[Event] = []
        try:
            for event in self._scanner.feed(data):
                seen += self._read(event.data.strip())
        except ProviderError as error:
            seen.append(Failed(error))
        self._over = bool(seen) and isinstance(seen[-1], Ended | Failed)
        return seen

    def finish(self) -> Sequence[Event]:
        if self._over:
            return ()
        self._over = True
        if self._last:
            return [Ended()]
        return [Failed(BrokenAnswer("The upstream's answer was cut short"))]

    def _read(self, data: str) -> list[Event]:
        if data == DONE:
            return [Ended()]
        if not data:
            return []
        value = fields(parse(data))
        if value.get("error") or value.get("type") == "error":
            raise in_band(read_error(value))
        self._last = self._last or str(value.get("type", "")).endswith(LAST)
        used = [UsageSeen(_used(value))] if value.get("usage") else []
        return [Made(len(data)), *used]


def _used(value: Any) -> Usage:
    """The usage in an answer, by either of OpenAI's names for its parts; nothing where there is none."""
    body = fields(value)
    if body.get("error"):
        raise in_band(read_error(body))
    usage: Mapping[str, Any] = fields(body.get("usage"))
    prompt = count(usage.get("prompt_tokens")) or count(usage.get("input_tokens"))
    completion = count(usage.get("completion_tokens")) or count(usage.get("output_tokens"))
    total = count(usage.get("total_tokens")) or prompt + completion
    return Usage(prompt or max(0, total - completion), completion, total)
