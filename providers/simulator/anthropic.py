"""Anthropic's wire format, as its servers write it: messages, models, errors. Pure.

Streams pad their data with spaces, ping once, and end with `message_stop`; the counts in
`message_start` are a beginning, those in `message_delta` the total. What the real server refuses is
refused: unknown parameters, empty text, no `max_tokens`, no version header.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Annotated, Any, Literal

import attrs
import msgspec
from msgspec import Meta

from providers.simulator.dialect import (
    STATUS,
    Chat,
    Embed,
    Problem,
    ProblemKind,
    Refused,
    Spoiled,
    Streamed,
    Target,
    Told,
    Whole,
    arguments,
    decode,
    quoted,
    retry_after,
    tokens_in,
    tool_called,
)
from providers.simulator.requests import Request

_COUNTS = b'"input_tokens":%d,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":%d'
_WHOLE = (
    b'{"model":%b,"id":"msg_%b","type":"message","role":"assistant","content":[%b],'
    b'"stop_reason":%b,"stop_sequence":null,"usage":{' + _COUNTS + b',"service_tier":"standard"}}'
)
_CALL = b'{"type":"tool_use","id":"toolu_%b","name":%b,"input":{"text":"%b"}}'
_CALL_START = (
    b'{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"toolu_%b",'
    b'"name":%b,"input":{}}'
)
_CALL_DELTA = b'{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"%b"}'
_TEXT = b'{"type":"text","text":"%b"}'
_DELTA = b'{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"%b"}'
_FINISH = (
    b'{"type":"message_delta","delta":{"stop_reason":"%b","stop_sequence":null},"usage":{'
    + _COUNTS
    + b"}"
)
_OVERLOADED = (
    b'{"type":"error","error":{"details":null,"type":"overloaded_error","message":"Overloaded"},'
    b'"request_id":"req_0"}'
)
_PADDINGS = [b" " * spaces for spaces in (0, 9, 4, 14, 1, 7, 12, 3)]


def _event(name: bytes, data: bytes, close: bytes = b"}") -> bytes:
    """An event, its data padded before the last line ends."""
    return b"event: %b\ndata: %b%b%b\n\n" % (name, data, close, _PADDINGS[len(data) % 8])


_BLOCK_START = _event(
    b"content_block_start",
    b'{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}',
)
_BLOCK_STOP = _event(b"content_block_stop", b'{"type":"content_block_stop","index":0')
_PING = _event(b"ping", b'{"type": "ping"')
_STOP = _event(b"message_stop", b'{"type":"message_stop"')

SPOILED = Spoiled(
    error_frame=_event(b"error", _OVERLOADED, b""),
    broken_frame=b'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"del\n\n',
    bare_end=_STOP,
    error_body=_OVERLOADED,
    empty_body=_WHOLE % (b'"unknown"', b"0", b"", b"null", 0, 0),
)

_ERRORS: Mapping[ProblemKind, tuple[str, str]] = MappingProxyType(
    {
        "bad_request": ("invalid_request_error", "The request is invalid."),
        "no_credential": ("authentication_error", "x-api-key header is required"),
        "unauthorized": ("authentication_error", "invalid x-api-key"),
        "invalid_key": ("authentication_error", "invalid x-api-key"),
        "no_such_path": ("not_found_error", "Not found"),
        "no_such_model": ("not_found_error", "The model was not found."),
        "too_large": ("request_too_large", "Request exceeds the maximum size"),
        "rate_limited": ("rate_limit_error", "This request would exceed your rate limit."),
        "quota_exhausted": ("rate_limit_error", "Your account has reached its usage limit."),
        "server_error": ("api_error", "Internal server error"),
        "unavailable": ("api_error", "Service unavailable"),
        "overloaded": ("overloaded_error", "Overloaded"),
    }
)


class _Block(msgspec.Struct):
    type: str
    text: str | None = None


class _Message(msgspec.Struct, forbid_unknown_fields=True):
    role: Literal["user", "assistant"]
    content: str | list[_Block]


class _Tool(msgspec.Struct):
    name: str = ""


class _Choice(msgspec.Struct):
    type: Literal["auto", "any", "tool", "none"]
    name: str = ""


class _Body(msgspec.Struct, forbid_unknown_fields=True):
    model: Annotated[str, Meta(min_length=1)]
    max_tokens: Annotated[int, Meta(ge=1)]
    messages: Annotated[list[_Message], Meta(min_length=1)]
    system: str | list[_Block] | None = None
    stream: bool | None = None
    temperature: Annotated[float, Meta(ge=0, le=1)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    top_k: int | None = None
    stop_sequences: list[str] | None = None
    metadata: Any = None
    service_tier: Literal["auto", "standard_only"] | None = None
    tools: list[_Tool] | None = None
    tool_choice: _Choice | None = None
    thinking: Any = None
    output_config: Any = None
    cache_control: Any = None


_MESSAGES = msgspec.json.Decoder(_Body)


@attrs.frozen
class Anthropic:
    """The far side of the `anthropic` dialect."""

    models: Sequence[str] = ("claude-opus-4-5", "claude-sonnet-4-5", "claude-haiku-4-5")
    spoiled: Spoiled = SPOILED

    def read(self, target: Target, request: Request) -> Chat:
        """The question in a request to `/v1/messages`."""
        del target
        if not request.header(b"anthropic-version"):
            raise Refused(Problem("bad_request", "anthropic-version: header is required"))
        body = decode(_MESSAGES, request.body)
        texts = [text for message in body.messages for text in _texts(message.content)]
        if not all(texts):
            raise Refused(Problem("bad_request", "messages: text content blocks must be non-empty"))
        tokens = tokens_in([*_texts(body.system or ""), *texts])
        return Chat(body.model, bool(body.stream), tokens, body.max_tokens, tool=_tool(body))

    def whole(self, chat: Chat, told: Told) -> Whole:
        """A `message`."""
        block = _TEXT % told.passages[0].escaped
        if chat.tool is not None:
            block = _CALL % (told.id, quoted(chat.tool), told.passages[0].escaped)
        reason = b'"%b"' % _reason(chat, told)
        body = _WHOLE % (
            quoted(chat.model),
            told.id,
            block,
            reason,
            chat.prompt_tokens,
            told.tokens,
        )
        return Whole(body, headers=_request_id(told))

    def streamed(self, chat: Chat, told: Told) -> Streamed:
        """The events of one block, text or a call; the ping comes right after its start."""
        message = _WHOLE % (quoted(chat.model), told.id, b"", b"null", chat.prompt_tokens, 1)
        start = _event(b"message_start", b'{"type":"message_start","message":' + message)
        passage = told.passages[0]
        begun, delta, pieces = _BLOCK_START, _DELTA, passage.pieces
        if chat.tool is not None:
            begun = _event(b"content_block_start", _CALL_START % (told.id, quoted(chat.tool)))
            delta, pieces = _CALL_DELTA, arguments(passage)
        words = [_event(b"content_block_delta", delta % piece) for piece in pieces]
        finish = _FINISH % (_reason(chat, told), chat.prompt_tokens, told.tokens)
        closing = _BLOCK_STOP + _event(b"message_delta", finish) + _STOP
        return Streamed(start + begun + _PING, words, closing, _request_id(told))

    def vectors(self, embed: Embed) -> Whole:
        """Anthropic makes no embeddings."""
        del embed
        return self.error(Problem("no_such_path"))

    def model_list(self, names: Sequence[str]) -> Whole:
        """The answer of `/v1/models`, on one page."""
        data = [
            {
                "type": "model",
                "id": name,
                "display_name": name,
                "created_at": "2024-01-01T00:00:00Z",
            }
            for name in names
        ]
        ends = (names[0], names[-1]) if names else (None, None)
        page = {"data": data, "has_more": False, "first_id": ends[0], "last_id": ends[1]}
        return Whole(msgspec.json.encode(page))

    def error(self, problem: Problem) -> Whole:
        """An error; a client that should not try again is told so."""
        kind, message = _ERRORS[problem.kind]
        status = STATUS[problem.kind]
        error = {"type": kind, "message": problem.message or message}
        body = {"type": "error", "error": error, "request_id": "req_0"}
        headers = b"request-id: req_0\r\n"
        if status in (400, 401, 404):
            headers += b"x-should-retry: false\r\n"
        if problem.retry_after is not None and not problem.details:
            headers += retry_after(problem.retry_after)
        return Whole(msgspec.json.encode(body), status, headers)

    def quota(self, limit: int, remaining: int, reset: float) -> bytes:
        """`anthropic-ratelimit-*`, without the reset: it is a date, and the wall clock is not read."""
        del reset
        return (
            b"anthropic-ratelimit-requests-limit: %d\r\nanthropic-ratelimit-requests-remaining: %d\r\n"
        ) % (limit, remaining)


def _texts(content: str | list[_Block]) -> list[str]:
    if isinstance(content, str):
        return [content]
    return [block.text or "" for block in content if block.type == "text"]


def _tool(body: _Body) -> str | None:
    """The function that is called: not again where its result has come."""
    last, choice = body.messages[-1], body.tool_choice or _Choice("auto")
    blocks = [] if isinstance(last.content, str) else last.content
    if choice.type == "none" or (blocks and blocks[-1].type == "tool_result"):
        return None
    forced = choice.name if choice.type == "tool" else choice.type == "any"
    names = [tool.name for tool in body.tools or ()]
    return tool_called(names, forced, "".join(_texts(last.content)))


def _reason(chat: Chat, told: Told) -> bytes:
    if chat.tool is not None:
        return b"tool_use"
    return b"max_tokens" if told.cut else b"end_turn"


def _request_id(told: Told) -> bytes:
    return b"request-id: req_%b\r\n" % told.id
