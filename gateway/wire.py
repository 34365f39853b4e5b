"""OpenAI's JSON to frozen calls. Pure.

Only what the gateway must understand is validated, with the parameter named; other members are kept in the
call's `body` and travel on to upstreams that understand them; one that does not is not asked.
"""

from collections.abc import Mapping
from typing import Any, Literal, cast

import msgspec

from gateway.errors import bad_request
from gateway.fields import integer, number, optional_bool, string, strings
from gateway.wire_messages import read_messages
from gateway.wire_tools import (
    LEGACY,
    read_choice,
    read_effort,
    read_format,
    read_logprobs,
    read_tools,
)
from providers.types import ChatCall, EmbedCall

MAX_INPUTS = 2048
"""Embedding inputs in one request, as at OpenAI."""

MAX_TOKENS = 2**31 - 1
"""More than any model writes, and small enough to be added to any limit."""

MAX_DEPTH = 128
"""Arrays and objects within each other. Far less than what the stack holds where the body is written
again for an upstream: what was read must never fail there."""

PARAMETERS = frozenset(
    {
        *("stream_options", "max_tokens", "max_completion_tokens", "temperature", "top_p", "stop"),
        *("n", "seed", "presence_penalty", "frequency_penalty", "logprobs", "top_logprobs"),
        *("tools", "tool_choice", "functions", "function_call", "parallel_tool_calls"),
        *("response_format", "reasoning_effort"),
    }
)
"""A request without any of these holds messages, and what is not ours to judge."""

_decoder = msgspec.json.Decoder()


def read_json(body: bytes) -> Mapping[str, Any]:
    """The request's JSON object.

    Raises:
        ApiError: 400, it is no JSON, or no object.
    """
    try:
        value = _decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise bad_request(f"The body is not valid JSON: {error}") from error
    except RecursionError as error:
        raise bad_request("The body is nested too deeply") from error
    if not isinstance(value, dict):
        raise bad_request("The body must be a JSON object")
    # Counting the brackets is cheap, and nearly always enough.
    if body.count(b"[") + body.count(b"{") > MAX_DEPTH and _is_too_deep(value):
        raise bad_request("The body is nested too deeply")
    return cast("dict[str, Any]", value)


def model_of(body: Mapping[str, Any]) -> str:
    """The model asked for.

    Raises:
        ApiError: 400, it is missing, empty, no string or absurdly long.
    """
    if "model" not in body:
        raise bad_request("Missing required parameter: 'model'", "model")
    model = string(body["model"], "model")
    if not model.strip() or len(model) > 256:
        raise bad_request("'model' must be 1 to 256 characters long", "model")
    return model


def read_chat(body: Mapping[str, Any]) -> ChatCall:
    """A chat completion request.

    Raises:
        ApiError: 400, with the parameter that is missing, mistyped, out of range or not supported.
    """
    model, stream = model_of(body), optional_bool(body, "stream")
    if PARAMETERS.isdisjoint(body):
        return ChatCall(model, read_messages(body), body, stream)
    if body.get("tools") and body.get("functions"):
        raise bad_request("'functions' is the old name of 'tools': give one of them", "functions")
    max_tokens = integer(body, "max_tokens", 1, MAX_TOKENS)
    return ChatCall(
        model=model,
        messages=read_messages(body),
        body=body,
        stream=stream,
        include_usage=_include_usage(body, stream=stream),
        max_tokens=integer(body, "max_completion_tokens", 1, MAX_TOKENS) or max_tokens,
        temperature=number(body, "temperature", 0.0, 2.0),
        top_p=number(body, "top_p", 0.0, 1.0),
        stop=strings(body, "stop"),
        n=integer(body, "n", 1, 128) or 1,
        seed=integer(body, "seed", -(2**63), 2**63 - 1),
        presence_penalty=number(body, "presence_penalty", -2.0, 2.0),
        frequency_penalty=number(body, "frequency_penalty", -2.0, 2.0),
        tools=read_tools(body),
        tool_choice=read_choice(body),
        parallel=body.get("parallel_tool_calls") is not False,
        response_format=read_format(body),
        effort=read_effort(body),
        logprobs=read_logprobs(body),
        legacy=not LEGACY.isdisjoint(body),
    )


def read_embeddings(body: Mapping[str, Any]) -> EmbedCall:
    """An embeddings request.

    Raises:
        ApiError: 400, with the parameter that is missing, mistyped or out of range.
    """
    model = model_of(body)
    return EmbedCall(
        model=model,
        inputs=_inputs(body),
        body=body,
        encoding=_encoding(body),
        dimensions=integer(body, "dimensions", 1, 100_000),
    )


def _is_too_deep(value: Any) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            child
            for parent in level
            for child in (parent.values() if isinstance(parent, dict) else parent)
            if isinstance(child, (dict, list))
        ]
    return bool(level)


def _include_usage(body: Mapping[str, Any], *, stream: bool) -> bool:
    options = body.get("stream_options")
    if options is None:
        return False
    if not isinstance(options, dict):
        raise bad_request("'stream_options' must be an object", "stream_options")
    if not stream:
        raise bad_request("'stream_options' is only allowed with 'stream'", "stream_options")
    include = options.get("include_usage", False)
    if not isinstance(include, bool | None):
        raise bad_request("'stream_options.include_usage' must be a boolean", "stream_options")
    return bool(include)


def _encoding(body: Mapping[str, Any]) -> Literal["float", "base64"]:
    match body.get("encoding_format"):
        case None | "float":
            return "float"
        case "base64":
            return "base64"
    raise bad_request('\'encoding_format\' must be "float" or "base64"', "encoding_format")


def _inputs(body: Mapping[str, Any]) -> tuple[str | tuple[int, ...], ...]:
    if "input" not in body:
        raise bad_request("Missing required parameter: 'input'", "input")
    value = body["input"]
    if isinstance(value, str):
        return (_input(value, "input"),)
    if not isinstance(value, list) or not value:
        raise bad_request("'input' must be a string or a non-empty array", "input")
    if _are_tokens(value):
        value = [value]
    if len(value) > MAX_INPUTS:
        raise bad_request(f"'input' may hold at most {MAX_INPUTS} texts", "input")
    return tuple(_input(item, f"input[{n}]") for n, item in enumerate(value))


def _input(item: Any, where: str) -> str | tuple[int, ...]:
    if isinstance(item, str) and item:
        return item
    if isinstance(item, list) and item and _are_tokens(item):
        return tuple(item)
    raise bad_request(f"'{where}' must be a non-empty string or array of token numbers", where)


def _are_tokens(value: list[Any]) -> bool:
    return all(type(item) is int and item >= 0 for item in value)
