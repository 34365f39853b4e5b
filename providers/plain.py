"""Calls that are no chats: sent on as they came, but for the model, and answered with what came back.

Nothing is translated. What an answer says of usage is read; the rest is the client's to understand.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from hashlib import blake2b
from types import MappingProxyType
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
JSON_TYPE = "application/json"
PAGE = "text/html"
DONE = "[DONE]"
LAST = (".done", ".completed")
"""How the types end of events that complete a stream."""

IMAGES = ("/images/generations", "/images/edits")
SOUND = ("/audio/speech", "/audio/transcriptions", "/audio/translations")


def at(*paths: str, **moved: str) -> Mapping[str, str]:
    """Where somebody has these of OpenAI's paths: at the same, but for those `moved` (without their slash)."""
    return MappingProxyType({path: path for path in paths} | {f"/{n}": p for n, p in moved.items()})


EVERYTHING = at(*IMAGES, *SOUND, "/moderations", "/rerank")
"""Whoever is OpenAI-compatible may have these."""

TOKENS = frozenset(
    ("prompt_tokens", "completion_tokens", "input_tokens", "output_tokens", "total_tokens")
)


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


class PlainAnswer:
    """Reads the answer to such a call, by the type that the upstream says it has.

    Implements `providers.base.Decoder`. `opaque` says that nothing in the bytes shows where they end, as in
    sound: then a connection that breaks has torn them.
    """

    def __init__(self, call: PlainCall) -> None:
        self._call = call
        self.headed("")

    def headed(self, content_type: str) -> None:
        """The head has come; empty where it does not say the type, and then it is what was asked for."""
        kind = content_type.lower()
        events = kind.startswith(EVENTS) if kind else self._call.stream
        json = "json" in kind or (self._call.answers == JSON_TYPE and not kind.startswith("audio/"))
        self.opaque = not events and not json
        self._decoder: Decoder = (
            VerbatimStream(PlainStream())
            if events and self._call.stream
            else WholeBody(partial(_read, kind=content_type or self._call.answers, json=json))
        )

    def feed(self, data: bytes) -> Sequence[Event]:
        return self._decoder.feed(data)

    def finish(self) -> Sequence[Event]:
        return self._decoder.finish()


def _read(body: bytes, *, kind: str, json: bool) -> list[Event]:
    if not body:
        raise BrokenAnswer("The upstream's answer is empty")
    if kind.lower().startswith(PAGE):
        raise BrokenAnswer("The upstream's answer is a web page")
    used = _used(parse(body)) if json else None
    return [Verbatim(body, kind, whole=True), Made(len(body)), *_seen(used), Ended()]


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
        return [Made(len(data)), *_seen(_used(value))]


def _seen(used: Usage | None) -> list[Event]:
    return [] if used is None else [UsageSeen(used)]


def _used(value: Any) -> Usage | None:
    """The tokens that an answer says were used, by either of OpenAI's names for them, or where Cohere has them.

    None where it says none, or something else, such as seconds of sound.
    """
    body = fields(value)
    if body.get("error"):
        raise in_band(read_error(body))
    usage: Mapping[str, Any] = fields(body.get("usage")) or fields(
        fields(body.get("meta")).get("tokens")
    )
    if TOKENS.isdisjoint(usage):
        return None
    prompt = count(usage.get("prompt_tokens")) or count(usage.get("input_tokens"))
    completion = count(usage.get("completion_tokens")) or count(usage.get("output_tokens"))
    total = count(usage.get("total_tokens")) or prompt + completion
    return Usage(prompt or max(0, total - completion), completion, total)
