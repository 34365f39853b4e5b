"""A realtime session of test mode: what it says to each of the client's events. Pure.

Enough of OpenAI's protocol for a client to be tested: the session and its changes, items, and answers in text.
"""

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

import attrs
import msgspec

from policies.mock import answer
from providers.conversation import Message
from providers.types import ChatCall


@attrs.define(eq=False)
class MockSession:
    """One session with a model."""

    model: str
    _session: dict[str, Any] = attrs.field(init=False)
    _said: list[Message] = attrs.field(factory=list)
    _count: int = 0

    def __attrs_post_init__(self) -> None:
        self._session = {
            "type": "realtime",
            "object": "realtime.session",
            "id": "sess_mock",
            "model": self.model,
            "output_modalities": ["text"],
        }

    def open(self) -> str:
        """The first event."""
        return self._event("session.created", session=self._session)

    def hear(self, data: str | bytes) -> list[str]:
        """The events that answer one of the client's."""
        try:
            event = msgspec.json.decode(data)
        except (ValueError, RecursionError):
            event = None
        if not isinstance(event, dict):
            return [self._wrong("The message is no JSON object")]
        match event.get("type"):
            case "session.update":
                changed = event.get("session")
                self._session |= changed if isinstance(changed, dict) else {}
                return [self._event("session.updated", session=self._session)]
            case "conversation.item.create":
                return list(self._item(event.get("item")))
            case "response.create":
                return list(self._answer())
            case "input_audio_buffer.append" | "response.cancel":
                return []
        return [self._wrong(f"Unknown event: {str(event.get('type'))[:80]}")]

    def _item(self, item: Any) -> Iterator[str]:
        given = item if isinstance(item, dict) else {}
        parts = given.get("content")
        texts = (
            [part.get("text") for part in parts if isinstance(part, dict)]
            if isinstance(parts, list)
            else []
        )
        said = "".join(text for text in texts if isinstance(text, str))
        self._said.append(Message("user", said))
        told = {"id": self._id("item"), "object": "realtime.item", "status": "completed", **given}
        for kind in ("conversation.item.added", "conversation.item.done"):
            yield self._event(kind, previous_item_id=None, item=told)

    def _answer(self) -> Iterator[str]:
        messages = tuple(self._said) or (Message("user", ""),)
        made = answer(ChatCall(self.model, messages, {"said": [m.text for m in messages]}))
        (choice,) = made.choices
        response, item = self._id("resp"), self._id("item")
        at = {"response_id": response, "item_id": item, "output_index": 0, "content_index": 0}
        head = {"object": "realtime.response", "id": response}
        yield self._event(
            "response.created", response={**head, "status": "in_progress", "output": []}
        )
        for piece in choice.pieces:
            yield self._event("response.output_text.delta", **at, delta=piece)
        yield self._event("response.output_text.done", **at, text=choice.text)
        output = {
            "id": item,
            "object": "realtime.item",
            "type": "message",
            "role": "assistant",
            "status": "completed",
            "content": [{"type": "output_text", "text": choice.text}],
        }
        self._said.append(Message("assistant", choice.text))
        usage = {
            "input_tokens": made.usage.prompt,
            "output_tokens": made.usage.completion,
            "total_tokens": made.usage.total,
        }
        done = {**head, "status": "completed", "output": [output], "usage": usage}
        yield self._event("response.done", response=done)

    def _wrong(self, message: str) -> str:
        error: Mapping[str, Any] = {"type": "invalid_request_error", "message": message}
        return self._event("error", error=error)

    def _event(self, kind: str, **members: Any) -> str:
        told = {"type": kind, "event_id": self._id("event"), **members}
        return msgspec.json.encode(told).decode()

    def _id(self, kind: str) -> str:
        self._count += 1
        digits = hashlib.sha256(f"{self.model} {self._count}".encode()).hexdigest()[:16]
        return f"{kind}_{digits}"
