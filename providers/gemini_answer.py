"""What Gemini's answers mean: `GenerateContentResponse` objects, one whole or many in a stream.

Gemini has no end marker. An answer is complete when its bytes are over and every candidate seen has
given a finish reason, or when the prompt was blocked; anything else is broken. A blocked prompt and
an answer that was withheld are answers, not errors: a refusal that says why, finished as
`content_filter`.
"""

from collections.abc import Iterator
from typing import Any

import attrs

from providers import gemini_plain
from providers.body import parse
from providers.errors import BrokenAnswer
from providers.gemini_calls import Calls
from providers.gemini_errors import error_in_answer
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
    finished: bool = False
    _calls: Calls = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._calls = Calls(self.index)

    def read(self, candidate: JSON) -> Iterator[Event]:
        reason = _named(candidate.get("finishReason"))
        if reason in FAULTS and not self.finished:  # its calls are not what the model was asked for
            raise _fault(reason, candidate)
        logprobs = _logprobs(fields(candidate.get("logprobsResult")))
        for part in rows(fields(candidate.get("content")).get("parts")):
            for event in self._part(part, logprobs):
                logprobs = None
                yield event
        yield from _sources(fields(candidate.get("groundingMetadata")), self.index)
        if reason:
            yield from self._calls.finish()
        if reason and not self.finished:
            yield from self._finish(reason, text(candidate.get("finishMessage")))

    def refuse(self, why: str) -> Iterator[Event]:
        """Ends the choice with a refusal that says why."""
        self.finished = True
        yield TextDelta(why, self.index, "refusal")
        yield Finished("content_filter", self.index)

    def _part(self, part: JSON, logprobs: JSON | None) -> Iterator[Event]:
        signature = text(part.get("thoughtSignature"))
        signed = {"google": {"thought_signature": signature}} if signature else None
        if "functionCall" in part:
            yield from self._calls.read(fields(part["functionCall"]), signed)
            return
        if held := fields(part.get("inlineData")):
            self.said = True
            yield Extra({"images": [_image(held)]}, self.index)
        if said := text(part.get("text")):
            thought = part.get("thought") is True
            self.said = self.said or not thought
            kind: TextKind = "reasoning" if thought else "content"
            yield TextDelta(said, self.index, kind, None if thought else logprobs)
        if signed:
            yield Extra({"extra_content": signed}, self.index)

    def _finish(self, reason: str, message: str) -> Iterator[Event]:
        finish = FINISHES.get(reason)
        if finish == "content_filter" and not self.said:
            yield from self.refuse(message or f"Gemini withheld its answer ({reason})")
            return
        if finish is None and not (self.said or self._calls.count):
            raise BrokenAnswer(f"Gemini gave no answer ({message or reason})")
        self.finished = True
        yield Finished(self._openai(finish or "stop"), self.index)

    def _openai(self, finish: FinishReason) -> FinishReason:
        """Gemini says STOP after function calls too."""
        return "tool_calls" if finish == "stop" and self._calls.count else finish


def _fault(reason: str, candidate: JSON) -> BrokenAnswer:
    message = text(candidate.get("finishMessage"))
    return BrokenAnswer(f"Gemini could not complete its answer: {message or reason}")


def _image(held: JSON) -> JSON:
    """An image that was made, as those who offer it in OpenAI's format tell it."""
    url = f"data:{text(held.get('mimeType'))};base64,{text(held.get('data'))}"
    return {"type": "image_url", "image_url": {"url": url}}


def _logprobs(result: JSON) -> JSON | None:
    """OpenAI's object for the tokens of this piece, None where there are none."""
    chosen = rows(result.get("chosenCandidates"))
    tops = rows(result.get("topCandidates"))
    tops += [{}] * (len(chosen) - len(tops))
    content = [
        {**_token(token), "top_logprobs": [_token(each) for each in rows(top.get("candidates"))]}
        for token, top in zip(chosen, tops, strict=False)
    ]
    return {"content": content} if content else None


def _token(token: JSON) -> dict[str, Any]:
    probability = token.get("logProbability")
    known = probability if isinstance(probability, int | float) else -9999.0
    return {"token": text(token.get("token")), "logprob": known, "bytes": None}


def _sources(grounding: JSON, index: int) -> Iterator[Event]:
    """Where the answer was found, as OpenAI's annotations."""
    pages = [fields(chunk.get("web")) for chunk in rows(grounding.get("groundingChunks"))]
    notes = []
    for support in rows(grounding.get("groundingSupports")):
        segment = fields(support.get("segment"))
        for at in support.get("groundingChunkIndices") or ():
            if isinstance(at, int) and 0 <= at < len(pages):
                cited = {
                    "start_index": count(segment.get("startIndex")),
                    "end_index": count(segment.get("endIndex")),
                    "url": text(pages[at].get("uri")),
                    "title": text(pages[at].get("title")),
                }
                notes.append({"type": "url_citation", "url_citation": cited})
    if notes:
        yield Extra({"annotations": notes}, index)


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

    def plain(self, data: str | bytes) -> list[Event] | None:
        """The same as `read`, for what most of a stream is made of; None for all else."""
        response = gemini_plain.read(data) if self._started else None
        if response is None:
            return None
        candidate, events = self._candidate(0), list[Event]()
        for part in response.parts:
            if part.text:
                candidate.said = candidate.said or not part.thought
                events.append(TextDelta(part.text, 0, "reasoning" if part.thought else "content"))
        usage = response.usage
        if usage is not None and usage != self._usage:
            self._usage = usage
            events.append(UsageSeen(usage))
        return events

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
