"""Recorded traffic, read from a folder: `<provider>/<feature>/<name>.json`, an exchange or a session a file.

An exchange says what was asked (`method`, `path`, `request_body`) and what was answered (`status`,
`response_headers`, and `response_body` or `response_body_base64`). Where `path` is null nobody knows what was
asked, and the exchange can only be had by its name. A session of `kind` `websocket` has `frames`.
"""

import base64
import binascii
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import attrs
import msgspec

_NOT_THE_ANSWERS = frozenset(
    {
        *("connection", "keep-alive", "proxy-authenticate", "proxy-connection", "te", "trailer"),
        *("transfer-encoding", "upgrade", "content-length", "content-encoding"),
    }
)
"""Headers of the way, and of the form the body had on it: ours is another."""


class BadRecording(ValueError):
    """A file, or the folder, is not what it should be. The message names it."""


@attrs.frozen
class Recording:
    """One exchange. `name` is `provider/feature/file`; header names are in lower case.

    `path` has its query, and is empty where the request is not known. `asked` is the request's body: JSON, a
    text that was none, or None.
    """

    name: str
    method: str
    path: str
    asked: Any = attrs.field(repr=False)
    status: int
    headers: tuple[tuple[str, str], ...] = attrs.field(repr=False)
    body: bytes = attrs.field(repr=False)

    @property
    def provider(self) -> str:
        """Who answered."""
        return self.name.partition("/")[0]

    @property
    def content_type(self) -> str:
        """The body's type; where it was not recorded, what the body looks like."""
        looks = "text/event-stream" if self.body.startswith((b"data:", b"event:")) else ""
        return dict(self.headers).get("content-type") or looks or "application/json"


@attrs.frozen
class Frame:
    """A message of a websocket session, or its close, which has a `code` and a `reason` instead of `data`."""

    kind: Literal["message", "close"]
    direction: Literal["sent", "received"] | None = None
    data: Any = attrs.field(default=None, repr=False)
    code: int | None = None
    reason: str = ""


@attrs.frozen
class Session:
    """A recorded websocket session, its frames in their order, `sent` by the client and `received` by it."""

    name: str
    frames: tuple[Frame, ...] = attrs.field(repr=False)


@attrs.frozen
class Corpus:
    """All that was recorded, by name in alphabetical order."""

    exchanges: Mapping[str, Recording]
    sessions: Mapping[str, Session]

    @property
    def providers(self) -> Sequence[str]:
        """Who is in it with an exchange."""
        return sorted({recording.provider for recording in self.exchanges.values()})


class _Frame(msgspec.Struct):
    kind: Literal["message", "close"]
    direction: Literal["sent", "received"] | None = None
    data: Any = None
    code: int | None = None
    reason: str | None = None


class _File(msgspec.Struct):
    kind: str
    method: str = "POST"
    path: str | None = None
    request_body: Any = None
    status: int = 200
    response_headers: dict[str, str] | None = None
    response_body: str | None = None
    response_body_base64: str | None = None
    frames: list[_Frame] = []

    def body(self) -> bytes:
        if self.response_body_base64 is not None:
            return base64.b64decode(self.response_body_base64, validate=True)
        return (self.response_body or "").encode()


_FILE = msgspec.json.Decoder(_File)


def load(folder: Path) -> Corpus:
    """Read all that is recorded in a folder.

    Raises:
        BadRecording: a file is no recording, or there is none at all.
        OSError: one cannot be read.
    """
    exchanges: dict[str, Recording] = {}
    sessions: dict[str, Session] = {}
    for file in sorted(folder.glob("*/*/*.json")):
        name = "/".join((*file.parts[-3:-1], file.stem))
        told = _read(file)
        if told.kind == "websocket":
            sessions[name] = Session(name, tuple(map(_frame, told.frames)))
        else:
            exchanges[name] = _recording(name, told, file)
    if not exchanges and not sessions:
        raise BadRecording(f"{folder}: there is no recording <provider>/<feature>/<name>.json")
    return Corpus(exchanges, sessions)


def _read(file: Path) -> _File:
    try:
        return _FILE.decode(file.read_bytes())
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadRecording(f"{file}: {error}") from error


def _frame(told: _Frame) -> Frame:
    return Frame(told.kind, told.direction, told.data, told.code, told.reason or "")


def _recording(name: str, told: _File, file: Path) -> Recording:
    if not 200 <= told.status <= 599:
        raise BadRecording(f"{file}: {told.status} is not the status of an answer")
    headers = tuple(
        (key.lower(), value)
        for key, value in (told.response_headers or {}).items()
        if key.lower() not in _NOT_THE_ANSWERS
    )
    if not all(_is_header(key) and _is_header(value) for key, value in headers):
        raise BadRecording(f"{file}: a header cannot be sent as it is")
    try:
        body = told.body()
    except binascii.Error as error:
        raise BadRecording(f"{file}: response_body_base64 is no base64") from error
    return Recording(
        name, told.method.upper(), told.path or "", told.request_body, told.status, headers, body
    )


def _is_header(text: str) -> bool:
    """Whether a header can have this in it."""
    return text.isprintable() and text.encode("latin-1", "replace").decode("latin-1") == text
