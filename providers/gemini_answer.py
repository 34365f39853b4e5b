"""What Gemini's answers mean: `GenerateContentResponse` objects, one whole or many in a stream.

Gemini has no end marker. An answer is complete when its bytes are over and every candidate seen has
given a finish reason, or when the prompt was blocked; anything else is broken. A blocked prompt and
an answer that was withheld are answers, not errors: a refusal that says why, finished as
`content_filter`.
"""

from collections.abc import Iterator
from typing import Any

import attrs

from providers.body import parse
from providers.errors import BrokenAnswer
from providers.gemini_errors import error_in_answer
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

NUMBERED = {
    0: "FINISH_REASON_UNSPECIFIED",
    1: "STOP",
    2: "MAX_TOKENS",
    3: "SAFETY",
    4: "RECITATION",
    5: "OTHER",
    8: "PROHIBITED_CONTENT",
}
"""Vertex gives numbers where asked for them. Those that Gemini and Vertex number differently are
left out."""

FINISHES: dict[str, FinishReason] = {
    "STOP": "stop",
    "MAX_TOKENS": "length",
    "CONTINUATION": "length",
    **dict.fromkeys(
        (
            *("SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII"),
            *("IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION"),
            *("MODEL_ARMOR", "ESCALATION"),
        ),
        "content_filter",
    ),
}

FAULTS = frozenset(
    {
        *("MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS"),
        *("MALFORMED_RESPONSE", "MISSING_THOUGHT_SIGNATURE"),
    }
)
"""Finishes that mean the model tripped over its own output: another try may well succeed."""

COUNTS = ("promptTokenCount", "candidatesTokenCount", "thoughtsTokenCount", "totalTokenCount")


@attrs.define(eq=False)
class Candidate:
    """One choice as far as it has come."""

    index: int
    said: bool = False
    called: bool = False
    finished: bool = False

    def read(self, candidate: JSON) -> Iterator[Event]:
        for part in rows(fields(candidate.get("content")).get("parts")):
            yield from self._part(part)
        reason = _named(candidate.get("finishReason"))
        if reason and not self.finished:
            yield from self._finish(reason, text(candidate.get("finishMessage")))

    def refuse(self, why: str) -> Iterator[Event]:
        """Ends the choice with a refusal that says why."""
        self.finished = True
        yield TextDelta(why, self.index, "refusal")
        yield Finished("content_filter", self.index)

    def _part(self, part: JSON) -> Iterator[Event]:
        self.called = self.called or "functionCall" in part
        said = text(part.get("text"))
        if not said:
            return
        thought = part.get("thought") is True
        self.said = self.said or not thought
        yield TextDelta(said, self.index, "reasoning" if thought else "content")

    def _finish(self, reason: str, message: str) -> Iterator[Event]:
        if reason in FAULTS:
            raise BrokenAnswer(f"Gemini could not complete its answer: {message or reason}")
        finish = FINISHES.get(reason)
        if finish == "content_filter" and not self.said:
            yield from self.refuse(message or f"Gemini withheld its answer ({reason})")
            return
        if finish is None and not (self.said or self.called):
            raise BrokenAnswer(f"Gemini gave no answer ({message or reason})")
        self.finished = True
        yield Finished(self._openai(finish or "stop"), self.index)

    def _openai(self, finish: FinishReason) -> FinishReason:
        """Gemini says STOP after function calls too."""
        return "tool_calls" if finish == "stop" and self.called else finish


def _named(reason: Any) -> str:
    """A finish reason by its name; nothing where there is none."""
    if isinstance(reason, int):
        return NUMBERED.get(reason, f"reason {reason}")
    return text(reason)


class ChatReader:
    """Reads the responses of one chat. Implements `providers.reading.Reader`."""

    def __init__(self) -> None:
        self._started = False
        self._candidates: dict[int, Candidate] = {}
        self._usage: Usage | None = None

    def read(self, value: Any) -> Iterator[Event]:
        """An array holds several responses: a stream that came as one body, or an error in
        brackets."""
        for response in value if isinstance(value, list) else [value]:
            yield from self._response(fields(response))

    def end(self, rest: bytes) -> Iterator[Event]:
        if rest.strip():
            raise _cut(rest)
        if not self._candidates or not all(one.finished for one in self._candidates.values()):
            raise BrokenAnswer("Gemini's answer ended without a finish reason")
        yield Ended()

    def _response(self, response: JSON) -> Iterator[Event]:
        if response.get("error"):
            raise error_in_answer(response)
        if not self._started:
            self._started = True
            yield Started(
                text(response.get("responseId")) or None, text(response.get("modelVersion")) or None
            )
        for candidate in rows(response.get("candidates")):
            yield from self._candidate(count(candidate.get("index"))).read(candidate)
        yield from self._blocked(response)
        yield from self._spent(response)

    def _candidate(self, index: int) -> Candidate:
        return self._candidates.setdefault(index, Candidate(index))

    def _blocked(self, response: JSON) -> Iterator[Event]:
        feedback = fields(response.get("promptFeedback"))
        if response.get("candidates") or not feedback.get("blockReason"):
            return
        why = text(feedback.get("blockReasonMessage"))
        why = why or f"Gemini blocked the prompt ({feedback['blockReason']})"
        for candidate in [*self._candidates.values()] or [self._candidate(0)]:
            if not candidate.finished:
                yield from candidate.refuse(why)

    def _spent(self, response: JSON) -> Iterator[Event]:
        usage = usage_of(fields(response.get("usageMetadata")))
        if usage is not None and usage != self._usage:
            self._usage = usage
            yield UsageSeen(usage)


def usage_of(metadata: JSON) -> Usage | None:
    """Gemini's counts in OpenAI's terms, None where there are none. Thoughts are part of the
    completion, what tools fetched is part of the prompt."""
    if not any(name in metadata for name in COUNTS):
        return None
    thoughts = count(metadata.get("thoughtsTokenCount"))
    prompt = count(metadata.get("promptTokenCount")) + count(
        metadata.get("toolUsePromptTokenCount")
    )
    completion = count(metadata.get("candidatesTokenCount")) + thoughts
    return Usage(
        prompt=prompt,
        completion=completion,
        total=count(metadata.get("totalTokenCount")) or prompt + completion,
        cached=count(metadata.get("cachedContentTokenCount")),
        reasoning=thoughts,
    )


def _cut(rest: bytes) -> Exception:
    """Bytes behind the last event: half an event, or an error that was appended as bare JSON."""
    try:
        left = parse(rest)
    except BrokenAnswer:
        return BrokenAnswer("Gemini's answer was cut in the middle of an event")
    left = left[0] if isinstance(left, list) and left else left
    if fields(left).get("error"):
        return error_in_answer(fields(left))
    return BrokenAnswer("Gemini's answer ended in something that is no event")
