"""The blocks of a Converse answer, told in Anthropic's words, whose reading `anthropic_blocks` knows.

Thoughts that are signed, Claude's, are kept with the next call of a tool as Anthropic tells them, so that they
fit wherever the conversation goes on. Other models' are not: nobody wants them back.
"""

from collections.abc import Iterable, Iterator

import attrs

from providers.anthropic_blocks import Blocks
from providers.lenient import fields, rows, text
from providers.types import JSON, Event, Extra, TextDelta, ToolDelta


@attrs.define(eq=False)
class ConverseBlocks:
    """The blocks of one answer, one after the other; `begin`, `go_on` and `stop` for those in pieces."""

    _blocks: Blocks = attrs.field(factory=Blocks)
    _begun: bool = False
    _image: str = "png"

    def whole(self, block: JSON) -> Iterator[Event]:
        """A block that is told at once."""
        if image := fields(block.get("image")):
            yield from _image(text(image.get("format")), image)
        else:
            yield from _kept(self._blocks.whole(_told(block)))

    def begin(self, start: JSON) -> Iterator[Event]:
        """A block begins; only calls and images do so, others begin with their first piece."""
        self._begun = True
        self._image = text(fields(start.get("image")).get("format")) or self._image
        return _kept(self._blocks.begin(_told(start)))

    def go_on(self, delta: JSON) -> Iterator[Event]:
        """A piece of the block. Most are text, which needs no words of Anthropic's."""
        said = delta.get("text")
        if isinstance(said, str):
            if said:
                yield TextDelta(said)
            return
        if image := fields(delta.get("image")):
            yield from _image(self._image, image)
            return
        if not self._begun:
            yield from self.begin(_opening(delta))
        yield from self._blocks.go_on(_piece(delta))

    def stop(self) -> Iterator[Event]:
        """The block is complete."""
        self._begun = False
        return self._blocks.stop()


def _told(block: JSON) -> JSON:
    """A block in Anthropic's words; an empty one where there are none."""
    if used := fields(block.get("toolUse")):
        ours = text(used.get("type")) != "server_tool_use"
        named = {"id": used.get("toolUseId"), "name": used.get("name"), "input": used.get("input")}
        return {"type": "tool_use", **named} if ours else {}
    if thought := fields(block.get("reasoningContent")):
        return _thought(thought)
    if cited := fields(block.get("citationsContent")):
        said = "".join(text(row.get("text")) for row in rows(cited.get("content")))
        return {
            "type": "text",
            "text": said,
            "citations": [*map(_source, rows(cited.get("citations")))],
        }
    return {"type": "text", "text": text(block.get("text"))}


def _thought(thought: JSON) -> JSON:
    if hidden := text(thought.get("redactedContent")):
        return {"type": "redacted_thinking", "data": hidden}
    told = fields(thought.get("reasoningText"))
    signature = text(told.get("signature"))
    signed = {"signature": signature} if signature else {}
    return {"type": "thinking", "thinking": text(told.get("text")), **signed}


def _opening(delta: JSON) -> JSON:
    """The empty block to which the piece belongs; what is hidden comes at once."""
    thought = fields(delta.get("reasoningContent"))
    if not thought:
        return {}
    hidden = thought.get("redactedContent")
    return {"reasoningContent": {"redactedContent": hidden} if hidden else {"reasoningText": {}}}


def _piece(delta: JSON) -> JSON:
    if used := fields(delta.get("toolUse")):
        return {"type": "input_json_delta", "partial_json": used.get("input")}
    if cited := fields(delta.get("citation")):
        return {"type": "citations_delta", "citation": _source(cited)}
    thought = fields(delta.get("reasoningContent"))
    if "signature" in thought:
        return {"type": "signature_delta", "signature": thought["signature"]}
    if "text" in thought:
        return {"type": "thinking_delta", "thinking": thought["text"]}
    return {}


def _source(cited: JSON) -> JSON:
    page = fields(fields(cited.get("location")).get("web"))
    return {"url": page.get("url"), "title": cited.get("title")}


def _image(kind: str, image: JSON) -> Iterator[Event]:
    """An image that was made, as those who offer it in OpenAI's format tell it."""
    data = text(fields(image.get("source")).get("bytes"))
    if data:
        url = {"url": f"data:image/{kind};base64,{data}"}
        yield Extra({"images": [{"type": "image_url", "image_url": url}]})


def _kept(events: Iterable[Event]) -> Iterator[Event]:
    """The events; of thoughts only what is signed is kept with a call."""
    for event in events:
        if isinstance(event, ToolDelta) and event.extra:
            thoughts = [each for each in event.extra["anthropic"]["thinking"] if _is_signed(each)]
            extra = {"anthropic": {"thinking": thoughts}} if thoughts else None
            yield attrs.evolve(event, extra=extra)
        else:
            yield event


def _is_signed(thought: JSON) -> bool:
    return bool(thought.get("signature") or thought.get("data"))
