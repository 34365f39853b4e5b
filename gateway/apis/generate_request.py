"""A request of Google's Gemini API to the call that every upstream can be sent. Pure.

The request becomes a chat in OpenAI's form, which the dialects translate; and it is kept as it came, for
upstreams that speak this form themselves.
"""

from collections.abc import Mapping
from typing import Any

from gateway.apis.api import Asked
from gateway.apis.generate_contents import Contents
from gateway.apis.names import an_object, member, members, objects
from gateway.errors import ApiError, bad_request
from gateway.fields import string
from gateway.wire import model_of, read_chat, read_embeddings
from providers.types import ChatCall, EmbedCall, Native

READ = frozenset(
    {
        *("model", "contents", "systemInstruction", "tools", "toolConfig", "generationConfig"),
        *("safetySettings", "labels"),
    }
)
"""Members that are read, and hints: who else filters by Google's categories?"""

SAMPLING: Mapping[str, str] = {
    "temperature": "temperature",
    "topP": "top_p",
    "topK": "top_k",
    "maxOutputTokens": "max_tokens",
    "stopSequences": "stop",
    "candidateCount": "n",
    "seed": "seed",
    "presencePenalty": "presence_penalty",
    "frequencyPenalty": "frequency_penalty",
    "responseLogprobs": "logprobs",
    "logprobs": "top_logprobs",
}
"""Members of `generationConfig` by OpenAI's names."""

SHAPES = frozenset({"responseMimeType", "responseSchema", "responseJsonSchema", "thinkingConfig"})
TEXT = (["TEXT"], ["text"])
JSON_TYPES = ("application/json", "text/x.enum")
MODES = {"AUTO": "auto", "ANY": "required", "NONE": "none", "VALIDATED": "auto"}
LITTLE, SOME = 2048, 8192
"""Tokens for thoughts, up to which a budget counts as a low and as a medium effort."""


def read_generate(asked: Asked, *, stream: bool) -> ChatCall:
    """The call.

    Raises:
        ApiError: 400, with the parameter that is missing, mistyped or out of range.
    """
    body = asked.body
    contents = Contents()
    if (instruction := member(body, "systemInstruction")) is not None:
        contents.instruct(instruction, "systemInstruction")
    contents.read(body.get("contents"))
    config = an_object(body, "generationConfig")
    tools, foreign = _tools(body)
    chat = {
        "model": asked.said["model"],
        "messages": contents.messages,
        "stream": True if stream else None,
        "tools": tools or None,
        "tool_choice": _choice(body) if tools else None,
        **{SAMPLING[name]: value for name, value in members(config).items() if name in SAMPLING},
        "response_format": _format(config),
        "reasoning_effort": _effort(config),
    }
    call = _named({name: value for name, value in chat.items() if value is not None})
    only = contents.only or foreign or _unknown(body, config)
    return ChatCall(**{**vars(call), "native": Native("gemini", body, only=only)})


def read_embed(asked: Asked) -> EmbedCall:
    """One text to embed, or a batch of them.

    Raises:
        ApiError: 400, with what is missing or mistyped.
    """
    batch = asked.body.get("requests")
    requests = [("", asked.body)] if batch is None else objects(batch, "requests")
    texts = [_text(request, where) for where, request in requests]
    sizes = {member(request, "outputDimensionality") for _, request in requests}
    body: dict[str, Any] = {"model": asked.said["model"], "input": texts}
    if sizes != {None}:
        body["dimensions"] = sizes.pop() if len(sizes) == 1 else None
    tasks = [
        name for _, request in requests for name in ("taskType", "title") if member(request, name)
    ]
    call = read_embeddings(body)
    only = "outputDimensionality" if len(sizes) > 1 else next(iter(tasks), None)
    native = Native("gemini", asked.body, only=only)
    return EmbedCall(call.model, call.inputs, body, dimensions=call.dimensions, native=native)


def read_counted(asked: Asked) -> ChatCall:
    """The chat whose tokens are to be counted: told by its contents, or as a whole request."""
    inner = member(asked.body, "generateContentRequest")
    body = inner if isinstance(inner, dict) else asked.body
    call = read_generate(Asked(body, asked.said), stream=False)
    native = Native("gemini", asked.body, only=call.native.only if call.native else None)
    return ChatCall(**{**vars(call), "native": native})


def _named(chat: Mapping[str, Any]) -> ChatCall:
    """The chat; what is wrong with it goes by Google's names."""
    model_of(chat)
    try:
        return read_chat(chat)
    except ApiError as error:
        names = {name: f"generationConfig.{google}" for google, name in SAMPLING.items()}
        ours = names.get(error.param or "")
        if ours is None:
            raise
        message = error.message.replace(f"'{error.param}'", f"'{ours}'")
        raise bad_request(message, ours) from error


def _unknown(body: Mapping[str, Any], config: Mapping[str, Any]) -> str | None:
    """The first member that means something to Google alone."""
    for name in members(body):
        if name not in READ:
            return name
    for name, value in members(config).items():
        known = (
            name in SAMPLING or name in SHAPES or (name == "responseModalities" and value in TEXT)
        )
        if not known:
            return f"generationConfig.{name}"
    return None


def _tools(body: Mapping[str, Any]) -> tuple[list[dict[str, Any]], str | None]:
    """The functions, and the place of the first tool that only Google runs."""
    found, foreign = [], None
    for where, tool in objects(body.get("tools"), "tools"):
        for name, value in members(tool).items():
            if name != "functionDeclarations":
                foreign = foreign or f"{where}.{name}"
                continue
            found += [_function(declared, at) for at, declared in objects(value, f"{where}.{name}")]
    return found, foreign


def _function(declared: Mapping[str, Any], where: str) -> dict[str, Any]:
    given = member(declared, "parametersJsonSchema")
    schema = _schema(declared.get("parameters")) if given is None else given
    function = {
        "name": string(declared.get("name"), f"{where}.name"),
        "description": declared.get("description"),
        "parameters": schema,
    }
    told = {name: value for name, value in function.items() if value is not None}
    return {"type": "function", "function": told}


def _schema(schema: Any) -> Any:
    """Google's own kind of schema, whose types are in capitals, as a JSON schema."""
    if isinstance(schema, list):
        return [_schema(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    made = {name: _schema(value) for name, value in schema.items()}
    kind = schema.get("type")
    if isinstance(kind, str):
        made["type"] = kind.lower()
        if made.pop("nullable", None) is True:
            made["type"] = [kind.lower(), "null"]
    return made


def _choice(body: Mapping[str, Any]) -> Any:
    config = an_object(an_object(body, "toolConfig"), "functionCallingConfig")
    mode = config.get("mode")
    if mode is None:
        return None
    if mode not in MODES:
        place = "toolConfig.functionCallingConfig.mode"
        raise bad_request(f"'{place}' must be one of {', '.join(MODES)}", place)
    names = member(config, "allowedFunctionNames") or []
    tools = [{"type": "function", "function": {"name": name}} for name in names]
    if not tools:
        return MODES[mode]
    if mode == "ANY" and len(tools) == 1:
        return tools[0]
    allowed = {"mode": MODES[mode], "tools": tools}
    return {"type": "allowed_tools", "allowed_tools": allowed}


def _format(config: Mapping[str, Any]) -> dict[str, Any] | None:
    """The JSON that the answer shall be."""
    schema = member(config, "responseJsonSchema")
    if schema is None:
        schema = _schema(member(config, "responseSchema"))
    if schema is not None:
        if not isinstance(schema, dict):
            place = "generationConfig.responseSchema"
            raise bad_request(f"'{place}' must be an object", place)
        return {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}}
    return {"type": "json_object"} if member(config, "responseMimeType") in JSON_TYPES else None


def _effort(config: Mapping[str, Any]) -> str | None:
    """How long to think: as a word, or as a budget of tokens; None where nothing is asked for."""
    thinking = an_object(config, "thinkingConfig")
    level, budget = member(thinking, "thinkingLevel"), member(thinking, "thinkingBudget")
    if isinstance(level, str):
        return level.lower()
    if not isinstance(budget, int) or budget < 0:
        return None
    if budget == 0:
        return "none"
    return "low" if budget <= LITTLE else "medium" if budget <= SOME else "high"


def _text(request: Mapping[str, Any], where: str) -> str:
    place = f"{where}.content" if where else "content"
    content = request.get("content")
    if isinstance(content, str):
        return content
    if not isinstance(content, dict):
        raise bad_request(f"'{place}' must be an object with parts", place)
    parts = objects(content.get("parts"), f"{place}.parts")
    return "".join(string(part.get("text"), f"{at}.text") for at, part in parts)
