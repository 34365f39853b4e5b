"""The OpenAI dialect: what it sends, and what it makes of errors and lists of models."""

import json
from typing import Any

import pytest

from providers.base import Dialect
from providers.errors import (
    BrokenAnswer,
    CredentialRejected,
    ModelMissing,
    ProviderError,
    QuotaExhausted,
    RateLimited,
    RequestRejected,
    UpstreamFailed,
)
from providers.openai import OpenAI
from providers.types import ChatCall, EmbedCall, ModelInfo, RateLimits, Secret

openai: Dialect = OpenAI()

BODY = {
    "model": "public-name",
    "messages": [{"role": "user", "content": [{"type": "text", "text": "Merhaba, nasılsın? 👋"}]}],
    "temperature": 0.1,
    "logit_bias": {"50256": -100},
    "reasoning_effort": "low",
    "a_member_of_next_year": {"deep": [1, None, True]},
}


def chat(body: dict[str, Any], *, stream: bool = False) -> ChatCall:
    return ChatCall(model=str(body.get("model")), messages=(), body=body, stream=stream)


def sent(call: ChatCall | EmbedCall) -> Any:
    return json.loads(openai.encode(call, "upstream-name").body)


def refused(status: int, body: Any, **headers: str) -> ProviderError:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return openai.error(status, {name.replace("_", "-"): v for name, v in headers.items()}, raw)


def test_a_chat_is_passed_on_with_all_its_members_and_another_model():
    """Known to us or not; text arrives as UTF-8."""
    wire = openai.encode(chat(BODY), "upstream-name")
    assert (wire.method, wire.path) == ("POST", "/chat/completions")
    assert wire.headers == (("content-type", "application/json"),)
    assert json.loads(wire.body) == {**BODY, "model": "upstream-name"}
    assert "nasılsın? 👋" in wire.body.decode()


def test_a_stream_always_asks_for_usage_and_keeps_the_clients_other_options():
    """The gateway counts tokens even where the client does not."""
    assert sent(chat(BODY, stream=True)) == {
        **BODY,
        "model": "upstream-name",
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    asked = {"include_usage": False, "include_obfuscation": False}
    merged = sent(chat({**BODY, "stream": True, "stream_options": asked}, stream=True))
    assert merged["stream_options"] == {"include_usage": True, "include_obfuscation": False}
    assert sent(chat({**BODY, "stream_options": None}, stream=True))["stream_options"] == {
        "include_usage": True
    }


def test_a_chat_that_is_not_streamed_says_nothing_of_streams():
    """Options without a stream are a 400 at OpenAI."""
    body = {**BODY, "stream": False, "stream_options": {"include_usage": True}}
    assert sent(chat(body)) == {**BODY, "model": "upstream-name"}


def test_the_clients_body_is_left_as_it_was():
    """A race encodes the same call several times."""
    body = {"model": "a", "stream_options": {"x": 1}}
    sent(chat(body, stream=True))
    assert body == {"model": "a", "stream_options": {"x": 1}}


def test_embeddings_are_always_asked_for_as_numbers():
    """Not everybody's base64 is OpenAI's; the gateway makes its own."""
    body = {"model": "m", "input": ["a"], "dimensions": 5, "user": "u", "encoding_format": "base64"}
    call = EmbedCall(model="m", inputs=("a",), body=body, encoding="base64", dimensions=5)
    assert openai.encode(call, "x").path == "/embeddings"
    assert sent(call) == {**body, "model": "upstream-name", "encoding_format": "float"}


def test_no_parameter_is_refused():
    """The upstream speaks the client's own format, and can speak for itself."""
    assert openai.refuses(chat({**BODY, "tools": [{}]})) is None


def test_the_key_goes_in_a_header_and_without_a_key_there_is_none():
    """Local servers need none."""
    assert openai.credentials(Secret("sk-1")) == (("authorization", "Bearer sk-1"),)
    assert openai.credentials(Secret("")) == ()


@pytest.mark.parametrize(
    ("status", "error", "kind", "code"),
    [
        (401, {"message": "m", "code": "invalid_api_key"}, CredentialRejected, "invalid_api_key"),
        (404, {"message": "m", "code": "model_not_found"}, ModelMissing, "model_not_found"),
        (400, {"message": "m", "code": "model_not_found"}, ModelMissing, "model_not_found"),
        (429, {"message": "m", "type": "insufficient_quota"}, QuotaExhausted, None),
        (429, {"message": "m", "type": "tokens"}, RateLimited, None),
        (400, {"message": "m", "param": "temperature"}, RequestRejected, None),
        (
            413,
            {"message": "m", "code": "rate_limit_exceeded"},
            RequestRejected,
            "rate_limit_exceeded",
        ),
        (500, {"message": "m", "type": "server_error"}, UpstreamFailed, None),
        (400, "Incorrect API key provided. You can obtain an API key", CredentialRejected, None),
        (
            400,
            {"message": "API key not valid. Please pass a valid API key."},
            CredentialRejected,
            None,
        ),
        (400, {"message": "Unknown parameter 'Incorrect API key'"}, RequestRejected, None),
        (
            403,
            {"message": "m", "metadata": {"reasons": ["x"], "flagged_input": "y"}},
            RequestRejected,
            None,
        ),
        (403, {"message": "m", "metadata": {"provider_name": "x"}}, CredentialRejected, None),
    ],
)
def test_errors_have_the_class_of_whose_fault_they_are(
    status: int, error: Any, kind: type[ProviderError], code: str | None
):
    """OpenAI's own, xAI's 400 for a bad key, OpenRouter's 403 for a bad prompt."""
    found = refused(status, {"error": error})
    assert (type(found), found.status, found.code) == (kind, status, code)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, {"message": "x", "code": "context_length_exceeded"}),
        (400, {"message": "x", "type": "too_many_prompt_tokens", "code": 400}),
        (400, {"message": "x", "type": "exceed_context_size_error"}),
        (400, {"message": "This model's maximum context length is 2048 tokens. However"}),
        (500, {"message": "Context size has been exceeded.", "type": "server_error"}),
    ],
)
def test_a_prompt_that_is_too_long_is_the_requests_fault_under_one_code(status: int, error: Any):
    """Perplexity, vLLM and llama.cpp have other words and even other statuses for it."""
    found = refused(status, {"error": error})
    assert type(found) is RequestRejected
    assert (found.code, found.status) == ("context_length_exceeded", 400)


def test_advice_on_when_to_retry_comes_from_the_headers():
    """First `retry-after`; then, for a quota that is used up, its reset."""
    spent = {"x_ratelimit_remaining_tokens": "0", "x_ratelimit_reset_tokens": "26s"}
    assert refused(429, {}, retry_after="3", **spent).retry_after == 3.0
    assert refused(429, {}, **spent).retry_after == 26.0
    assert refused(503, {}, **spent).retry_after is None
    left = {"x_ratelimit_remaining_tokens": "1", "x_ratelimit_reset_tokens": "26s"}
    assert refused(429, {}, **left).retry_after is None
    assert refused(400, {}, retry_after="3").retry_after is None


def test_a_page_of_html_is_an_error_in_our_words():
    """What a proxy on the way wrote is not shown."""
    found = refused(502, b"<html><body>Bad gateway: sk-123</body></html>")
    assert type(found) is UpstreamFailed
    assert found.message == "The upstream answered 502 Bad Gateway"


def test_the_quota_in_the_headers_is_read():
    """So that the policies see how much of it is left."""
    assert openai.limits({"x-ratelimit-remaining-requests": "5"}) == RateLimits(
        requests_remaining=5
    )


def test_models_are_asked_for_in_one_page():
    """OpenAI's list has no cursor."""
    wire = openai.list_models()
    assert (wire.method, wire.path, wire.body) == ("GET", "/models", b"")


@pytest.mark.parametrize(
    ("listed", "models"),
    [
        (
            {"object": "list", "data": [{"id": "a", "created": 5, "owned_by": "x"}, {"id": "b"}]},
            [ModelInfo("a", 5, "x"), ModelInfo("b")],
        ),
        ([{"id": "a", "created": None, "owned_by": None}], [ModelInfo("a")]),
        ({"data": None}, []),
        ({"data": [{}, {"id": 5}, "c", {"id": "a", "created": 1.9}]}, [ModelInfo("a", 1)]),
    ],
)
def test_lists_of_models_are_read_in_each_form(listed: Any, models: list[ModelInfo]):
    """OpenAI's, Together's bare array, Ollama's null; rows that are no models are passed over."""
    assert openai.read_models(json.dumps(listed).encode()) == (models, None)


@pytest.mark.parametrize("body", [b"", b"{}", b'{"data": {}}', b'"x"', b"<html>"])
def test_what_is_no_list_of_models_is_a_broken_answer(body: bytes):
    """An empty list would look as if the provider had nothing to offer."""
    with pytest.raises(BrokenAnswer):
        openai.read_models(body)
