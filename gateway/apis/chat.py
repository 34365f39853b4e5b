"""OpenAI's chat completions: the form that everything here is told in."""

from collections.abc import Sequence

import msgspec

from gateway.apis.api import Api, Asked
from gateway.frames import ChunkWriter
from gateway.whole import Heading, chat_body
from gateway.wire import read_chat
from providers.types import Call, ChatCall, Event, Usage


def _read(asked: Asked) -> Call:
    return read_chat(asked.body)


def _whole(_call: Call, heading: Heading, events: Sequence[Event], usage: Usage) -> bytes:
    return msgspec.json.encode(chat_body(heading, events, usage))


def _stream(call: Call, heading: Heading) -> ChunkWriter:
    return ChunkWriter(heading, isinstance(call, ChatCall) and call.include_usage)


CHAT = Api("chat", _read, _whole, _stream, prefix="chatcmpl-")
