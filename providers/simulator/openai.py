"""OpenAI's wire format, as its servers write it: chat completions, embeddings, models, errors. Pure.

Chat follows the order of real streams: a role chunk, a chunk a token, a finish chunk a choice, a usage
chunk if it was asked for, `[DONE]`. Unknown parameters are ignored, as compatible servers do.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Annotated, Literal

import attrs
import msgspec
from msgspec import Meta

from providers.simulator.dialect import (
    CREATED,
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
from providers.simulator.prose import Passage
from providers.simulator.requests import Request
from providers.simulator.vectors import DIMENSIONS, USUAL_DIMENSIONS, as_base64, vector

_MESSAGE = (
    b'{"index":%d,"message":{"role":"assistant","content":"%b","refusal":null,"annotations":[]},'
    b'"logprobs":null,"finish_reason":"%b"}'
)
_WHOLE = (
    b'{"id":"chatcmpl-%b","object":"chat.completion","created":%d,"model":%b,"choices":[%b],'
    b'"usage":%b,"service_tier":"default","system_fingerprint":"fp_hedgerow"}'
)
_USAGE = (
    b'{"prompt_tokens":%d,"completion_tokens":%d,"total_tokens":%d,'
    b'"prompt_tokens_details":{"cached_tokens":0,"audio_tokens":0},'
    b'"completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":0,'
    b'"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}'
)
_CHUNK = (
    b'data: {"id":"chatcmpl-%b","object":"chat.completion.chunk","created":%d,"model":%b,'
    b'"service_tier":"default","system_fingerprint":"fp_hedgerow",'
)
_ROLE = (
    b'"choices":[{"index":%d,"delta":{"role":"assistant","content":"","refusal":null},'
    b'"logprobs":null,"finish_reason":null}]%b}\n\n'
)
_WORD_BEFORE = b'"choices":[{"index":%d,"delta":{"content":"'
_WORD_AFTER = b'"},"logprobs":null,"finish_reason":null}]%b}\n\n'
_FINISH = b'"choices":[{"index":%d,"delta":{},"logprobs":null,"finish_reason":"%b"}]%b}\n\n'
_DONE = b"data: [DONE]\n\n"

_CALLING = (
    b'{"index":%d,"message":{"role":"assistant","content":null,"refusal":null,"tool_calls":[{"id":"call_%b",'
    b'"type":"function","function":{"name":%b,"arguments":"%b"}}],"annotations":[]},'
    b'"logprobs":null,"finish_reason":"tool_calls"}'
)
_CALL_ROLE = (
    b'"choices":[{"index":%d,"delta":{"role":"assistant","content":null,"tool_calls":[{"index":0,'
    b'"id":"call_%b","type":"function","function":{"name":%b,"arguments":""}}],"refusal":null},'
    b'"logprobs":null,"finish_reason":null}]%b}\n\n'
)
_CALL_BEFORE = b'"choices":[{"index":%d,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"'
_CALL_AFTER = b'"}}]},"logprobs":null,"finish_reason":null}]%b}\n\n'

_SERVER_ERROR = b'{"error":{"message":"%b","type":"server_error","param":null,"code":null}}'
_MIDWAY = _SERVER_ERROR % b"The server had an error while processing your request."

SPOILED = Spoiled(
    error_frame=b"data: " + _MIDWAY + b"\n\n",
    broken_frame=b'data: {"id":"chatcmpl-0","object":"chat.completion.chunk","choices":[{"index":0,"de\n\n',
    bare_end=_DONE,
    error_body=_MIDWAY,
    empty_body=_WHOLE % (b"0", CREATED, b'"unknown"', b"", _USAGE % (0, 0, 0)),
)

_ERRORS: Mapping[ProblemKind, tuple[str, str | None, str]] = MappingProxyType(
    {
        "bad_request": ("invalid_request_error", None, "The request is invalid."),
        "no_credential": ("invalid_request_error", None, "You didn't provide an API key."),
        "unauthorized": (
            "invalid_request_error",
            "invalid_api_key",
            "Incorrect API key provided: sk-***.",
        ),
        "invalid_key": (
            "invalid_request_error",
            "invalid_api_key",
            "Incorrect API key provided: sk-***.",
        ),
        "no_such_path": ("invalid_request_error", None, "Invalid URL"),
        "no_such_model": ("invalid_request_error", "model_not_found", "The model does not exist."),
        "too_large": ("invalid_request_error", None, "The request's body is too large."),
        "rate_limited": (
            "requests",
            "rate_limit_exceeded",
            "Rate limit reached for requests per minute.",
        ),
        "quota_exhausted": (
            "insufficient_quota",
            "insufficient_quota",
            "You exceeded your current quota, please check your plan and billing details.",
        ),
        "server_error": (
            "server_error",
            None,
            "The server had an error while processing your request.",
        ),
        "unavailable": (
            "server_error",
            None,
            "The service is unavailable. Please try again later.",
        ),
        "overloaded": ("server_error", None, "The engine is currently overloaded."),
    }
)


class _Part(msgspec.Struct):
    type: str
    text: str = ""


class _Message(msgspec.Struct):
    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[_Part] | None = None

    def texts(self) -> list[str]:
        if isinstance(self.content, str):
            return [self.content]
        return [part.text for part in self.content or ()]


class _Function(msgspec.Struct):
    name: str


class _Tool(msgspec.Struct):
    type: str
    function: _Function | None = None


class _Allowed(msgspec.Struct):
    mode: Literal["auto", "required"]
    tools: list[_Tool]


class _Choice(msgspec.Struct):
    """One function, or those that are allowed, one of which may have to be called."""

    function: _Function | None = None
    allowed_tools: _Allowed | None = None


class _StreamOptions(msgspec.Struct):
    include_usage: bool | None = None


class _ChatBody(msgspec.Struct):
    model: Annotated[str, Meta(min_length=1)]
    messages: Annotated[list[_Message], Meta(min_length=1)]
    stream: bool | None = None
    stream_options: _StreamOptions | None = None
    max_tokens: Annotated[int, Meta(ge=1)] | None = None
    max_completion_tokens: Annotated[int, Meta(ge=1)] | None = None
    n: Annotated[int, Meta(ge=1, le=128)] | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    tools: list[_Tool] | None = None
    tool_choice: Literal["none", "auto", "required"] | _Choice | None = None

    def tool(self) -> str | None:
        """The function that is called: not again where its result has come."""
        last, choice, tools = self.messages[-1], self.tool_choice, self.tools or ()
        forced: str | bool = choice == "required"
        if isinstance(choice, _Choice) and choice.allowed_tools:
            tools, forced = choice.allowed_tools.tools, choice.allowed_tools.mode == "required"
        elif isinstance(choice, _Choice) and choice.function:
            forced = choice.function.name
        if last.role in ("tool", "function") or choice == "none":
            return None
        names = [tool.function.name for tool in tools if tool.function]
        return tool_called(names, forced, "".join(last.texts()))


class _EmbedBody(msgspec.Struct):
    model: Annotated[str, Meta(min_length=1)]
    input: str | list[str | int | list[int]]
    encoding_format: Literal["float", "base64"] | None = None
    dimensions: Annotated[int, Meta(ge=1)] | None = None

    def texts(self) -> tuple[str, ...]:
        """The inputs; a list of token numbers counts as a text of its own."""
        if isinstance(self.input, str):
            return (self.input,)
        if self.input and all(isinstance(item, int) for item in self.input):
            return (str(self.input),)
        return tuple(item if isinstance(item, str) else str(item) for item in self.input)


_CHAT = msgspec.json.Decoder(_ChatBody)
_EMBED = msgspec.json.Decoder(_EmbedBody)
_REQUEST_TOKENS = 4
"""What each message costs beside its text."""


@attrs.frozen
class OpenAI:
    """The far side of the `openai` dialect."""

    models: Sequence[str] = (
        "gpt-4o",
        "gpt-4o-mini",
        "gpt-4.1",
        "gpt-4.1-mini",
        "text-embedding-3-small",
        "text-embedding-3-large",
    )
    spoiled: Spoiled = SPOILED

    def read(self, target: Target, request: Request) -> Chat | Embed:
        """The question in a request to `/v1/chat/completions` or `/v1/embeddings`."""
        if target.operation == "embed":
            return _read_embed(decode(_EMBED, request.body))
        body = decode(_CHAT, request.body)
        texts = [text for message in body.messages for text in message.texts()]
        return Chat(
            body.model,
            bool(body.stream),
            tokens_in(texts) + _REQUEST_TOKENS * len(body.messages),
            body.max_completion_tokens or body.max_tokens,
            body.n or 1,
            bool(body.stream_options and body.stream_options.include_usage),
            body.tool(),
        )

    def whole(self, chat: Chat, told: Told) -> Whole:
        """A `chat.completion`."""
        choices = [
            _message(chat, told, index, passage) for index, passage in enumerate(told.passages)
        ]
        usage = _usage(chat, told)
        body = _WHOLE % (told.id, CREATED, quoted(chat.model), b",".join(choices), usage)
        return Whole(body, headers=_request_id(told))

    def streamed(self, chat: Chat, told: Told) -> Streamed:
        """`chat.completion.chunk`s; those of one token, one a choice, go together."""
        head = _CHUNK % (told.id, CREATED, quoted(chat.model))
        null = b',"usage":null' if chat.usage else b""
        choices = range(len(told.passages))
        roles = [_role(chat, told, index, null) for index in choices]
        opening = b"".join([head + role for role in roles])
        words = _side_by_side(
            [
                _words(chat, head, index, passage, null)
                for index, passage in enumerate(told.passages)
            ]
        )
        reason = _reason(chat, told)
        closing = b"".join([head + _FINISH % (index, reason, null) for index in choices])
        if chat.usage:
            closing += head + b'"choices":[],"usage":%b}\n\n' % _usage(chat, told)
        return Streamed(opening, words, closing + _DONE, _request_id(told))

    def vectors(self, embed: Embed) -> Whole:
        """A list of `embedding`s."""
        vectors = [vector(text, embed.dimensions) for text in embed.texts]
        data = [
            {
                "object": "embedding",
                "index": index,
                "embedding": as_base64(values) if embed.base64 else values,
            }
            for index, values in enumerate(vectors)
        ]
        usage = {"prompt_tokens": embed.tokens, "total_tokens": embed.tokens}
        answer = {"object": "list", "data": data, "model": embed.model, "usage": usage}
        return Whole(msgspec.json.encode(answer))

    def model_list(self, names: Sequence[str]) -> Whole:
        """The answer of `/v1/models`."""
        data = [
            {"id": name, "object": "model", "created": CREATED, "owned_by": "simulator"}
            for name in names
        ]
        return Whole(msgspec.json.encode({"object": "list", "data": data}))

    def error(self, problem: Problem) -> Whole:
        """An error; with 429 the advice in both of OpenAI's headers."""
        kind, code, message = _ERRORS[problem.kind]
        error = {
            "message": problem.message or message,
            "type": kind,
            "param": problem.param,
            "code": code,
        }
        headers = b""
        if problem.retry_after is not None and not problem.details:
            headers = retry_after(problem.retry_after)
            headers += b"retry-after-ms: %d\r\n" % round(problem.retry_after * 1000)
        return Whole(msgspec.json.encode({"error": error}), STATUS[problem.kind], headers)

    def quota(self, limit: int, remaining: int, reset: float) -> bytes:
        """`x-ratelimit-*`, the reset as a duration."""
        return (
            b"x-ratelimit-limit-requests: %d\r\nx-ratelimit-remaining-requests: %d\r\n"
            b"x-ratelimit-reset-requests: %dms\r\n"
        ) % (limit, remaining, round(reset * 1000))


def _read_embed(body: _EmbedBody) -> Embed:
    texts = body.texts()
    if not texts or not all(texts):
        raise Refused(Problem("bad_request", "'$.input' is invalid: it is empty.", "input"))
    most = DIMENSIONS.get(body.model, USUAL_DIMENSIONS)
    if body.dimensions is not None and body.dimensions > most:
        message = f"This model has at most {most} dimensions."
        raise Refused(Problem("bad_request", message, "dimensions"))
    return Embed(
        body.model,
        texts,
        tokens_in(texts),
        body.dimensions or most,
        base64=body.encoding_format == "base64",
    )


def _message(chat: Chat, told: Told, index: int, passage: Passage) -> bytes:
    if chat.tool is None:
        return _MESSAGE % (index, passage.escaped, _reason(chat, told))
    return _CALLING % (index, told.id, quoted(chat.tool), b"".join(arguments(passage)))


def _role(chat: Chat, told: Told, index: int, null: bytes) -> bytes:
    if chat.tool is None:
        return _ROLE % (index, null)
    return _CALL_ROLE % (index, told.id, quoted(chat.tool), null)


def _words(chat: Chat, head: bytes, index: int, passage: Passage, null: bytes) -> list[bytes]:
    """One choice's chunks, one a token."""
    before, after, pieces = _WORD_BEFORE % index, _WORD_AFTER % null, passage.pieces
    if chat.tool is not None:
        before, after, pieces = _CALL_BEFORE % index, _CALL_AFTER % null, arguments(passage)
    return [b"%b%b%b%b" % (head, before, piece, after) for piece in pieces]


def _side_by_side(choices: Sequence[list[bytes]]) -> list[bytes]:
    """What the choices say at the same time, put together."""
    if len(choices) == 1:
        return choices[0]
    return [b"".join(row) for row in zip(*choices, strict=True)]


def _reason(chat: Chat, told: Told) -> bytes:
    if chat.tool is not None:
        return b"tool_calls"
    return b"length" if told.cut else b"stop"


def _usage(chat: Chat, told: Told) -> bytes:
    written = told.tokens
    return _USAGE % (chat.prompt_tokens, written, chat.prompt_tokens + written)


def _request_id(told: Told) -> bytes:
    return b"x-request-id: req_%b\r\n" % told.id
