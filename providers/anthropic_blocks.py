"""The blocks of an Anthropic answer: text, thoughts with their signatures, calls of tools, citations.

Thoughts that stand before calls of tools must come back with them, unchanged. OpenAI's format has no place for
that: they travel with the first call, as its `extra`.
"""

from collections.abc import Iterator
from typing import Any

import attrs
import msgspec

from providers.lenient import fields, rows, text
from providers.types import JSON, Event, Extra, TextDelta, TextKind, ToolDelta

KINDS: dict[str, TextKind] = {"text": "content", "thinking": "reasoning"}
"""Which kinds of block, and of delta, hold text. The text lies under the kind's own name."""

THOUGHTS = ("thinking", "redacted_thinking")


@attrs.define(eq=False)
class Blocks:
    """The blocks of one answer, one after the other; `begin`, `go_on` and `stop` for those in pieces."""

    _calls: int = 0
    _thoughts: list[dict[str, Any]] = attrs.field(factory=list)
    _block: dict[str, Any] = attrs.field(factory=dict)
    _input: str = ""
    _cited: int = 0

    def whole(self, block: JSON) -> Iterator[Event]:
        """A block that is told at once."""
        kind = text(block.get("type"))
        if kind == "tool_use":
            yield self._call(block, msgspec.json.encode(fields(block.get("input"))).decode())
        elif kind in THOUGHTS:
            self._thoughts.append(dict(block))
        yield from _said(block, kind)
        yield from self._citations(block)

    def begin(self, block: JSON) -> Iterator[Event]:
        """A block begins. The input of a call is always empty here, and told in pieces."""
        self._block, self._input = dict(block), ""
        kind = text(block.get("type"))
        if kind == "tool_use":
            yield self._call(block, "")
        else:
            yield from _said(block, kind)

    def go_on(self, delta: JSON) -> Iterator[Event]:
        """A piece of the block."""
        kind = text(delta.get("type")).removesuffix("_delta")
        if kind == "input_json":
            yield from self._written(text(delta.get("partial_json")))
        elif kind == "signature":
            self._block["signature"] = text(delta.get("signature"))
        elif kind == "citations":
            yield from self._citations({"citations": [delta.get("citation")]})
        else:
            if kind == "thinking":
                self._block[kind] = text(self._block.get(kind)) + text(delta.get(kind))
            yield from _said(delta, kind)

    def stop(self) -> Iterator[Event]:
        """The block is complete. A call without input has an empty object for it."""
        block, self._block = self._block, {}
        kind = text(block.get("type"))
        if kind in THOUGHTS:
            self._thoughts.append(block)
        elif kind == "tool_use" and not self._input:
            yield ToolDelta(self._calls - 1, "{}")

    def _call(self, block: JSON, written: str) -> Event:
        thoughts, self._thoughts = self._thoughts, []
        extra = {"anthropic": {"thinking": thoughts}} if thoughts else None
        index, self._calls = self._calls, self._calls + 1
        id_, name = text(block.get("id")) or None, text(block.get("name"))
        return ToolDelta(index, written, id=id_, name=name, extra=extra)

    def _written(self, piece: str) -> Iterator[Event]:
        if piece and self._block.get("type") == "tool_use":
            self._input += piece
            yield ToolDelta(self._calls - 1, piece)

    def _citations(self, holder: JSON) -> Iterator[Event]:
        """Pages that the answer cites, as OpenAI's annotations; of other sources there are none."""
        notes = [
            {
                "type": "url_citation",
                "url_citation": {
                    "start_index": 0,
                    "end_index": 0,
                    "url": text(cited.get("url")),
                    "title": text(cited.get("title")),
                },
            }
            for cited in rows(holder.get("citations"))
            if text(cited.get("url"))
        ]
        if notes:
            yield Extra({"annotations": notes})


def _said(holder: JSON, kind: str) -> Iterator[Event]:
    """The text in a block or a delta."""
    said = text(holder.get(kind)) if kind in KINDS else ""
    if said:
        yield TextDelta(said, kind=KINDS[kind])
