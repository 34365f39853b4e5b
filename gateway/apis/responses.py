"""OpenAI's Responses: `POST /v1/responses`."""

from collections.abc import Sequence

import msgspec

from gateway.apis.api import Api, Asked
from gateway.apis.responses_request import read_responses
from gateway.apis.responses_stream import ResponseWriter, response_body
from gateway.whole import Heading
from providers.types import JSON, Call, Event, Usage


def _read(asked: Asked) -> Call:
    return read_responses(asked)


def _asked(call: Call) -> JSON:
    assert call.native is not None, "the client's own words are kept"
    return call.native.body


def _whole(call: Call, heading: Heading, events: Sequence[Event], usage: Usage) -> bytes:
    return msgspec.json.encode(response_body(heading, _asked(call), events, usage))


def _stream(call: Call, heading: Heading) -> ResponseWriter:
    return ResponseWriter(heading, _asked(call))


RESPONSES = Api("responses", _read, _whole, _stream, prefix="resp_")
