"""Paths, languages and credentials."""

import pytest

from providers.simulator.requests import Request
from providers.simulator.routes import ANTHROPIC, GEMINI, OPENAI, credential, route


@pytest.mark.parametrize(
    ("method", "path", "dialect", "operation"),
    [
        (b"POST", "/v1/chat/completions", OPENAI, "chat"),
        (b"POST", "/v1/embeddings", OPENAI, "embed"),
        (b"GET", "/v1/models", OPENAI, "models"),
        (b"POST", "/v1/messages", ANTHROPIC, "chat"),
        (b"GET", "/v1beta/models", GEMINI, "models"),
        (b"POST", "/v1beta/models/m:generateContent", GEMINI, "chat"),
        (b"POST", "/v1beta/models/m:streamGenerateContent", GEMINI, "stream"),
        (b"POST", "/v1beta/models/m:embedContent", GEMINI, "embed"),
        (b"POST", "/v1beta/models/m:batchEmbedContents", GEMINI, "batch_embed"),
        (b"POST", "/v1beta/models/m:countTokens", GEMINI, "unknown"),
        (b"POST", "/v1beta/models/:generateContent", GEMINI, "unknown"),
        (b"GET", "/v1beta/models/m:generateContent", GEMINI, "unknown"),
        (b"GET", "/v1/chat/completions", OPENAI, "unknown"),
        (b"GET", "/v1/messages", ANTHROPIC, "unknown"),
        (b"POST", "/v1/models", OPENAI, "unknown"),
        (b"GET", "/", OPENAI, "unknown"),
    ],
)
def test_every_path_has_its_language(method: bytes, path: str, dialect: object, operation: str):
    """What is unknown is unknown in the language of its surroundings."""
    found = route(Request(method, path))
    assert found.dialect is dialect
    assert found.target.operation == operation


@pytest.mark.parametrize("name", [b"x-api-key", b"anthropic-version"])
def test_one_path_serves_two_providers_model_lists(name: bytes):
    """Anthropic's headers tell them apart."""
    found = route(Request(b"GET", "/v1/models", headers={name: b"x"}))
    assert found.dialect is ANTHROPIC


def test_the_model_in_a_path_is_unescaped():
    """A tuned model's name may hold anything."""
    found = route(Request(b"POST", "/v1beta/models/tuned%3Am%20x:generateContent"))
    assert found.target.model == "tuned:m x"


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        ({b"authorization": b"Bearer sk-1"}, ""),
        ({b"authorization": b"bearer  sk-1 "}, ""),
        ({b"x-api-key": b"sk-1"}, ""),
        ({b"x-goog-api-key": b"sk-1"}, ""),
        ({}, "alt=sse&key=sk-1"),
    ],
)
def test_credentials_come_in_every_providers_way(headers: dict[bytes, bytes], query: str):
    """Header or query, it is the same key."""
    assert credential(Request(b"GET", "/", query, headers)) == "sk-1"


def test_no_credential_is_empty():
    """Other schemes count as none."""
    assert credential(Request(b"GET", "/", headers={b"authorization": b"Basic eA=="})) == ""
    assert credential(Request(b"GET", "/", "alt=sse")) == ""
