"""Claude on Vertex: Anthropic's bodies without a model and with a version, errors of two shapes."""

import json
from typing import Any

import attrs
import pytest

from gateway.wire import read_chat
from providers.errors import CredentialRejected, ModelMissing, RateLimited, RequestRejected
from providers.types import ChatCall, CountCall, Counted, EmbedCall, Ended, Native, TextDelta
from providers.vertex_claude import VertexClaude

BODY = {"model": "m", "messages": [{"role": "user", "content": "x"}], "max_tokens": 5}
PATH = "/v1beta1/projects/p/locations/us-east5/publishers/anthropic/models/claude-x@20260101"

dialect = VertexClaude("p", "us-east5")


@pytest.mark.parametrize("model", ["claude-x@20260101", "anthropic/claude-x@20260101"])
@pytest.mark.parametrize("stream", [False, True])
def test_the_model_is_in_the_path_and_the_version_in_the_body(model: str, stream: bool) -> None:
    """The `@` of its date stays as it is."""
    wire = dialect.encode(read_chat({**BODY, "stream": stream, "service_tier": "auto"}), model)
    assert wire.path == f"{PATH}:{'streamRawPredict' if stream else 'rawPredict'}"
    streamed = {"stream": True} if stream else {}
    assert json.loads(wire.body) == {
        "anthropic_version": "vertex-2023-10-16",
        "max_tokens": 5,
        "messages": [{"role": "user", "content": "x"}],
        **streamed,
    }
    assert wire.headers == (("content-type", "application/json"),)


def test_what_a_client_says_in_anthropics_form_stays_as_it_is() -> None:
    """With the betas it asks for, but not the version of the API."""
    own = {"model": "m", "max_tokens": 5, "messages": [], "novelty": 1}
    fields = (("anthropic-version", "2023-06-01"), ("anthropic-beta", "a,b"))
    call = attrs.evolve(read_chat(BODY), native=Native("anthropic", own, fields))
    wire = dialect.encode(call, "claude-x")
    body = json.loads(wire.body)
    assert (body["novelty"], body["anthropic_version"]) == (1, "vertex-2023-10-16")
    assert "model" not in body
    assert wire.headers == (("content-type", "application/json"), ("anthropic-beta", "a,b"))


def test_tokens_are_counted_by_a_model_of_their_own() -> None:
    """Which is told in the body whose they are."""
    wire = dialect.encode(CountCall(read_chat(BODY)), "claude-x@20260101")
    assert wire.path == f"{PATH.rpartition('/')[0]}/count-tokens:rawPredict"
    assert json.loads(wire.body) == {
        "anthropic_version": "vertex-2023-10-16",
        "messages": [{"role": "user", "content": "x"}],
        "model": "claude-x@20260101",
    }
    decoder = dialect.decoder(CountCall(read_chat(BODY)))
    assert Counted(7) in [*decoder.feed(b'{"input_tokens":7}'), *decoder.finish()]


def test_answers_are_anthropics() -> None:
    """Whole and streamed, as its own reader reads them."""
    call: ChatCall = read_chat(BODY)
    decoder = dialect.decoder(call)
    answer = {"content": [{"type": "text", "text": "y"}], "stop_reason": "end_turn"}
    events = [*decoder.feed(json.dumps(answer).encode()), *decoder.finish()]
    assert TextDelta("y") in events
    assert events[-1] == Ended()


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (
            400,
            {"type": "error", "error": {"type": "invalid_request_error", "message": "x"}},
            RequestRejected,
        ),
        (404, [{"error": {"code": 404, "status": "NOT_FOUND", "message": "no"}}], ModelMissing),
        (
            429,
            {"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": "x"}},
            RateLimited,
        ),
        (403, {"error": {"code": 403, "status": "PERMISSION_DENIED"}}, CredentialRejected),
    ],
)
def test_errors_are_anthropics_or_googles(status: int, body: Any, error: type[Exception]) -> None:
    """Whoever of the two answered."""
    assert type(dialect.error(status, {}, json.dumps(body).encode())) is error


def test_an_error_that_is_no_json_is_told_by_its_status() -> None:
    """Some proxy's page."""
    assert isinstance(dialect.error(429, {}, b"<html>"), RateLimited)


def test_limits_are_read_and_embeddings_refused() -> None:
    """As Anthropic has them, and has none."""
    assert dialect.limits({"anthropic-ratelimit-requests-limit": "50"}).requests_limit == 50
    assert dialect.refuses(EmbedCall("m", ("x",), {})) == "input"
    assert dialect.refuses(read_chat({**BODY, "seed": 1})) == "seed"
    with pytest.raises(RequestRejected):
        dialect.encode(EmbedCall("m", ("x",), {}), "claude-x")
