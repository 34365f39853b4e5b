"""Requests of OpenAI's Responses API that are passed on as they came, and how answers are decoded."""

import msgspec

from providers.base import Decoder, WireRequest
from providers.openai_responses_answer import WholeResponse
from providers.openai_responses_stream import ResponseStream
from providers.reading import Streamed, whole
from providers.types import JSON, Call, Native
from providers.verbatim import verbatim

PATH = "/responses"


def posted(body: JSON) -> WireRequest:
    """A request with this body."""
    return WireRequest(PATH, msgspec.json.encode(body))


def native_request(own: Native, model: str) -> WireRequest:
    """What the client sent in this form, for the provider's model `model`."""
    return posted({**own.body, "model": model})


def native_decoder(call: Call) -> Decoder:
    """Gives an answer's own bytes with what they mean."""
    return verbatim(response_decoder(call), stream=call.stream)


def response_decoder(call: Call) -> Decoder:
    """Gives what an answer means."""
    return Streamed(ResponseStream()) if call.stream else whole(WholeResponse())
