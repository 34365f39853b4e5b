"""The Responses API as a dialect; all but chats is as in OpenAI's other APIs."""

import json

import attrs

from gateway.apis.api import Asked
from gateway.apis.responses_request import read_responses
from gateway.wire import read_chat
from providers.azure import Azure
from providers.base import refusal
from providers.errors import ModelMissing
from providers.openai import OpenAI
from providers.openai_responses import OpenAIResponses
from providers.types import EmbedCall, Ended, Secret, TextDelta, Verbatim
from tests.providers.test_openai_responses_stream import SAID, frames

CHAT = read_chat({"model": "m", "messages": [{"role": "user", "content": "x"}], "stream": True})
ASKED = read_responses(Asked({"model": "m", "input": "x", "stream": True, "background": True}))
dialect = OpenAIResponses()
STREAM = b"".join(frames(*SAID))


def test_a_chat_is_sent_as_a_response_is_asked_for() -> None:
    """And its answer read in the same form."""
    request = dialect.encode(CHAT, "gpt-5-pro")
    assert (request.path, json.loads(request.body)["model"]) == ("/responses", "gpt-5-pro")
    events = dialect.decoder(CHAT).feed(STREAM)
    assert TextDelta("Mer") in events
    assert not any(isinstance(event, Verbatim) for event in events)


def test_what_a_chat_cannot_do_here_is_refused_by_name() -> None:
    """But not what was asked in this form: that is the upstream's to judge."""
    assert refusal(dialect, attrs.evolve(CHAT, stop=("END",))) == "stop"
    assert refusal(dialect, ASKED) is None


def test_a_request_in_this_form_goes_through() -> None:
    """Here, to OpenAI itself where it takes them, and to Azure at the path of its own."""
    taking = OpenAI(forms=frozenset({"responses"}))
    found = {each: each.encode(ASKED, "d") for each in (dialect, taking, Azure())}
    assert [each.path for each in found.values()] == [
        "/responses",
        "/responses",
        "/openai/v1/responses",
    ]
    for speaking, request in found.items():
        assert json.loads(request.body)["background"] is True
        events = speaking.decoder(ASKED).feed(STREAM)
        assert b"".join(event.data for event in events if isinstance(event, Verbatim)) == STREAM
        assert isinstance(events[-1], Ended)


def test_who_does_not_speak_it_is_asked_in_a_chat() -> None:
    """Or not at all, where only this form can say it."""
    assert OpenAI().encode(CHAT, "m").path == "/chat/completions"
    assert refusal(OpenAI(), ASKED) == "background"


def test_all_else_is_openais() -> None:
    """Embeddings, keys, errors, lists of models."""
    call = EmbedCall("m", ("x",), {"model": "m", "input": "x"})
    assert dialect.encode(call, "m").path == "/embeddings"
    assert refusal(dialect, call) is None
    vectors = b'{"data": [{"embedding": [1.0], "index": 0}]}'
    decoder = dialect.decoder(call)
    assert isinstance([*decoder.feed(vectors), *decoder.finish()][-1], Ended)
    assert dialect.credentials(Secret("k")) == (("authorization", "Bearer k"),)
    missing = b'{"error": {"message": "x", "param": "model", "code": "model_not_found"}}'
    assert isinstance(dialect.error(400, {}, missing), ModelMissing)
    assert dialect.limits({}).requests_limit is None
    assert dialect.list_models().path == "/models"
    assert dialect.read_models(b'{"data": [{"id": "gpt-5"}]}')[0][0].id == "gpt-5"
