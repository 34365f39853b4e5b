"""Events to parts of Google's contents, and what else an answer of theirs is made of. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any

import attrs
import msgspec

from gateway.whole import Heading
from providers.lenient import fields, rows, text
from providers.types import (
    Event,
    Extra,
    Finished,
    FinishReason,
    TextDelta,
    ToolDelta,
    Usage,
)

FINISHES: Mapping[FinishReason, str] = {
    "stop": "STOP",
    "tool_calls": "STOP",
    "length": "MAX_TOKENS",
    "content_filter": "SAFETY",
}


@attrs.define(eq=False)
class Candidate:
    """One choice: the parts that were not taken yet, and what is told only when it is complete."""

    index: int
    heading: Heading
    finish: str | None = None
    parts: list[dict[str, Any]] = attrs.field(factory=list)
    _calls: dict[int, dict[str, Any]] = attrs.field(factory=dict)
    _chosen: list[dict[str, Any]] = attrs.field(factory=list)
    _top: list[dict[str, Any]] = attrs.field(factory=list)
    _pages: list[dict[str, Any]] = attrs.field(factory=list)

    def say(self, event: TextDelta) -> None:
        """A piece of text; pieces of one kind that follow one another are one part."""
        thought = {"thought": True} if event.kind == "reasoning" else {}
        last = self.parts[-1] if self.parts else {}
        if last.keys() == {"text", *thought}:
            last["text"] += event.text
        else:
            self.parts.append({"text": event.text, **thought})
        for token in rows(fields(event.logprobs).get("content")):
            self._chosen.append(_likely(token))
            alternatives = [_likely(other) for other in rows(token.get("top_logprobs"))]
            self._top.append({"candidates": alternatives})

    def call(self, event: ToolDelta) -> None:
        """A piece of a call. Calls are told as a whole, when the choice is complete."""
        call = self._calls.get(event.index)
        if call is None:
            call = {"id": self.heading.call_id(event), "name": event.name or "", "args": ""}
            self._calls[event.index] = call
        call["args"] += event.text
        if signature := _signature(event.extra or {}):
            call["signature"] = signature

    def note(self, event: Extra) -> None:
        """Images, pages that are cited, and the signature of what was said."""
        for image in rows(event.members.get("images")):
            kind, _, data = text(fields(image.get("image_url")).get("url")).partition(";base64,")
            if data:
                blob = {"mimeType": kind.removeprefix("data:"), "data": data}
                self.parts.append({"inlineData": blob})
        for note in rows(event.members.get("annotations")):
            cited = fields(note.get("url_citation"))
            if url := text(cited.get("url")):
                self._pages.append({"web": {"uri": url, "title": text(cited.get("title"))}})
        if signature := _signature(fields(event.members.get("extra_content"))):
            self.parts.append({"text": "", "thoughtSignature": signature})

    def taken(self) -> dict[str, Any]:
        """The candidate with the parts so far, which it then has no more."""
        parts, self.parts = self.parts, []
        return {"content": {"parts": parts, "role": "model"}, "index": self.index}

    def closed(self) -> dict[str, Any]:
        """The candidate at its end, with its calls and why it ended."""
        self.parts += [_called(self._calls[index]) for index in sorted(self._calls)]
        told = self.taken()
        if self.finish is not None:
            told["finishReason"] = self.finish
        if self._chosen:
            told["logprobsResult"] = {
                "chosenCandidates": self._chosen,
                "topCandidates": self._top,
            }
        if self._pages:
            told["groundingMetadata"] = {"groundingChunks": self._pages}
        return told


def counts(usage: Usage) -> dict[str, int]:
    """Google's counts: thoughts are beside the candidates, not in them."""
    told = {
        "promptTokenCount": usage.prompt,
        "candidatesTokenCount": max(0, usage.completion - usage.reasoning),
        "totalTokenCount": usage.total,
    }
    if usage.reasoning:
        told["thoughtsTokenCount"] = usage.reasoning
    if usage.cached:
        told["cachedContentTokenCount"] = usage.cached
    return told


def _called(call: Mapping[str, Any]) -> dict[str, Any]:
    told = {"id": call["id"], "name": call["name"], "args": _object(call["args"])}
    signed = {"thoughtSignature": call["signature"]} if "signature" in call else {}
    return {"functionCall": told, **signed}


def _object(arguments: str) -> dict[str, Any]:
    """What a model wrote need not be JSON: then it is an object that holds it, so that nothing is lost."""
    try:
        value = msgspec.json.decode(arguments or "{}")
    except (ValueError, RecursionError):
        value = arguments
    return value if isinstance(value, dict) else {"input": value}


def _likely(token: Mapping[str, Any]) -> dict[str, Any]:
    return {"token": token.get("token"), "logProbability": token.get("logprob")}


def _signature(extra: Mapping[str, Any]) -> str:
    return text(fields(extra.get("google")).get("thought_signature"))


@attrs.define(eq=False)
class Candidates:
    """All choices of one answer."""

    heading: Heading
    by_index: dict[int, Candidate] = attrs.field(factory=dict)

    def read(self, events: Iterable[Event]) -> None:
        """Adds what these events say."""
        for event in events:
            match event:
                case TextDelta():
                    self._of(event.choice).say(event)
                case ToolDelta():
                    self._of(event.choice).call(event)
                case Extra(place="message"):
                    self._of(event.choice).note(event)
                case Finished():
                    self._of(event.choice).finish = FINISHES[event.reason]

    def taken(self) -> list[dict[str, Any]]:
        """What was said since the last time."""
        return [self.by_index[n].taken() for n in sorted(self.by_index) if self.by_index[n].parts]

    def closed(self) -> list[dict[str, Any]]:
        """All of them at their end."""
        return [self.by_index[n].closed() for n in sorted(self.by_index)]

    def _of(self, choice: int) -> Candidate:
        return self.by_index.setdefault(choice, Candidate(choice, self.heading))
