"""Calls of tools in OpenAI's answers, and in those of the many who number and name them in their own way.

Where calls have no index, or several the same one, they are told apart by their ids and names: a piece that
brings a name begins a call, and a piece without one belongs to the call it was last about.
"""

from typing import Any

import attrs
import msgspec

from providers.conversation import ToolKind
from providers.lenient import fields, rows, text
from providers.types import JSON, ToolDelta

CUSTOM = "custom"


@attrs.define(eq=False)
class ToolCalls:
    """The calls of one choice, as far as they were seen."""

    choice: int
    _ids: list[str] = attrs.field(factory=list)
    _indexes: dict[int, int] = attrs.field(factory=dict)

    def read(self, said: JSON) -> list[ToolDelta]:
        """The pieces of calls in a delta or a message."""
        found = [self._piece(call) for call in rows(said.get("tool_calls"))]
        if old := fields(said.get("function_call")):
            found.append(self._piece({"index": 0, "function": old}))
        return found

    @property
    def any(self) -> bool:
        """Whether there was a call."""
        return bool(self._ids)

    def _piece(self, call: JSON) -> ToolDelta:
        kind: ToolKind = "custom" if call.get("type") == CUSTOM or CUSTOM in call else "function"
        told = fields(call.get(kind))
        written = _written(told.get("input" if kind == "custom" else "arguments"))
        name, upstream_id = text(told.get("name")), text(call.get("id"))
        index, begins = self._place(call.get("index"), upstream_id, name)
        extra = fields(call.get("extra_content")) or None
        if not begins:
            return ToolDelta(index, written, self.choice, kind=kind, extra=extra)
        named = upstream_id or None
        return ToolDelta(index, written, self.choice, named, name, kind, extra)

    def _place(self, given: Any, upstream_id: str, name: str) -> tuple[int, bool]:
        """Which call a piece belongs to, and whether it begins it."""
        known = (
            self._indexes.get(given) if isinstance(given, int) else self._known(upstream_id, name)
        )
        if known is not None and not (name and upstream_id and upstream_id != self._ids[known]):
            return known, False
        index = len(self._ids)
        self._ids.append(upstream_id)
        if isinstance(given, int):
            self._indexes[given] = index
        return index, True

    def _known(self, upstream_id: str, name: str) -> int | None:
        if upstream_id in self._ids and upstream_id:
            return self._ids.index(upstream_id)
        if name or upstream_id or not self._ids:
            return None
        return len(self._ids) - 1


def _written(arguments: Any) -> str:
    """Some give an object where a text belongs."""
    if arguments is None or isinstance(arguments, str):
        return arguments or ""
    return msgspec.json.encode(arguments).decode()
