"""What the simulator's three wire formats have in common: the questions, the answers, the refusals.

A dialect here is the far side of the one in `providers`: it reads a provider's requests and writes its
answers, strictly enough that a request the real provider would refuse is refused. It is pure; how long
an answer takes and what goes wrong with it is decided elsewhere.
"""

import math
import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Literal, Protocol, TypeAlias, TypeVar

import attrs
import msgspec

from providers.simulator.prose import Passage
from providers.simulator.requests import Request

CREATED = 1_704_056_400
"""Every answer's Unix time. The wall clock is not read, so the same seed gives the same bytes."""

CHARACTERS_PER_TOKEN = 4

Operation: TypeAlias = Literal["chat", "stream", "embed", "batch_embed", "models", "unknown"]
ProblemKind: TypeAlias = Literal[
    "bad_request",
    "no_credential",
    "unauthorized",
    "invalid_key",
    "no_such_path",
    "no_such_model",
    "too_large",
    "rate_limited",
    "quota_exhausted",
    "server_error",
    "unavailable",
    "overloaded",
]

STATUS: Mapping[ProblemKind, int] = MappingProxyType(
    {
        "bad_request": 400,
        "no_credential": 401,
        "unauthorized": 401,
        "invalid_key": 401,
        "no_such_path": 404,
        "no_such_model": 404,
        "too_large": 413,
        "rate_limited": 429,
        "quota_exhausted": 429,
        "server_error": 500,
        "unavailable": 503,
        "overloaded": 529,
    }
)
_FIELD = re.compile(r"field `([^`]*)`")
_PLACE = re.compile(r"`\$\.?([^`]*)`")
_Body = TypeVar("_Body")


@attrs.frozen
class Target:
    """What a path asks for. `model` is the path's, where the provider puts it there."""

    operation: Operation
    model: str = ""


@attrs.frozen
class Chat:
    """A question for a model. `usage` asks for token counts at the end of a stream.

    `tool` is the function that the model calls with what it would have said.
    """

    model: str
    stream: bool
    prompt_tokens: int
    max_tokens: int | None = None
    choices: int = 1
    usage: bool = False
    tool: str | None = None


@attrs.frozen
class Embed:
    """Texts to embed. `batch` and `base64` choose the form of the answer."""

    model: str
    texts: tuple[str, ...]
    tokens: int
    dimensions: int
    batch: bool = True
    base64: bool = False


@attrs.frozen
class Told:
    """What the model says, a passage a choice, all of one length; `cut` when the limit ended them."""

    id: bytes
    passages: tuple[Passage, ...]
    cut: bool = False

    @property
    def tokens(self) -> int:
        """Tokens written, over all choices."""
        return len(self.passages) * self.passages[0].words


@attrs.frozen
class Whole:
    """An answer that is one body. `headers` are ready lines, each with its CRLF; `kind` are its type's."""

    body: bytes
    status: int = 200
    headers: bytes = b""
    kind: bytes = b"content-type: application/json\r\n"


@attrs.frozen
class Streamed:
    """An answer as server-sent events: one of `words` a token, the rest goes with the first or the last.

    There is at least one. `headers` and `kind` are as for `Whole`.
    """

    opening: bytes
    words: Sequence[bytes]
    closing: bytes
    headers: bytes = b""
    kind: bytes = b"content-type: text/event-stream; charset=utf-8\r\ncache-control: no-cache\r\n"


@attrs.frozen
class Problem:
    """Why a request gets no answer. Without a `message` the dialect uses its own provider's words.

    `retry_after` is advice in seconds: in a header, or with `details` in the body where the provider
    has a place for it there.
    """

    kind: ProblemKind
    message: str | None = None
    param: str | None = None
    retry_after: float | None = None
    details: bool = False


@attrs.frozen
class Spoiled:
    """A dialect's material for answers that go wrong after their status 200."""

    error_frame: bytes
    broken_frame: bytes
    bare_end: bytes
    """An end without an answer before it."""
    error_body: bytes
    empty_body: bytes


class Refused(Exception):
    """The request gets an error instead of an answer."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.kind)
        self.problem = problem


class Dialect(Protocol):
    """One provider's wire format, seen from the provider."""

    @property
    def models(self) -> Sequence[str]:
        """The models it offers unless a key's plan says otherwise."""

    @property
    def spoiled(self) -> Spoiled:
        """What it sends when things go wrong midway."""

    def read(self, target: Target, request: Request) -> Chat | Embed:
        """The request's question.

        Raises:
            Refused: the real provider would answer 400.
        """

    def whole(self, chat: Chat, told: Told) -> Whole:
        """The answer in one body."""

    def streamed(self, chat: Chat, told: Told) -> Streamed:
        """The answer as a stream."""

    def vectors(self, embed: Embed) -> Whole:
        """The texts' embeddings."""

    def model_list(self, names: Sequence[str]) -> Whole:
        """The models a key may use."""

    def error(self, problem: Problem) -> Whole:
        """The problem in the provider's own shape."""

    def quota(self, limit: int, remaining: int, reset: float) -> bytes:
        """Header lines that tell a key its limit on requests; `reset` is in seconds."""


def decode(decoder: "msgspec.json.Decoder[_Body]", body: bytes) -> _Body:
    """The body as its type.

    Raises:
        Refused: it is not JSON, or not what the type says; the parameter is named.
    """
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise Refused(Problem("bad_request", str(error), _parameter(str(error)))) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        message = f"We could not parse the JSON body of your request. ({error})"
        raise Refused(Problem("bad_request", message)) from None


def _parameter(complaint: str) -> str | None:
    """The parameter that the decoder complains of, with its path."""
    found = (pattern.search(complaint) for pattern in (_PLACE, _FIELD))
    return ".".join(match.group(1) for match in found if match) or None


def retry_after(seconds: float) -> bytes:
    """The header line that asks to wait; HTTP has whole seconds only."""
    return b"retry-after: %d\r\n" % math.ceil(seconds)


def tool_called(names: Sequence[str], forced: str | bool, asked: str) -> str | None:
    """The function that is called: the one that must be, the first where any must be, or the first whose
    name the user has written in `asked`.

    Raises:
        Refused: one must be called, and is not among `names`.
    """
    if forced is False:
        return next((name for name in names if name and name in asked), None)
    must = forced if isinstance(forced, str) else next(iter(names), None)
    if must not in names:
        raise Refused(Problem("bad_request", "The tool to be called is not among the tools."))
    return must


def arguments(passage: Passage) -> list[bytes]:
    """What a function is called with, `{"text": …}`, a piece a token: JSON, as it stands in a JSON string."""
    pieces = [quoted(piece.decode())[1:-1] for piece in passage.pieces]
    pieces[0] = b'{\\"text\\":\\"' + pieces[0]
    pieces[-1] += b'\\"}'
    return pieces


def tokens_in(texts: Sequence[str]) -> int:
    """Roughly the tokens of these texts, at least one."""
    return max(1, sum(map(len, texts)) // CHARACTERS_PER_TOKEN)


def quoted(text: str) -> bytes:
    """The text as a JSON string."""
    return msgspec.json.encode(text)


def is_embedder(model: str) -> bool:
    """Whether a model of this name makes embeddings rather than speech."""
    return "embedding" in model
