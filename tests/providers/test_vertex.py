"""Vertex AI: Gemini's bodies under a project's path, or none; three kinds of credentials."""

import json
from typing import Any

import attrs
import pytest

from gateway.wire import read_chat
from providers.errors import CredentialRejected, RateLimited
from providers.types import CountCall, Counted, EmbedCall, Native, Secret
from providers.vertex import Vertex
from tests.providers.cloud import account_file

BODY = {"model": "m", "messages": [{"role": "user", "content": "x"}]}


@pytest.mark.parametrize(
    ("location", "address"),
    [
        ("global", "https://aiplatform.googleapis.com"),
        ("europe-west4", "https://europe-west4-aiplatform.googleapis.com"),
        ("eu", "https://aiplatform.eu.rep.googleapis.com"),
    ],
)
def test_a_location_has_its_address(location: str, address: str) -> None:
    """As Google's own SDK has them."""
    assert Vertex("p", location).base_url == address


@pytest.mark.parametrize(
    "model", ["gemini-x", "google/gemini-x", "publishers/google/models/gemini-x"]
)
def test_a_model_stands_under_its_project(model: str) -> None:
    """However it is written."""
    start = "/v1beta1/projects/p/locations/eu/publishers/google/models/gemini-x"
    whole = Vertex("p", "eu").encode(read_chat(BODY), model)
    streamed = Vertex("p", "eu").encode(read_chat({**BODY, "stream": True}), model)
    assert whole.path == f"{start}:generateContent"
    assert streamed.path == f"{start}:streamGenerateContent?alt=sse"
    assert json.loads(whole.body) == {"contents": [{"role": "user", "parts": [{"text": "x"}]}]}


def test_an_api_key_needs_no_project() -> None:
    """It knows its own; and another version may be asked for."""
    path = Vertex(api_version="v1").encode(read_chat(BODY), "gemini-x").path
    assert path == "/v1/publishers/google/models/gemini-x:generateContent"


@pytest.mark.parametrize(
    ("written", "fields"),
    [
        ("AIzaKEY", (("x-goog-api-key", "AIzaKEY"),)),
        ("ya29.TOKEN", (("authorization", "Bearer ya29.TOKEN"),)),
        (account_file("https://oauth2.example/token"), ()),
    ],
)
def test_credentials_go_where_their_form_says(written: str, fields: Any) -> None:
    """A service account's go nowhere: it asks for tokens."""
    assert Vertex("p").credentials(Secret(written)) == fields


def test_what_cannot_be_embedded_is_refused_by_name() -> None:
    """As for Gemini."""
    assert Vertex("p").refuses(EmbedCall("m", ((1, 2),), {})) == "input"
    assert Vertex("p").refuses(read_chat({**BODY, "logit_bias": {"1": 2}})) == "logit_bias"


def test_tokens_are_counted_by_vertex() -> None:
    """Of a chat in any form, without the member within which Gemini's own API wants one."""
    chat = read_chat({**BODY, "tools": [{"type": "function", "function": {"name": "f"}}]})
    start = "/v1beta1/projects/p/locations/global/publishers/google/models/gemini-x"
    wire = Vertex("p").encode(CountCall(chat), "gemini-x")
    contents = [{"role": "user", "parts": [{"text": "x"}]}]
    assert wire.path == f"{start}:countTokens"
    assert json.loads(wire.body) == {
        "contents": contents,
        "tools": [{"functionDeclarations": [{"name": "f"}]}],
    }
    for own in (
        {"contents": contents},
        {"generateContentRequest": {"model": "m", "contents": contents}},
    ):
        native = CountCall(attrs.evolve(chat, native=Native("gemini", own)))
        body = json.loads(Vertex("p").encode(native, "gemini-x").body)
        assert body == {"contents": contents}
    decoder = Vertex("p").decoder(CountCall(chat))
    events = [*decoder.feed(b'{"totalTokens":7}'), *decoder.finish()]
    assert Counted(7) in events


def test_errors_are_googles() -> None:
    """And say nothing of limits."""
    body = json.dumps({"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": "slow"}})
    assert isinstance(Vertex("p").error(429, {}, body.encode()), RateLimited)
    assert isinstance(Vertex("p").error(401, {}, b"{}"), CredentialRejected)
    assert Vertex("p").limits({}).requests_limit is None
    assert Vertex("p").read_models(b"") == ((), None)
