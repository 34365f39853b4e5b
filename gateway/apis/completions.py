"""OpenAI's completions, as they were before there were chats: a prompt, and how it goes on.

Upstreams that still have them are asked as the client asked. All others are asked in a chat, with the prompt as
what the user says; what a chat cannot do, such as several prompts or text behind the gap, is named.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs
import msgspec

from gateway.apis.api import Api, Asked
from gateway.errors import bad_request
from gateway.frames import DONE
from gateway.whole import Heading, usage_body
from gateway.wire import model_of, read_chat
from providers.types import Call, ChatCall, Event, Finished, Native, TextDelta, Usage

ALIKE = (
    *(
        "model",
        "stream",
        "stream_options",
        "max_tokens",
        "temperature",
        "top_p",
        "n",
        "seed",
        "stop",
    ),
    *("presence_penalty", "frequency_penalty", "logit_bias", "user"),
)
"""Parameters that chats have too."""

NOTHING: Mapping[str, Any] = {"echo": False, "best_of": 1, "suffix": "", "logprobs": None}
"""Values that ask for nothing."""

_encode = msgspec.json.Encoder().encode


def _read(asked: Asked) -> Call:
    body = asked.body
    model_of(body)
    prompt = body.get("prompt")
    if not isinstance(prompt, str | list) or prompt == []:
        raise bad_request("'prompt' must be a string or a non-empty array", "prompt")
    alone = prompt[0] if isinstance(prompt, list) and len(prompt) == 1 else prompt
    said = alone if isinstance(alone, str) else ""
    chat = {name: body[name] for name in ALIKE if body.get(name) is not None}
    call = read_chat({**chat, "messages": [{"role": "user", "content": said}]})
    only = "prompt" if not isinstance(alone, str) else _foreign(body)
    native = Native("completions", body, only=only)
    return ChatCall(**{**vars(call), "native": native})


def _foreign(body: Mapping[str, Any]) -> str | None:
    """The first parameter that a chat does not have."""
    known = {*ALIKE, "prompt"}
    asks = (name for name, value in body.items() if value is not None and name not in known)
    return next((name for name in asks if NOTHING.get(name) != body[name]), None)


def _whole(_call: Call, heading: Heading, events: Sequence[Event], usage: Usage) -> bytes:
    texts: dict[int, str] = {}
    finishes: dict[int, str] = {}
    for event in events:
        if isinstance(event, TextDelta) and event.kind != "reasoning":
            texts[event.choice] = texts.get(event.choice, "") + event.text
        elif isinstance(event, Finished):
            finishes[event.choice] = event.reason
    choices = [
        _choice(index, texts.get(index, ""), finishes.get(index))
        for index in sorted({*texts, *finishes})
    ]
    return _encode({**_headed(heading, choices), "usage": usage_body(usage)})


@attrs.define(eq=False)
class CompletionWriter:
    """Writes one streamed completion, event by event. Implements `gateway.apis.api.Writer`."""

    heading: Heading
    include_usage: bool

    def write(self, events: Iterable[Event]) -> bytes:
        """The frames of these events."""
        frames: list[bytes] = []
        for event in events:
            if isinstance(event, TextDelta) and event.kind != "reasoning":
                frames.append(self._frame([_choice(event.choice, event.text, None)]))
            elif isinstance(event, Finished):
                frames.append(self._frame([_choice(event.choice, "", event.reason)]))
        return b"".join(frames)

    def end(self, usage: Usage) -> bytes:
        """The last frames: the usage, where it was asked for, and the end marker."""
        if not self.include_usage:
            return DONE
        return self._frame([], usage_body(usage)) + DONE

    def _frame(self, choices: list[dict[str, Any]], usage: Any = None) -> bytes:
        chunk = _headed(self.heading, choices)
        if self.include_usage:
            chunk["usage"] = usage
        return b"data: " + _encode(chunk) + b"\n\n"


def _stream(call: Call, heading: Heading) -> CompletionWriter:
    return CompletionWriter(heading, isinstance(call, ChatCall) and call.include_usage)


def _headed(heading: Heading, choices: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "id": heading.id,
        "object": "text_completion",
        "created": heading.created,
        "model": heading.model,
        "choices": choices,
    }


def _choice(index: int, text: str, finish: str | None) -> dict[str, Any]:
    return {"text": text, "index": index, "logprobs": None, "finish_reason": finish}


COMPLETIONS = Api("completions", _read, _whole, _stream, prefix="cmpl-")
