"""What Bedrock's answers mean: one message, whole or told by a stream of events.

A stream is complete with its `messageStop`; what was spent comes behind it, in its `metadata`.
"""

from collections.abc import Iterator
from typing import Any

from providers.bedrock_blocks import ConverseBlocks
from providers.errors import BrokenAnswer
from providers.lenient import count, fields, rows, text
from providers.types import (
    JSON,
    Ended,
    Event,
    Finished,
    FinishReason,
    Started,
    Usage,
    UsageSeen,
)

FINISHES: dict[str, FinishReason] = {
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "guardrail_intervened": "content_filter",
    "content_filtered": "content_filter",
}
"""All other stop reasons are a plain stop."""

FAULTS = frozenset({"malformed_model_output", "malformed_tool_use"})
"""Stop reasons that mean the model tripped over its own output: another try may well succeed."""


class MessageReader:
    """Reads an answer that is one message. Implements `providers.reading.Reader`."""

    def read(self, value: Any) -> Iterator[Event]:
        answer = fields(value)
        message = fields(fields(answer.get("output")).get("message"))
        reason = text(answer.get("stopReason"))
        if not (reason or message):
            raise BrokenAnswer("Bedrock's answer holds no message")
        finished = _finished(reason)
        yield Started()
        told = ConverseBlocks()
        for block in rows(message.get("content")):
            yield from told.whole(block)
        yield finished
        yield from _spent(answer)

    def end(self, rest: bytes) -> Iterator[Event]:  # noqa: ARG002 - a whole body leaves no rest
        yield Ended()


class StreamReader:
    """Reads an answer event by event. Implements `providers.reading.Reader`."""

    def __init__(self) -> None:
        self._started = False
        self._finished = False
        self._blocks = ConverseBlocks()

    def read(self, value: Any) -> Iterator[Event]:
        for name, event in fields(value).items():
            if not self._started:
                self._started = True
                yield Started()
            yield from self._event(name, fields(event))

    def end(self, rest: bytes) -> Iterator[Event]:  # noqa: ARG002 - there is none
        if not self._finished:
            raise BrokenAnswer("Bedrock's answer ended before its messageStop")
        yield Ended()

    def _event(self, name: str, event: JSON) -> Iterator[Event]:
        match name:
            case "contentBlockStart":
                yield from self._blocks.begin(fields(event.get("start")))
            case "contentBlockDelta":
                yield from self._blocks.go_on(fields(event.get("delta")))
            case "contentBlockStop":
                yield from self._blocks.stop()
            case "messageStop" if not self._finished:
                self._finished = True
                yield _finished(text(event.get("stopReason")))
            case "metadata":
                yield from _spent(event)
                if self._finished:
                    yield Ended()


def _finished(reason: str) -> Finished:
    if reason in FAULTS:
        raise BrokenAnswer(f"The model could not complete its answer ({reason})")
    return Finished(FINISHES.get(reason, "stop"))


def _spent(holder: JSON) -> Iterator[Event]:
    if usage := fields(holder.get("usage")):
        yield UsageSeen(usage_of(usage))


def usage_of(usage: JSON) -> Usage:
    """Bedrock's counts in OpenAI's terms: its input leaves out what the cache holds, OpenAI's does not."""
    cached = count(usage.get("cacheReadInputTokens"))
    written = count(usage.get("cacheWriteInputTokens"))
    prompt = count(usage.get("inputTokens")) + cached + written
    completion = count(usage.get("outputTokens"))
    return Usage(
        prompt=prompt,
        completion=completion,
        total=prompt + completion,
        cached=cached,
        written=written,
    )
