"""Anthropic's Messages: `POST /v1/messages`."""

from collections.abc import Sequence

import msgspec

from gateway.apis.anthropic import ANTHROPIC
from gateway.apis.api import Api, Asked
from gateway.apis.messages_answer import message_body
from gateway.apis.messages_request import read_messages
from gateway.apis.messages_stream import MessageWriter
from gateway.whole import Heading
from providers.types import Call, Event, Usage


def _read(asked: Asked) -> Call:
    return read_messages(asked)


def _whole(_call: Call, heading: Heading, events: Sequence[Event], usage: Usage) -> bytes:
    return msgspec.json.encode(message_body(heading, events, usage))


def _stream(_call: Call, heading: Heading) -> MessageWriter:
    return MessageWriter(heading)


MESSAGES = Api("messages", _read, _whole, _stream, ANTHROPIC, prefix="msg_")
