"""OpenAI's APIs that are no chats: moderations, images, speech, transcriptions; and ranks, Cohere's idea.

They are sent on as they came, to who has them, and answered with what came back. Only the model is read.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from gateway.apis.api import Api, Asked
from gateway.errors import bad_request
from gateway.fields import optional_bool, string
from gateway.whole import Heading
from gateway.wire import model_of, read_json
from providers.errors import BrokenAnswer
from providers.multipart import BadForm, Part, read_form
from providers.types import Call, Event, Operation, PlainCall, Usage

USUAL: Mapping[str, str] = {
    "moderations": "omni-moderation-latest",
    "images": "gpt-image-1",
}
"""The models that OpenAI takes where none is named."""

NEEDED: Mapping[str, tuple[str, ...]] = {
    "moderations": ("input",),
    "images": ("prompt",),
    "speech": ("input", "voice"),
    "transcriptions": ("file",),
    "rerank": ("query", "documents"),
}
SOUNDS: Mapping[str, str] = {
    "mp3": "audio/mpeg",
    "opus": "audio/ogg",
    "aac": "audio/aac",
    "flac": "audio/flac",
    "wav": "audio/wav",
    "pcm": "audio/pcm",
}
"""The content types of speech by `response_format`."""

TEXTS: Mapping[str, str] = {
    "text": "text/plain; charset=utf-8",
    "srt": "text/plain; charset=utf-8",
    "vtt": "text/vtt; charset=utf-8",
}
"""Those of transcriptions that are no JSON."""


def _read(asked: Asked, *, operation: Operation, path: str) -> Call:
    kind = asked.headers.get("content-type", "")
    if kind.startswith("multipart/"):
        return _read_form(kind, asked.raw, operation, path)
    body = dict(read_json(asked.raw))
    if operation == "transcriptions":
        raise bad_request("The body must be multipart/form-data with a 'file'", "file")
    if body.get("model") is None and operation in USUAL:
        body["model"] = USUAL[operation]
    model = model_of(body)
    _check(body, operation)
    events = body.get("stream_format") == "sse" or optional_bool(body, "stream")
    answers = _sound(body) if operation == "speech" and not events else "application/json"
    return PlainCall(operation, path, model, body, answers=answers, stream=events)


def _read_form(kind: str, raw: bytes, operation: Operation, path: str) -> Call:
    if operation not in ("transcriptions", "images"):
        raise bad_request("The body must be a JSON object")
    try:
        parts = read_form(kind, raw)
    except BadForm as error:
        raise bad_request(str(error)) from error
    said = {part.name.removesuffix("[]"): part.text for part in parts if part.filename is None}
    if "model" not in said and operation in USUAL:
        parts = (*parts, Part("model", USUAL[operation].encode()))
        said["model"] = USUAL[operation]
    model = model_of(said)
    _check({**dict.fromkeys((part.name for part in parts), True), **said}, operation)
    answers = TEXTS.get(said.get("response_format", ""), "application/json")
    stream = said.get("stream", "").lower() in ("true", "1")
    return PlainCall(operation, path, model, said, parts, answers, stream)


def _check(body: Mapping[str, Any], operation: Operation) -> None:
    for name in NEEDED[operation]:
        if body.get(name) in (None, ""):
            raise bad_request(f"Missing required parameter: '{name}'", name)


def _sound(body: Mapping[str, Any]) -> str:
    wanted = string(body.get("response_format") or "mp3", "response_format")
    if wanted not in SOUNDS:
        words = f"'response_format' must be one of {', '.join(SOUNDS)}"
        raise bad_request(words, "response_format")
    return SOUNDS[wanted]


def _whole(_call: Call, _heading: Heading, _events: Sequence[Event], _usage: Usage) -> bytes:
    raise BrokenAnswer("The upstream's answer is none")  # one that came is given as it came


class _Nothing:
    """Writes nothing: what came is given as it came. Implements `gateway.apis.api.Writer`."""

    def write(self, events: Any) -> bytes:  # noqa: ARG002
        return b""

    def end(self, usage: Usage) -> bytes:  # noqa: ARG002
        return b""


def _stream(_call: Call, _heading: Heading) -> _Nothing:
    return _Nothing()


def _api(operation: Operation, path: str) -> Api:
    read = partial(_read, operation=operation, path=path)
    return Api(operation, read, _whole, _stream, json=False)


_PATHS: Mapping[str, Operation] = {
    "/moderations": "moderations",
    "/images/generations": "images",
    "/images/edits": "images",
    "/audio/speech": "speech",
    "/audio/transcriptions": "transcriptions",
    "/audio/translations": "transcriptions",
    "/rerank": "rerank",
}

PLAIN: Mapping[str, Api] = {path: _api(operation, path) for path, operation in _PATHS.items()}
"""By their paths."""
