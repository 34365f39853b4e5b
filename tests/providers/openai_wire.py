"""OpenAI's chunks and answers, written as briefly as tests want them, and decoded."""

import json
from typing import Any

from providers.errors import ProviderError
from providers.openai import OpenAI
from providers.types import ChatCall, Event, Failed, Finished, Started, TextDelta
from tests.providers.corpus import events_of

STARTED = Started("c1", "m1")
HI = TextDelta("Hi")
STOP = Finished("stop")
DONE = b"data: [DONE]\n\n"


def chunk(*choices: Any, **members: Any) -> bytes:
    return sse({"id": "c1", "model": "m1", "choices": choices, **members})


def sse(value: Any, event: str = "") -> bytes:
    name = f"event: {event}\n" if event else ""
    return f"{name}data: {json.dumps(value)}\n\n".encode()


def says(finish: str | None = None, index: int = 0, **delta: Any) -> dict[str, Any]:
    return {"index": index, "delta": delta, "finish_reason": finish}


def stream(*pieces: bytes, n: int = 1) -> list[Event]:
    call = ChatCall(model="m", messages=(), body={}, stream=True, n=n)
    return events_of(OpenAI().decoder(call), pieces)


def body(value: Any) -> list[Event]:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return events_of(OpenAI().decoder(ChatCall(model="m", messages=(), body={})), [raw])


def message(finish: str | None = "stop", **said: Any) -> list[Event]:
    choice = {"index": 0, "message": said, "finish_reason": finish}
    return body({"id": "c1", "model": "m1", "choices": [choice]})


def failure(events: list[Event]) -> ProviderError:
    assert isinstance(events[-1], Failed)
    return events[-1].error


HI_CHUNK = chunk(says(content="Hi"))
STOP_CHUNK = chunk(says("stop"))
