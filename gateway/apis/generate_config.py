"""`generationConfig`: how an answer shall be made, in OpenAI's parameters. Pure."""

from collections.abc import Mapping
from typing import Any

from gateway.apis.generate_schema import schema_of
from gateway.apis.names import an_object, members
from gateway.errors import bad_request

CONFIG = "generationConfig"

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
"""Members by OpenAI's names."""

SHAPES = frozenset({"responseMimeType", "responseSchema", "responseJsonSchema", "thinkingConfig"})
TEXT: tuple[list[str], ...] = (["TEXT"], ["text"], [])
JSON_TYPE = "application/json"
TYPES = (JSON_TYPE, "text/plain", "")
"""What an answer may be. `text/x.enum` is a word of a schema's, without JSON's quotes: only Google has it."""

LEVELS = frozenset({"minimal", "low", "medium", "high", "xhigh"})
NO_LEVEL = "thinking_level_unspecified"
LITTLE, SOME = 2048, 8192
"""Tokens for thoughts, up to which a budget counts as a low and as a medium effort."""


def parameters_of(body: Mapping[str, Any]) -> dict[str, Any]:
    """OpenAI's parameters.

    Raises:
        ApiError: 400, something is mistyped. What is out of range is for who reads these.
    """
    config = members(an_object(body, CONFIG))
    return {
        **{SAMPLING[name]: value for name, value in config.items() if name in SAMPLING},
        "response_format": _format(config),
        "reasoning_effort": _effort(config),
    }


def foreign(body: Mapping[str, Any]) -> str | None:
    """The place of the first member that means something to Google alone."""
    config = members(an_object(body, CONFIG))
    known = SAMPLING.keys() | SHAPES
    for name, value in config.items():
        if name not in known and not (name == "responseModalities" and value in TEXT):
            return f"{CONFIG}.{name}"
    if config.get("responseMimeType", JSON_TYPE) not in TYPES:
        return f"{CONFIG}.responseMimeType"
    level = _level(config)
    return f"{CONFIG}.thinkingConfig.thinkingLevel" if level and level not in LEVELS else None


def _format(config: Mapping[str, Any]) -> dict[str, Any] | None:
    """The JSON that the answer shall be."""
    name, schema = "responseJsonSchema", config.get("responseJsonSchema")
    if schema is None:
        name, schema = "responseSchema", schema_of(config.get("responseSchema"))
    if schema is None:
        is_json = config.get("responseMimeType") == JSON_TYPE
        return {"type": "json_object"} if is_json else None
    if not isinstance(schema, dict):
        raise bad_request(f"'{CONFIG}.{name}' must be an object", f"{CONFIG}.{name}")
    return {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}}


def _effort(config: Mapping[str, Any]) -> str | None:
    """How long to think: as a word, or as a budget of tokens; None where nothing is asked for."""
    if level := _level(config):
        return level if level in LEVELS else None
    budget = _thinking(config).get("thinkingBudget")
    if budget is None:
        return None
    if isinstance(budget, bool) or not isinstance(budget, int):
        place = f"{CONFIG}.thinkingConfig.thinkingBudget"
        raise bad_request(f"'{place}' must be an integer", place)
    if budget < 0:
        return None  # as the model likes
    if budget == 0:
        return "none"
    return "low" if budget <= LITTLE else "medium" if budget <= SOME else "high"


def _level(config: Mapping[str, Any]) -> str:
    """The level in small letters, empty where there is none."""
    level = _thinking(config).get("thinkingLevel", "")
    if not isinstance(level, str):
        place = f"{CONFIG}.thinkingConfig.thinkingLevel"
        raise bad_request(f"'{place}' must be a string", place)
    return "" if level.lower() == NO_LEVEL else level.lower()


def _thinking(config: Mapping[str, Any]) -> Mapping[str, Any]:
    return members(an_object(config, "thinkingConfig", CONFIG))
