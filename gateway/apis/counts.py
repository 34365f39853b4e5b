"""Counts of tokens, as Anthropic's clients ask for them: `POST /v1/messages/count_tokens`."""

from collections.abc import Sequence

import msgspec

from gateway.apis.anthropic import ANTHROPIC
from gateway.apis.api import Api, Asked
from gateway.apis.messages_request import read_count
from gateway.whole import Heading
from providers.types import Call, CountCall, Counted, Event, Usage


def _read(asked: Asked) -> Call:
    return CountCall(read_count(asked))


def _whole(_call: Call, _heading: Heading, events: Sequence[Event], _usage: Usage) -> bytes:
    return msgspec.json.encode({"input_tokens": counted(events)})


def counted(events: Sequence[Event]) -> int:
    """The count in an answer."""
    return next(event.tokens for event in events if isinstance(event, Counted))


COUNTS = Api("count_tokens", _read, _whole, voice=ANTHROPIC)
