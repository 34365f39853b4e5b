"""What a provider cannot do: the parameter is named, or where the operator allows it, left out and reported.

Dropping is decided for each dialect by itself, and only where no provider of the model can honour the call as
it is: a target that can is always preferred.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from providers.base import Dialect, refusal
from providers.types import Call, ChatCall, CountCall

NEEDED = frozenset({"model", "messages", "input", "stream"})
"""Without these there is no question left."""

LOGPROBS = frozenset({"logprobs", "top_logprobs"})
"""Neither means anything without the other."""

MEANING: Mapping[str, Mapping[str, Any]] = {
    "n": {"n": 1},
    "seed": {"seed": None},
    "stop": {"stop": ()},
    "presence_penalty": {"presence_penalty": None},
    "frequency_penalty": {"frequency_penalty": None},
    "response_format": {"response_format": None},
    "reasoning_effort": {"effort": None},
    "logprobs": {"logprobs": None},
    "top_logprobs": {"logprobs": None},
    "dimensions": {"dimensions": None},
}
"""The fields of a call that say what a member of its body says, and what they are without it."""


@attrs.frozen
class Fitted:
    """A call as a dialect can honour it, and what it had to lose for that."""

    call: Call
    dropped: tuple[str, ...]


def fit(dialect: Dialect, call: Call) -> Fitted | None:
    """The call without the parameters that the dialect refuses; None if it refuses what is needed."""
    dropped: list[str] = []
    while (parameter := refusal(dialect, call)) is not None:
        if parameter in NEEDED or parameter in dropped:
            return None
        dropped.append(parameter)
        call = without(call, parameter)
    return Fitted(call, tuple(dropped))


def fits(dialects: Iterable[Dialect], call: Call) -> Mapping[int, Fitted]:
    """The call for each of the dialects that can take it at all, by the dialect's identity."""
    fitted = {id(dialect): fit(dialect, call) for dialect in dialects}
    return {which: found for which, found in fitted.items() if found is not None}


def without(call: Call, parameter: str) -> Call:
    """The call as if the client had not given this parameter. Of `tools`, functions stay."""
    gone = LOGPROBS if parameter in LOGPROBS else {parameter}
    body = {name: value for name, value in call.body.items() if name not in gone}
    if parameter == "tools" and isinstance(call, ChatCall) and call.tools:
        body["tools"] = [tool for tool in call.body["tools"] if _is_function(tool)]
    if isinstance(call, CountCall):
        return CountCall(attrs.evolve(call.chat, body=body, **_meant(call.chat, parameter)))
    return attrs.evolve(call, body=body, **_meant(call, parameter))


def _meant(call: Call, parameter: str) -> Mapping[str, Any]:
    names = {each.name for each in attrs.fields(type(call))}
    meant = MEANING.get(parameter, {})
    return {name: value for name, value in meant.items() if name in names}


def _is_function(tool: Any) -> bool:
    return isinstance(tool, dict) and tool.get("type", "function") == "function"
