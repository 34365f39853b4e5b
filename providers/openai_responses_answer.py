"""What answers of OpenAI's Responses API mean: a list of items, whole or told piece by piece.

Thoughts that come sealed are kept with the first call of a tool behind them, which is where they must be shown
again. Items of tools that the upstream ran itself say nothing to a chat; clients of this API see them, for they
are given the answer's own bytes.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import attrs

from providers.advice import in_band, read_error
from providers.conversation import ToolKind
from providers.errors import BrokenAnswer, UpstreamFailed
from providers.lenient import count, fields, rows, text
from providers.types import (
    JSON,
    Ended,
    Event,
    Extra,
    Finished,
    FinishReason,
    Started,
    TextDelta,
    TextKind,
    ToolDelta,
    Usage,
    UsageSeen,
)

INCOMPLETE: Mapping[str, FinishReason] = {
    "max_output_tokens": "length",
    "max_tokens": "length",
    "content_filter": "content_filter",
}
"""Why an answer is not complete; every other word means that it was cut at a length."""

CALLS: Mapping[str, ToolKind] = {"function_call": "function", "custom_tool_call": "custom"}
WRITTEN: Mapping[ToolKind, str] = {"function": "arguments", "custom": "input"}
BETWEEN = "\n\n"
"""What stands between the parts of a summary."""


@attrs.define(eq=False)
class Items:
    """The calls of an answer in their order, and the sealed thoughts that wait for one."""

    calls: int = 0
    _sealed: list[JSON] = attrs.field(factory=list)

    def seal(self, item: JSON) -> None:
        """Keeps a thought that only its provider can read, if it is one."""
        if text(item.get("encrypted_content")):
            names = ("type", "id", "summary", "content", "encrypted_content")
            self._sealed.append({name: item[name] for name in names if item.get(name) is not None})

    def call(self, item: JSON, written: str) -> ToolDelta:
        """The beginning of a call."""
        kind = CALLS[item["type"]]
        sealed, self._sealed = self._sealed, []
        self.calls += 1
        return ToolDelta(
            self.calls - 1,
            written,
            id=text(item.get("call_id")) or None,
            name=text(item.get("name")),
            kind=kind,
            extra={"openai": {"reasoning": sealed}} if sealed else None,
        )


class WholeResponse:
    """Reads a whole answer. Implements `providers.reading.Reader`."""

    def read(self, value: Any) -> Iterable[Event]:
        body = fields(value)
        raise_error(body)
        if not isinstance(body.get("output"), list):
            raise BrokenAnswer("The upstream's answer is no response")
        items = Items()
        yield started(body)
        for item in rows(body["output"]):
            yield from whole_item(item, items)
        yield from last_events(body, items)

    def end(self, rest: bytes) -> Iterable[Event]:  # noqa: ARG002 - the body was all there is
        return ()


def raise_error(body: JSON) -> None:
    """Raises the error that this answer ended in.

    Raises:
        ProviderError: of the kind that the error's own words tell.
    """
    if body.get("error"):
        raise in_band(read_error(body))
    if body.get("status") in ("failed", "cancelled"):
        raise UpstreamFailed("The upstream broke off its answer", code=text(body["status"]))


def started(body: JSON) -> Started:
    """The upstream's names for the answer and the model."""
    tier = text(body.get("service_tier"))
    members = {"service_tier": tier} if tier and tier != "auto" else {}
    return Started(text(body.get("id")) or None, text(body.get("model")) or None, members)


def last_events(body: JSON, items: Items) -> Iterator[Event]:
    """Why the answer ended, and what was used."""
    reason: FinishReason = "tool_calls" if items.calls else "stop"
    if body.get("status") == "incomplete":
        why = text(fields(body.get("incomplete_details")).get("reason"))
        reason = INCOMPLETE.get(why, "length")
    yield Finished(reason)
    if usage := fields(body.get("usage")):
        yield UsageSeen(_usage(usage))
    yield Ended()


def noted(note: JSON) -> Iterator[Event]:
    """A page that the text cites, as a chat tells it."""
    kind = text(note.get("type"))
    if kind:
        told = {name: value for name, value in note.items() if name != "type"}
        yield Extra({"annotations": [{"type": kind, kind: told}]})


def said(words: str, kind: TextKind, logprobs: Any = None) -> Iterator[Event]:
    """A piece of text, if it is one."""
    if words:
        member = "refusal" if kind == "refusal" else "content"
        given = {member: logprobs} if isinstance(logprobs, list) and logprobs else None
        yield TextDelta(words, kind=kind, logprobs=given)


def whole_item(item: JSON, items: Items) -> Iterator[Event]:
    """All that an item says."""
    kind = item.get("type")
    if kind == "message":
        for part in rows(item.get("content")):
            yield from said(text(part.get("text")), "content", part.get("logprobs"))
            yield from said(text(part.get("refusal")), "refusal")
            for note in rows(part.get("annotations")):
                yield from noted(note)
    elif kind == "reasoning":
        items.seal(item)
        yield from said(thought(item), "reasoning")
    elif kind in CALLS:
        yield items.call(item, text(item.get(WRITTEN[CALLS[str(kind)]])))


def thought(item: JSON) -> str:
    """The words of a thought: its parts, or the summary's, with a blank line between them."""
    parts = [*rows(item.get("summary")), *rows(item.get("content"))]
    return BETWEEN.join(filter(None, (text(part.get("text")) for part in parts)))


def _usage(usage: JSON) -> Usage:
    read, wrote = fields(usage.get("input_tokens_details")), usage.get("output_tokens_details")
    prompt, completion = count(usage.get("input_tokens")), count(usage.get("output_tokens"))
    details = {"prompt_tokens_details": read, "completion_tokens_details": fields(wrote)}
    return Usage(
        prompt=prompt,
        completion=completion,
        total=count(usage.get("total_tokens")) or prompt + completion,
        cached=count(read.get("cached_tokens")),
        reasoning=count(fields(wrote).get("reasoning_tokens")),
        written=count(read.get("cache_write_tokens")),
        details={name: value for name, value in details.items() if value},
    )
