"""Events to a whole answer of Anthropic's Messages API, and what its streams say in the same words. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from gateway.whole import Heading
from providers.lenient import fields, rows, text
from providers.types import Event, Extra, Finished, FinishReason, TextDelta, ToolDelta, Usage

STOPS: Mapping[FinishReason, str] = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "content_filter": "refusal",
}


def empty_message(heading: Heading, usage: Mapping[str, int]) -> dict[str, Any]:
    """A message that has said nothing yet."""
    return {
        "id": heading.id,
        "type": "message",
        "role": "assistant",
        "model": heading.model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": usage,
    }


def message_body(heading: Heading, events: Iterable[Event], usage: Usage) -> dict[str, Any]:
    """A whole answer, folded from its events; of several choices the first."""
    message = empty_message(heading, counts(usage))
    blocks = _Blocks(heading)
    for event in events:
        if getattr(event, "choice", 0):
            continue
        if isinstance(event, TextDelta):
            blocks.say(event)
        elif isinstance(event, ToolDelta):
            blocks.call(event)
        elif isinstance(event, Extra):
            blocks.note(event)
        elif isinstance(event, Finished):
            message["stop_reason"] = STOPS[event.reason]
    message["content"] = blocks.made()
    return message


def counts(usage: Usage) -> dict[str, int]:
    """Anthropic's counts: what the cache gave and took is beside the input, not in it."""
    return {
        "input_tokens": max(0, usage.prompt - usage.cached - usage.written),
        "cache_creation_input_tokens": usage.written,
        "cache_read_input_tokens": usage.cached,
        "output_tokens": usage.completion,
    }


def signature_of(event: ToolDelta) -> str:
    """The signature of the last thought before a call, where its provider is Anthropic."""
    thoughts = rows(fields((event.extra or {}).get("anthropic")).get("thinking"))
    return text(thoughts[-1].get("signature")) if thoughts else ""


def noted(event: Extra) -> Iterator[dict[str, Any]]:
    """The pages that an answer cites."""
    for note in rows(event.members.get("annotations")):
        cited = fields(note.get("url_citation"))
        if text(cited.get("url")):
            yield {
                "type": "web_search_result_location",
                "url": text(cited.get("url")),
                "title": text(cited.get("title")),
                "cited_text": "",
                "encrypted_index": "",
            }


class _Blocks:
    """The blocks of a whole answer, in the order in which they began."""

    def __init__(self, heading: Heading) -> None:
        self._heading = heading
        self._blocks: list[dict[str, Any]] = []
        self._calls: dict[int, dict[str, Any]] = {}

    def say(self, event: TextDelta) -> None:
        kind = "thinking" if event.kind == "reasoning" else "text"
        last = self._blocks[-1] if self._blocks else {}
        if last.get("type") != kind:
            last = {"type": kind, kind: ""}
            if kind == "thinking":
                last["signature"] = ""
            self._blocks.append(last)
        last[kind] += event.text

    def call(self, event: ToolDelta) -> None:
        block = self._calls.get(event.index)
        if block is None:
            self._sign(signature_of(event))
            call_id = self._heading.call_id(event)
            block = {"type": "tool_use", "id": call_id, "name": event.name or "", "input": ""}
            self._calls[event.index] = block
            self._blocks.append(block)
        block["input"] += event.text

    def note(self, event: Extra) -> None:
        if self._blocks and self._blocks[-1]["type"] == "text":
            for citation in noted(event):
                self._blocks[-1].setdefault("citations", []).append(citation)

    def made(self) -> list[dict[str, Any]]:
        for block in self._calls.values():
            block["input"] = _object(block["input"])
        return self._blocks

    def _sign(self, signature: str) -> None:
        if signature and self._blocks and self._blocks[-1]["type"] == "thinking":
            self._blocks[-1]["signature"] = signature


def _object(arguments: str) -> dict[str, Any]:
    """What a model wrote need not be JSON: then it is an object that holds it, so that nothing is lost."""
    try:
        value = msgspec.json.decode(arguments or "{}")
    except (ValueError, RecursionError):
        value = arguments
    return value if isinstance(value, dict) else {"input": value}
