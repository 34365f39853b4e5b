"""What Anthropic's answers mean: one message, whole or told by a stream of typed events.

A stream is complete at `message_stop` and nowhere else. Pings and types that are not known are
skipped, as Anthropic asks of its clients. A second `message_start` (some relays splice two answers
into one stream) breaks the answer, because what came before it belongs to another.
"""

from collections.abc import Iterator
from typing import Any

from providers.anthropic_blocks import Blocks
from providers.anthropic_errors import error_in_answer
from providers.errors import BrokenAnswer
from providers.lenient import count, fields, rows, text
from providers.types import (
    JSON,
    Ended,
    Event,
    Finished,
    FinishReason,
    Started,
    TextDelta,
    Usage,
    UsageSeen,
)

FINISHES: dict[str, FinishReason] = {
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "refusal": "content_filter",
    "tool_use": "tool_calls",
}
"""All other stop reasons are a plain stop."""


class MessageReader:
    """Reads an answer that is one message. Implements `providers.reading.Reader`."""

    def read(self, value: Any) -> Iterator[Event]:
        message = fields(value)
        _raise_if_error(message)
        if not isinstance(message.get("content"), list):
            raise BrokenAnswer("Anthropic's answer holds no message")
        blocks = rows(message["content"])
        reason = text(message.get("stop_reason"))
        if not (blocks or reason):
            raise BrokenAnswer("Anthropic's answer is empty")
        yield _started(message)
        told = Blocks()
        for block in blocks:
            yield from told.whole(block)
        yield from _finished(reason, message)
        if usage := fields(message.get("usage")):
            yield UsageSeen(usage_of(usage))

    def end(self, rest: bytes) -> Iterator[Event]:  # noqa: ARG002 - a whole body leaves no rest
        yield Ended()


class StreamReader:
    """Reads an answer event by event. Implements `providers.reading.Reader`."""

    def __init__(self) -> None:
        self._started = False
        self._said = False
        self._finished = False
        self._blocks = Blocks()
        self._usage: dict[str, Any] = {}

    def read(self, value: Any) -> Iterator[Event]:
        event = fields(value)
        _raise_if_error(event)
        if event.get("type") == "message_start":
            yield from self._start(fields(event.get("message")))
        elif self._started:
            yield from self._go_on(event)

    def end(self, rest: bytes) -> Iterator[Event]:  # noqa: ARG002 - it never ends so
        raise BrokenAnswer("Anthropic's answer ended before its message_stop")

    def _go_on(self, event: JSON) -> Iterator[Event]:
        match event.get("type"):
            case "content_block_start":
                yield from self._told(self._blocks.begin(fields(event.get("content_block"))))
            case "content_block_delta":
                yield from self._told(self._blocks.go_on(fields(event.get("delta"))))
            case "content_block_stop":
                yield from self._told(self._blocks.stop())
            case "message_delta":
                yield from self._settle(fields(event.get("delta")), fields(event.get("usage")))
            case "message_stop":
                yield from self._stop()

    def _start(self, message: JSON) -> Iterator[Event]:
        if self._started:
            raise BrokenAnswer("Anthropic's answer began a second time")
        self._started = True
        yield _started(message)
        yield from self._spent(fields(message.get("usage")))

    def _told(self, events: Iterator[Event]) -> Iterator[Event]:
        for event in events:
            self._said = True
            yield event

    def _settle(self, delta: JSON, usage: JSON) -> Iterator[Event]:
        reason = text(delta.get("stop_reason"))
        if reason and not self._finished:
            self._finished = True
            yield from _finished(reason, delta)
        yield from self._spent(usage)

    def _spent(self, usage: JSON) -> Iterator[Event]:
        """Counts are running totals: what is repeated replaces what was said before."""
        known = {name: value for name, value in usage.items() if value is not None}
        if known:
            self._usage.update(known)
            yield UsageSeen(usage_of(self._usage))

    def _stop(self) -> Iterator[Event]:
        if not (self._finished or self._said):
            raise BrokenAnswer("Anthropic's answer is empty")
        if not self._finished:
            yield Finished("stop")
        yield Ended()


def usage_of(usage: JSON) -> Usage:
    """Anthropic's counts in OpenAI's terms: its input leaves out what the cache holds, OpenAI's
    does not."""
    cached = count(usage.get("cache_read_input_tokens"))
    written = count(usage.get("cache_creation_input_tokens"))
    prompt = count(usage.get("input_tokens")) + written + cached
    completion = count(usage.get("output_tokens"))
    thinking = fields(usage.get("output_tokens_details")).get("thinking_tokens")
    return Usage(
        prompt=prompt,
        completion=completion,
        total=prompt + completion,
        cached=cached,
        reasoning=count(thinking),
        written=written,
    )


def _raise_if_error(value: JSON) -> None:
    if value.get("type") == "error" or value.get("error"):
        raise error_in_answer(value)


def _started(message: JSON) -> Started:
    return Started(text(message.get("id")) or None, text(message.get("model")) or None)


def _finished(reason: str, holder: JSON) -> Iterator[Event]:
    why = text(fields(holder.get("stop_details")).get("explanation"))
    if reason == "refusal" and why:
        yield TextDelta(why, kind="refusal")
    yield Finished(FINISHES.get(reason, "stop"))
