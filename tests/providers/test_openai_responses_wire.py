"""Requests of the Responses API that are passed on as they came."""

import json

from gateway.apis.api import Asked
from gateway.apis.responses_request import read_responses
from providers.openai_responses_wire import (
    native_decoder,
    native_request,
    posted,
    response_decoder,
)
from providers.types import Ended, Verbatim
from tests.providers.test_openai_responses_stream import SAID, frames

ASKED = {"model": "m", "input": "x", "novelty": {"a": 1}, "stream": True}


def test_only_the_model_is_ours() -> None:
    """All else is the client's, known here or not."""
    own = read_responses(Asked(ASKED)).native
    assert own is not None
    request = native_request(own, "gpt-5")
    assert (request.path, request.method) == ("/responses", "POST")
    assert json.loads(request.body) == {**ASKED, "model": "gpt-5"}
    assert posted({"a": 1}).body == b'{"a":1}'


def test_the_bytes_go_through_with_what_they_mean() -> None:
    """Events that nobody here knows included."""
    call = read_responses(Asked(ASKED))
    odd = b'event: response.novelty\ndata: {"type": "response.novelty"}\n\n'
    data = odd + b"".join(frames(*SAID))
    events = [*native_decoder(call).feed(data)]
    assert b"".join(event.data for event in events if isinstance(event, Verbatim)) == data
    assert isinstance(events[-1], Ended)
    meant = [event for event in events if not isinstance(event, Verbatim)]
    assert [*response_decoder(call).feed(data)] == meant


def test_a_whole_answer_goes_through_too() -> None:
    """As one body."""
    call = read_responses(Asked({**ASKED, "stream": False}))
    data = b'{"id": "resp_1", "output": [], "novelty": 1}'
    decoder = native_decoder(call)
    events = [*decoder.feed(data), *decoder.finish()]
    assert events[0] == Verbatim(data)
