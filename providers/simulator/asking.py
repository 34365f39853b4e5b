"""What a request asks, in forms in which two requests can be compared. Pure.

The normal form of a body has no nulls, no `stream_options`, and none of the parameters of `DEFAULTS` that say
what holds anyway; names are in snake case, and a list of one text is that text. Order and white space do not
count. Two bodies are the same if their normal forms are.

The gist of a body is its model, whether it is streamed, the user's last text, and how many results of tools
have come since: what a client that words its requests in another way cannot but have in common.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import attrs
import msgspec

from providers.simulator.places import Place

DEFAULTS: Mapping[str, Any] = MappingProxyType(
    {
        "stream": False,
        "n": 1,
        "temperature": 1,
        "top_p": 1,
        "presence_penalty": 0,
        "frequency_penalty": 0,
        "tool_choice": "auto",
        "parallel_tool_calls": True,
    }
)

_HUMP = re.compile(r"(?<=[a-z0-9])([A-Z])")
_TEXTS = frozenset({"text", "input_text"})
_RESULTS = frozenset({"tool_result", "function_response", "tool_results"})
_TURNS = ("messages", "contents", "input")
_WITHIN = (
    *("text", "content", "parts", "input", "prompt", "message", "query", "input_text", "texts"),
    *(
        "guard_content",
        "requests",
        "instances",
        "generate_content_request",
        "contents",
        "converse",
        "messages",
    ),
)
"""Where a text may stand that is not a turn's."""


@attrs.frozen
class Gist:
    """A request in short."""

    model: str = ""
    stream: bool = False
    text: str = attrs.field(default="", repr=False)
    results: int = 0

    def differences(self, other: "Gist") -> list[str]:
        """What the other has otherwise."""
        mine, theirs = attrs.asdict(self), attrs.asdict(other)
        return [name for name in mine if mine[name] != theirs[name]]


@attrs.frozen
class Asked:
    """A request to compare. `exact` is its normal form as bytes, or the body itself where that is no JSON."""

    place: Place
    exact: bytes = attrs.field(repr=False)
    members: Mapping[str, Any] = attrs.field(repr=False)
    gist: Gist

    def likeness(self, other: "Asked") -> int:
        """How many parameters both have, those that are equal twice."""
        common = self.members.keys() & other.members.keys()
        equal = [name for name in common if self.members[name] == other.members[name]]
        return len(common) + len(equal)


def asked(place: Place, body: bytes) -> Asked:
    """What a request with this body asks."""
    try:
        return asked_json(place, msgspec.json.decode(body))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Asked(place, body, {}, Gist(place.model))


def asked_json(place: Place, body: Any) -> Asked:
    """What a request with this JSON body asks."""
    plain = _plain(body)
    if not isinstance(plain, dict):
        return Asked(place, msgspec.json.encode(plain, order="sorted"), {}, Gist(place.model))
    members = {
        name: value
        for name, value in plain.items()
        if name != "stream_options" and DEFAULTS.get(name) != value
    }
    exact = msgspec.json.encode(members, order="sorted")
    return Asked(place, exact, members, _gist(place, plain))


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        items = [_plain(item) for item in value]
        return items[0]["text"] if len(items) == 1 and _is_text(items[0]) else items
    if isinstance(value, dict):
        members = {name: _plain(member) for name, member in value.items() if member is not None}
        return {_HUMP.sub(r"_\1", name).lower(): member for name, member in members.items()}
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _is_text(value: Any) -> bool:
    if not isinstance(value, dict) or not isinstance(value.get("text"), str):
        return False
    return value.keys() <= {"type", "text"} and _kind(value) in _TEXTS


def _kind(value: Mapping[str, Any]) -> str:
    return str(value.get("type", "text"))


def _gist(place: Place, body: Mapping[str, Any]) -> Gist:
    model = place.model or str(body.get("model", ""))
    for name in _TURNS:
        turns = body.get(name)
        if isinstance(turns, list) and any(_is_turn(turn) for turn in turns):
            return Gist(model, body.get("stream") is True, *_last(turns))
    texts = [text for name in _WITHIN for text in _texts(body.get(name))]
    results = body.get("tool_results")
    count = len(results) if isinstance(results, list) else 0
    return Gist(model, body.get("stream") is True, "\n".join(texts), count)


def _is_turn(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    return "role" in value or "parts" in value or _kind(value).endswith("_call_output")


def _last(turns: list[Any]) -> tuple[str, int]:
    """The user's last text, and the results since."""
    text, results = "", 0
    for turn in turns:
        if not isinstance(turn, dict):
            continue
        parts = turn.get("content", turn.get("parts"))
        said = _texts(parts) if _is_users(turn) else []
        if said:
            text, results = "\n".join(said), 0
        else:
            results += _results(turn, parts)
    return text, results


def _is_users(turn: Mapping[str, Any]) -> bool:
    return bool(turn.get("role") == "user" or turn.keys().isdisjoint({"role", "type"}))


def _results(turn: Mapping[str, Any], parts: Any) -> int:
    """How many results of tools a turn brings."""
    if turn.get("role") in ("tool", "function") or _kind(turn).endswith("_call_output"):
        return 1
    blocks = parts if isinstance(parts, list) else [parts]
    return sum(1 for part in blocks if isinstance(part, dict) and _is_result(part))


def _is_result(part: Mapping[str, Any]) -> bool:
    return _kind(part) == "tool_result" or bool(part.keys() & _RESULTS)


def _texts(value: Any) -> list[str]:
    """All texts in a value: of parts of other kinds, such as results of tools, none."""
    if isinstance(value, str | int):
        return [str(value)]
    if isinstance(value, list):
        return [text for item in value for text in _texts(item)]
    if not isinstance(value, dict) or _kind(value) not in _TEXTS | {"message"}:
        return []
    return [text for name in _WITHIN for text in _texts(value.get(name))]
