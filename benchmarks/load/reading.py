"""An answer on its way: when its tokens came, how many, and what was wrong with it. Times are handed in."""

from array import array
from collections.abc import Mapping
from typing import Any

import attrs
import msgspec

from providers.errors import BrokenAnswer
from providers.sse import Scanner

MOST_KEPT = 64 * 1024
"""Bytes that are kept of an answer that is an error."""

LONGEST_MESSAGE = 300

OK = 200


class _Said(msgspec.Struct):
    content: Any = None
    reasoning_content: Any = None
    reasoning: Any = None
    refusal: Any = None
    tool_calls: Any = None
    audio: Any = None


class _Choice(msgspec.Struct):
    delta: _Said | None = None
    message: _Said | None = None
    finish_reason: Any = None


class _Usage(msgspec.Struct):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class _Answer(msgspec.Struct):
    choices: list[_Choice] | None = None
    usage: _Usage | None = None
    error: Any = None


_ANSWER = msgspec.json.Decoder(_Answer)


@attrs.define(eq=False)
class Reading:
    """Takes an answer in, whole or streamed. `first` and `last` are when tokens came, on the caller's clock."""

    stream: bool
    status: int = 0
    headers: Mapping[str, str] = attrs.field(factory=dict)
    first: float | None = None
    last: float | None = None
    gaps: "array[float]" = attrs.field(factory=lambda: array("d"))
    events: int = 0
    """With tokens in them."""
    input_tokens: int | None = None
    output_tokens: int | None = None
    fault: str | None = None
    message: str | None = None
    _ended: bool = False
    _scanner: Scanner = attrs.field(factory=Scanner)
    _body: bytearray = attrs.field(factory=bytearray)

    def begin(self, status: int, headers: Mapping[str, str]) -> None:
        """The head of the answer has come."""
        self.status, self.headers = status, headers

    def feed(self, data: bytes, now: float) -> None:
        """A piece of the body has come."""
        if self.status == OK and self.stream:
            self._events(data, now)
        elif self.status == OK or len(self._body) < MOST_KEPT:
            self._body += data

    def end(self) -> str | None:
        """The body is over; gives the kind of failure, if it is one."""
        if self.status != OK:
            self.message = _told(bytes(self._body))
            return f"status {self.status}"
        if not self.stream:
            self._take(bytes(self._body), None)
        return self.fault or self._lack()

    def _lack(self) -> str | None:
        """What a good answer would have and this one does not."""
        if self.stream and not self._ended:
            return "cut"
        return None if self.events or self.output_tokens else "empty"

    def _events(self, data: bytes, now: float) -> None:
        try:
            events = self._scanner.feed(data)
        except BrokenAnswer:
            self.fault = "malformed"
            return
        for event in events:
            if event.data == "[DONE]":
                self._ended = True
            else:
                self._take(event.data.encode(), now)

    def _take(self, text: bytes, now: float | None) -> None:
        """An event or a whole answer; `now` is None for the latter."""
        try:
            answer = _ANSWER.decode(text)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            self.fault = self.fault or "malformed"
            return
        if answer.error is not None:
            self.fault, self.message = "error event", _told(text)
        if answer.usage is not None:
            self.input_tokens = answer.usage.prompt_tokens
            self.output_tokens = answer.usage.completion_tokens
        choices = answer.choices or []
        self._ended = self._ended or any(choice.finish_reason for choice in choices)
        if any(_speaks(choice.delta or choice.message) for choice in choices):
            self._token(now)

    def _token(self, now: float | None) -> None:
        self.events += 1
        if now is None:
            return
        if self.last is None:
            self.first = now
        else:
            self.gaps.append(now - self.last)
        self.last = now


def _speaks(said: _Said | None) -> bool:
    """Whether there is anything in it that a model has made."""
    if said is None:
        return False
    return bool(
        said.content
        or said.reasoning_content
        or said.reasoning
        or said.tool_calls
        or said.refusal
        or said.audio
    )


def _told(body: bytes) -> str | None:
    """What the server says is wrong, shortly: OpenAI's `error.message`, or the beginning of whatever it is."""
    try:
        error = msgspec.json.decode(body)["error"]
        text = str(error["message"] if isinstance(error, dict) else error)
    except (msgspec.MsgspecError, UnicodeDecodeError, KeyError, TypeError, IndexError):
        text = body.decode(errors="replace")
    text = " ".join(text.split())
    return text[:LONGEST_MESSAGE] or None
