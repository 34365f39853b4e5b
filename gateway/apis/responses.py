"""OpenAI's Responses: `POST /v1/responses`.

A stream that breaks ends in an event `error`: OpenAI's SDKs raise what its member `error` says, while the
published schema has the same words beside it.
"""

from collections.abc import Sequence

import msgspec

from gateway.apis.api import Api, Asked
from gateway.apis.responses_request import read_responses
from gateway.apis.responses_stream import ResponseWriter, response_body
from gateway.errors import ApiError
from gateway.voice import Voice
from gateway.whole import Heading
from providers.types import JSON, Call, Event, Usage

LAST = 2**31 - 1
"""An error's number in a stream: behind all others, however many there were."""


def _read(asked: Asked) -> Call:
    return read_responses(asked)


def _asked(call: Call) -> JSON:
    assert call.native is not None, "the client's own words are kept"
    return call.native.body


def _whole(call: Call, heading: Heading, events: Sequence[Event], usage: Usage) -> bytes:
    return msgspec.json.encode(response_body(heading, _asked(call), events, usage))


def _stream(call: Call, heading: Heading) -> ResponseWriter:
    return ResponseWriter(heading, _asked(call))


def _broken(error: ApiError) -> bytes:
    told = error.body()["error"]
    words = {"code": str(told["code"]), "message": told["message"], "param": told.get("param")}
    event = {"type": "error", **words, "sequence_number": LAST, "error": told}
    return b"event: error\ndata: " + msgspec.json.encode(event) + b"\n\n"


VOICE = Voice(ApiError.encode, _broken)
NAMES = {
    "messages": "input",
    "max_completion_tokens": "max_output_tokens",
    "response_format": "text.format",
    "verbosity": "text.verbosity",
    "reasoning_effort": "reasoning.effort",
    "logprobs": "top_logprobs",
}
RESPONSES = Api("responses", _read, _whole, _stream, VOICE, prefix="resp_", names=NAMES)
