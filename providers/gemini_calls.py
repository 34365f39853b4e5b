"""Calls of functions in Gemini's answers: each at once, or, on Vertex, its arguments piece by piece.

    {"name": "f", "willContinue": true}  {"partialArgs": [{"jsonPath": "$.a[0]", "stringValue": "…"}], …}  {}

Pieces are put together before they are told: OpenAI's format tells arguments as text in their order, and these
may come in any.
"""

import re
from collections.abc import Iterator
from typing import Any

import attrs
import msgspec

from providers.lenient import fields, rows, text
from providers.types import JSON, Event, ToolDelta

_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d{1,4})\]|\[['\"]([^'\"]*)['\"]\]")
_VALUES = ("stringValue", "numberValue", "boolValue", "nullValue")


@attrs.define(eq=False)
class Calls:
    """The calls of one candidate."""

    choice: int
    count: int = 0
    _open: dict[str, Any] | None = None

    def read(self, call: JSON, extra: JSON | None) -> Iterator[Event]:
        """What this part tells of a call. Gemini before 3.1 gives calls no id."""
        if name := text(call.get("name")):
            yield from self.finish()
            index, self.count = self.count, self.count + 1
            goes_on = call.get("willContinue") is True
            written = "" if goes_on else _written(fields(call.get("args")))
            self._open = {} if goes_on else None
            id_ = text(call.get("id")) or None
            yield ToolDelta(index, written, self.choice, id_, name, extra=extra)
        elif self._open is not None:
            for piece in rows(call.get("partialArgs")):
                _put(self._open, piece)
            if call.get("willContinue") is not True:
                yield from self.finish()

    def finish(self) -> Iterator[Event]:
        """The arguments of the call that was told in pieces, if there is one."""
        told, self._open = self._open, None
        if told is not None:
            yield ToolDelta(self.count - 1, _written(told), self.choice)


def _written(arguments: JSON) -> str:
    return msgspec.json.encode(arguments).decode()


def _put(arguments: dict[str, Any], piece: JSON) -> None:
    """Puts a value where its path says; a text goes on where one stands already."""
    path = text(piece.get("jsonPath")).removeprefix("$")
    steps = [found[0] or found[2] or int(found[1]) for found in _STEP.findall(path)]
    value = next((piece[name] for name in _VALUES if name in piece), None)
    if "nullValue" in piece:
        value = None
    holder: Any = arguments
    for step, following in zip(steps, [*steps[1:], None], strict=False):
        empty: Any = None if following is None else [] if isinstance(following, int) else {}
        before = _at(holder, step)
        if following is None:
            _set(holder, step, before + value if _are_texts(before, value) else value)
            return
        if before is None:
            _set(holder, step, empty)
        holder = _at(holder, step)


def _are_texts(*values: Any) -> bool:
    return all(isinstance(value, str) for value in values)


def _at(holder: Any, step: str | int) -> Any:
    if isinstance(holder, dict):
        return holder.get(str(step))
    inside = isinstance(holder, list) and isinstance(step, int) and step < len(holder)
    return holder[step] if inside else None


def _set(holder: Any, step: str | int, value: Any) -> None:
    if isinstance(holder, dict):
        holder[str(step)] = value
    elif isinstance(holder, list) and isinstance(step, int):
        holder.extend([None] * (step + 1 - len(holder)))
        holder[step] = value
