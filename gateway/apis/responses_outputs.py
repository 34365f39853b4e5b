"""The items of an answer of OpenAI's Responses API, each with the events that tell it piece by piece. Pure.

    output_item.added (content_part.added delta* done content_part.done)* output_item.done

An item knows what was said in it so far: the whole answer is made of the same items. What an event holds goes
on to change: it has to be written before the next one is taken.
"""

from collections.abc import Callable, Iterator
from typing import Any, ClassVar, Protocol

import attrs
import msgspec

from gateway.apis.responses_answer import annotations_of, logprobs_of
from providers.lenient import fields
from providers.types import JSON, TextDelta, ToolDelta

Told = Iterator[dict[str, Any]]
"""Events, but for their numbers: `type` is without its `response.`."""


class Output(Protocol):
    """An item that is being told."""

    item: dict[str, Any]

    @property
    def is_complete(self) -> bool:
        """Whether all of it was said, as far as one can tell before the end."""

    def close(self) -> Told:
        """Its last events."""


@attrs.define(eq=False)
class Said:
    """A message: texts and refusals, each kind a part."""

    PREFIX: ClassVar[str] = "msg"
    item: dict[str, Any]
    is_complete: bool = True
    _kind: str = ""

    @classmethod
    def of(cls, item_id: str) -> "Said":
        return cls({"id": item_id, "type": "message", "role": "assistant", "content": []})

    def say(self, event: TextDelta) -> Told:
        """Some more words."""
        kind = "refusal" if event.kind == "refusal" else "output_text"
        yield from self._begin(kind)
        part, at = self._part, self._at
        if kind == "refusal":
            part["refusal"] += event.text
            yield {"type": "refusal.delta", **at, "delta": event.text}
            return
        part["text"] += event.text
        probable = logprobs_of(event)
        part["logprobs"] += probable
        yield {"type": "output_text.delta", **at, "delta": event.text, "logprobs": probable}

    def note(self, members: JSON, *, is_open: bool) -> Told:
        """What the words cite. Once the item was closed, only the whole answer tells it."""
        if extra := fields(members.get("extra_content")):
            self.item["extra_content"] = {**self.item.get("extra_content", {}), **extra}
        for note in annotations_of(members):
            if not is_open:
                self.item["content"][-1].setdefault("annotations", []).append(note)
                continue
            yield from self._begin("output_text")
            notes = self._part["annotations"]
            told = {"annotation_index": len(notes), "annotation": note}
            notes.append(note)
            yield {"type": "output_text.annotation.added", **self._at, **told}

    def close(self) -> Told:
        yield from self._end()

    @property
    def _part(self) -> dict[str, Any]:
        last: dict[str, Any] = self.item["content"][-1]
        return last

    @property
    def _at(self) -> dict[str, Any]:
        return {"item_id": self.item["id"], "content_index": len(self.item["content"]) - 1}

    def _begin(self, kind: str) -> Told:
        if self._kind == kind:
            return
        yield from self._end()
        self._kind = kind
        part: dict[str, Any] = {"type": kind, "refusal": ""}
        if kind == "output_text":
            part = {"type": kind, "text": "", "annotations": [], "logprobs": []}
        self.item["content"].append(part)
        yield {"type": "content_part.added", **self._at, "part": part}

    def _end(self) -> Told:
        if not self._kind:
            return
        part, at = self._part, self._at
        if self._kind == "refusal":
            yield {"type": "refusal.done", **at, "refusal": part["refusal"]}
        else:
            words = {"text": part["text"], "logprobs": part["logprobs"]}
            yield {"type": "output_text.done", **at, **words}
        yield {"type": "content_part.done", **at, "part": part}
        self._kind = ""


@attrs.define(eq=False)
class Thought:
    """Reasoning, told as a summary: what every client shows."""

    PREFIX: ClassVar[str] = "rs"
    item: dict[str, Any]
    is_complete: bool = True

    @classmethod
    def of(cls, item_id: str) -> "Thought":
        return cls({"id": item_id, "type": "reasoning", "summary": []})

    def say(self, event: TextDelta) -> Told:
        """Some more words."""
        at = {"item_id": self.item["id"], "summary_index": 0}
        if not self.item["summary"]:
            part = {"type": "summary_text", "text": ""}
            self.item["summary"].append(part)
            yield {"type": "reasoning_summary_part.added", **at, "part": part}
        self.item["summary"][0]["text"] += event.text
        yield {"type": "reasoning_summary_text.delta", **at, "delta": event.text}

    def close(self) -> Told:
        at = {"item_id": self.item["id"], "summary_index": 0}
        for part in self.item["summary"]:
            yield {"type": "reasoning_summary_text.done", **at, "text": part["text"]}
            yield {"type": "reasoning_summary_part.done", **at, "part": part}


@attrs.define(eq=False)
class Called:
    """A call of a tool."""

    item: dict[str, Any]

    @classmethod
    def of(cls, name: Callable[[str], str], call_id: str, event: ToolDelta) -> "Called":
        custom = event.kind == "custom"
        return cls(
            {
                "id": name("ctc" if custom else "fc"),
                "type": "custom_tool_call" if custom else "function_call",
                "call_id": call_id,
                "name": event.name or "",
                "input" if custom else "arguments": "",
            }
        )

    @property
    def is_complete(self) -> bool:
        return _is_object(self.item.get("arguments", ""))

    def say(self, event: ToolDelta) -> Told:
        """Some more of the arguments."""
        if event.extra:
            self.item["extra_content"] = {**self.item.get("extra_content", {}), **event.extra}
        if event.text:
            self.item[self._member] += event.text
            yield {"type": f"{self._event}.delta", **self._at, "delta": event.text}

    def close(self) -> Told:
        told = {self._member: self.item[self._member]}
        if self._member == "arguments":
            told["name"] = self.item["name"]
        yield {"type": f"{self._event}.done", **self._at, **told}

    @property
    def _at(self) -> dict[str, Any]:
        return {"item_id": self.item["id"]}

    @property
    def _member(self) -> str:
        return "input" if self.item["type"] == "custom_tool_call" else "arguments"

    @property
    def _event(self) -> str:
        custom = self.item["type"] == "custom_tool_call"
        return "custom_tool_call_input" if custom else "function_call_arguments"


def _is_object(written: str) -> bool:
    if not written.endswith("}"):
        return False
    try:
        return isinstance(msgspec.json.decode(written), dict)
    except (ValueError, RecursionError):
        return False
