"""Gemini's native wire format, as Google's servers write it. Pure.

Streams have CRLF line ends, running usage in every event, the finish reason in the last, and no end
marker. Field names that Google does not know are refused, as there; of the two spellings it accepts,
only camelCase is known here.
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
    decode,
    is_embedder,
    quoted,
    retry_after,
    tokens_in,
    tool_called,
)
from providers.simulator.requests import Request
from providers.simulator.vectors import DIMENSIONS, USUAL_DIMENSIONS, vector

_BODY = b'{"candidates":[%b],"usageMetadata":%b,"modelVersion":%b,"responseId":"%b"}'
_CANDIDATE = b'{"content":{"parts":[{%b}],"role":"model"}%b,"index":%d}'
_TEXT = b'"text":"%b"'
_CALL = b'"functionCall":{"name":%b,"args":{"text":"%b"}}'
_FINISH = b',"finishReason":"%b"'
_USAGE = (
    b'{"promptTokenCount":%d,"candidatesTokenCount":%d,"totalTokenCount":%d,'
    b'"promptTokensDetails":[{"modality":"TEXT","tokenCount":%d}]}'
)
_EVENT = b"data: %b\r\n\r\n"
_HIGH_DEMAND = b'{"error":{"code":503,"message":"The model is overloaded.","status":"UNAVAILABLE"}}'
_NOTHING = b'{"usageMetadata":%b,"modelVersion":"unknown","responseId":"0"}' % (
    _USAGE % (0, 0, 0, 0)
)

SPOILED = Spoiled(
    error_frame=_EVENT % _HIGH_DEMAND,
    broken_frame=_EVENT % b'{"candidates":[{"content":{"parts":[{"te',
    bare_end=_EVENT % _NOTHING,
    error_body=_HIGH_DEMAND,
    empty_body=_NOTHING,
)

_ERRORS: Mapping[ProblemKind, tuple[str, str]] = MappingProxyType(
    {
        "bad_request": ("INVALID_ARGUMENT", "Request contains an invalid argument."),
        "no_credential": (
            "UNAUTHENTICATED",
            "Request is missing required authentication credential.",
        ),
        "unauthorized": ("UNAUTHENTICATED", "Request had invalid authentication credentials."),
        "invalid_key": ("INVALID_ARGUMENT", "API key not valid. Please pass a valid API key."),
        "no_such_path": ("NOT_FOUND", "The requested URL was not found on this server."),
        "no_such_model": ("NOT_FOUND", "The model is not found for API version v1beta."),
        "too_large": ("INVALID_ARGUMENT", "Request payload size exceeds the limit."),
        "rate_limited": ("RESOURCE_EXHAUSTED", "Resource has been exhausted (e.g. check quota)."),
        "quota_exhausted": ("RESOURCE_EXHAUSTED", "You exceeded your current quota."),
        "server_error": ("INTERNAL", "An internal error has occurred. Please retry."),
        "unavailable": ("UNAVAILABLE", "The service is currently unavailable."),
        "overloaded": ("UNAVAILABLE", "The model is overloaded. Please try again later."),
    }
)
_TYPE = "type.googleapis.com/google.rpc."
_KEY_INVALID = {
    "@type": _TYPE + "ErrorInfo",
    "reason": "API_KEY_INVALID",
    "domain": "googleapis.com",
    "metadata": {"service": "generativelanguage.googleapis.com"},
}


def _violation(period: str) -> dict[str, Any]:
    quota = {
        "quotaMetric": "generativelanguage.googleapis.com/generate_content_free_tier_requests",
        "quotaId": f"GenerateRequests{period}PerProjectPerModel-FreeTier",
    }
    return {"@type": _TYPE + "QuotaFailure", "violations": [quota]}


class _Part(msgspec.Struct, rename="camel"):
    text: str = ""
    function_response: Any = None


class _Content(msgspec.Struct):
    parts: Annotated[list[_Part], Meta(min_length=1)]
    role: str = "user"


class _Generation(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    candidate_count: Annotated[int, Meta(ge=1, le=8)] | None = None
    stop_sequences: Annotated[list[str], Meta(max_length=5)] | None = None
    max_output_tokens: Annotated[int, Meta(ge=1)] | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    top_k: int | None = None
    seed: int | None = None
    response_mime_type: str | None = None
    response_schema: Any = None
    response_json_schema: Any = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    response_logprobs: bool | None = None
    logprobs: int | None = None
    response_modalities: list[str] | None = None
    thinking_config: Any = None
    media_resolution: str | None = None


class _Function(msgspec.Struct):
    name: str


class _Tool(msgspec.Struct, rename="camel"):
    function_declarations: list[_Function] = []


class _Calling(msgspec.Struct, rename="camel"):
    mode: Literal["AUTO", "ANY", "NONE", "VALIDATED"] = "AUTO"
    allowed_function_names: list[str] | None = None


class _ToolConfig(msgspec.Struct, rename="camel"):
    function_calling_config: _Calling | None = None


class _GenerateBody(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    contents: Annotated[list[_Content], Meta(min_length=1)]
    model: str | None = None
    system_instruction: _Content | None = None
    generation_config: _Generation | None = None
    tools: list[_Tool] | None = None
    tool_config: _ToolConfig | None = None
    safety_settings: Any = None
    cached_content: str | None = None
    service_tier: str | None = None


class _EmbedBody(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    content: _Content
    model: str | None = None
    task_type: str | None = None
    title: str | None = None
    output_dimensionality: Annotated[int, Meta(ge=1)] | None = None


class _BatchBody(msgspec.Struct, forbid_unknown_fields=True):
    requests: Annotated[list[_EmbedBody], Meta(min_length=1, max_length=100)]


_GENERATE = msgspec.json.Decoder(_GenerateBody)
_EMBED = msgspec.json.Decoder(_EmbedBody)
_BATCH = msgspec.json.Decoder(_BatchBody)


@attrs.frozen
class Gemini:
    """The far side of the `gemini` dialect."""

    models: Sequence[str] = (
        "gemini-2.0-flash",
        "gemini-2.5-flash",
        "gemini-2.5-pro",
        "text-embedding-004",
        "gemini-embedding-001",
    )
    spoiled: Spoiled = SPOILED

    def read(self, target: Target, request: Request) -> Chat | Embed:
        """The question in a request to one of a model's four methods."""
        if target.operation == "embed":
            return _read_embed(target.model, [decode(_EMBED, request.body)], batch=False)
        if target.operation == "batch_embed":
            return _read_embed(target.model, decode(_BATCH, request.body).requests, batch=True)
        stream = target.operation == "stream"
        if stream and request.argument("alt") != "sse":
            raise Refused(Problem("bad_request", "Only alt=sse streams here.", "alt"))
        return _read_chat(target.model, stream, decode(_GENERATE, request.body))

    def whole(self, chat: Chat, told: Told) -> Whole:
        """A `GenerateContentResponse`."""
        finish = _finish(told)
        candidates = [
            _CANDIDATE % (_said(chat, passage.escaped), finish, index)
            for index, passage in enumerate(told.passages)
        ]
        usage = _usage(chat, told.tokens)
        return Whole(_BODY % (b",".join(candidates), usage, quoted(chat.model), told.id))

    def streamed(self, chat: Chat, told: Told) -> Streamed:
        """A `GenerateContentResponse` a token: nothing comes before the first or after the last.

        A call of a function comes in one piece.
        """
        rows = list(zip(*(passage.pieces for passage in told.passages), strict=True))
        if chat.tool is not None:
            rows = [tuple(passage.escaped for passage in told.passages)]
        written, model, finish = told.tokens // len(rows), quoted(chat.model), _finish(told)
        words = []
        for number, row in enumerate(rows, start=1):
            ending = finish if number == len(rows) else b""
            candidates = [
                _CANDIDATE % (_said(chat, piece), ending, index) for index, piece in enumerate(row)
            ]
            usage = _usage(chat, number * written)
            words.append(_EVENT % (_BODY % (b",".join(candidates), usage, model, told.id)))
        return Streamed(b"", words, b"")

    def vectors(self, embed: Embed) -> Whole:
        """The answer of `:embedContent` or `:batchEmbedContents`."""
        values = [{"values": vector(text, embed.dimensions)} for text in embed.texts]
        found: dict[str, Any] = {"embeddings": values} if embed.batch else {"embedding": values[0]}
        found["usageMetadata"] = {"promptTokenCount": embed.tokens}
        return Whole(msgspec.json.encode(found))

    def model_list(self, names: Sequence[str]) -> Whole:
        """The answer of `/v1beta/models`, on one page."""
        models = [
            {
                "name": f"models/{name}",
                "version": "001",
                "displayName": name,
                "inputTokenLimit": 1_048_576,
                "outputTokenLimit": 8192,
                "supportedGenerationMethods": _methods(name),
            }
            for name in names
        ]
        return Whole(msgspec.json.encode({"models": models}))

    def error(self, problem: Problem) -> Whole:
        """An error with Google's status word, and its `details` where it has some."""
        word, message = _ERRORS[problem.kind]
        status = 400 if problem.kind == "invalid_key" else STATUS[problem.kind]
        error: dict[str, Any] = {
            "code": status,
            "message": problem.message or message,
            "status": word,
        }
        if details := _details(problem):
            error["details"] = details
        headers = b""
        if problem.retry_after is not None and not problem.details:
            headers = retry_after(problem.retry_after)
        return Whole(msgspec.json.encode({"error": error}), status, headers)

    def quota(self, limit: int, remaining: int, reset: float) -> bytes:
        """Nothing: Google's answers do not tell."""
        del limit, remaining, reset
        return b""


def _read_chat(model: str, stream: bool, body: _GenerateBody) -> Chat:
    if any(content.role not in ("user", "model") for content in body.contents):
        message = "Please use a valid role: user, model."
        raise Refused(Problem("bad_request", message, "contents.role"))
    config = body.generation_config or _Generation()
    contents = [*body.contents, *([body.system_instruction] if body.system_instruction else ())]
    texts = [part.text for content in contents for part in content.parts]
    return Chat(
        model,
        stream,
        tokens_in(texts),
        config.max_output_tokens,
        config.candidate_count or 1,
        tool=_tool(body),
    )


def _tool(body: _GenerateBody) -> str | None:
    """The function that is called: not again where its result has come."""
    last, config = body.contents[-1], body.tool_config or _ToolConfig()
    calling = config.function_calling_config or _Calling()
    if calling.mode == "NONE" or last.parts[-1].function_response:
        return None
    functions = [one.name for tool in body.tools or () for one in tool.function_declarations]
    allowed = calling.allowed_function_names
    names = [name for name in functions if allowed is None or name in allowed]
    return tool_called(names, calling.mode == "ANY", "".join(part.text for part in last.parts))


def _read_embed(model: str, bodies: Sequence[_EmbedBody], *, batch: bool) -> Embed:
    if any(body.model not in (None, f"models/{model}") for body in bodies):
        message = "The model of each request must be the one in the URL."
        raise Refused(Problem("bad_request", message, "requests.model"))
    most = DIMENSIONS.get(model, USUAL_DIMENSIONS)
    dimensions = bodies[0].output_dimensionality or most
    if dimensions > most:
        message = f"This model has at most {most} dimensions."
        raise Refused(Problem("bad_request", message, "outputDimensionality"))
    texts = tuple("".join(part.text for part in body.content.parts) for body in bodies)
    return Embed(model, texts, tokens_in(texts), dimensions, batch)


def _said(chat: Chat, text: bytes) -> bytes:
    """The members of a part that says this, or calls a function with it."""
    return _TEXT % text if chat.tool is None else _CALL % (quoted(chat.tool), text)


def _finish(told: Told) -> bytes:
    return _FINISH % (b"MAX_TOKENS" if told.cut else b"STOP")


def _usage(chat: Chat, written: int) -> bytes:
    prompt = chat.prompt_tokens
    return _USAGE % (prompt, written, prompt + written, prompt)


def _methods(model: str) -> list[str]:
    if is_embedder(model):
        return ["embedContent", "batchEmbedContents"]
    return ["generateContent", "streamGenerateContent", "countTokens"]


def _details(problem: Problem) -> list[dict[str, Any]]:
    if problem.kind == "invalid_key":
        return [_KEY_INVALID]
    if problem.kind == "quota_exhausted":
        return [_violation("PerDay")]
    if problem.retry_after is None or not problem.details:
        return []
    delay = f"{problem.retry_after:.9f}".rstrip("0").rstrip(".") + "s"
    return [_violation("PerMinute"), {"@type": _TYPE + "RetryInfo", "retryDelay": delay}]
