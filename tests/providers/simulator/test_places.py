"""Paths without their prefixes."""

import pytest

from providers.simulator.places import Place, place


@pytest.mark.parametrize(
    ("path", "operation", "model"),
    [
        ("/v1/chat/completions", "chat/completions", ""),
        ("/chat/completions", "chat/completions", ""),
        ("/openai/v1/chat/completions", "chat/completions", ""),
        ("/api/paas/v4/chat/completions", "chat/completions", ""),
        ("/client/v4/accounts/A/ai/v1/chat/completions", "chat/completions", ""),
        ("/api/v2/cortex/v1/chat/completions", "chat/completions", ""),
        ("/v1beta/openai/chat/completions", "chat/completions", ""),
        ("/serving-endpoints/chat/completions", "chat/completions", ""),
        ("/models/chat/completions", "chat/completions", ""),
        ("<BASE>/chat/completions", "chat/completions", ""),
        ("/%3CBASE%3E/chat/completions", "chat/completions", ""),
        ("/compatibility/v1/chat/completions", "chat/completions", ""),
        ("//openai/deployments/d%2Fe/chat/completions", "chat/completions", "d/e"),
        ("/deployments/d/embeddings", "embeddings", "d"),
        ("/openai/responses", "responses", ""),
        ("/v1/responses/compact", "responses/compact", ""),
        ("/v1/messages/count_tokens", "messages/count_tokens", ""),
        ("/v1/models", "models", ""),
        ("/models", "models", ""),
        ("/openai/models", "models", ""),
        ("/api/chat", "api/chat", ""),
        ("/v1beta/models/gemini-2.0:generateContent", "generateContent", "gemini-2.0"),
        ("/v1beta/models/replay/a/b/c:generateContent", "generateContent", "replay/a/b/c"),
        ("/models/replay%2Fa%2Fb%2Fc:countTokens", "countTokens", "replay/a/b/c"),
        ("/v1/projects/P/locations/L/publishers/google/models/g:predict", "predict", "g"),
        ("/model/amazon.nova-v1%3A0/converse", "converse", "amazon.nova-v1:0"),
        ("/model/amazon.nova-v1:0/converse-stream", "converse-stream", "amazon.nova-v1:0"),
        ("/model/replay/a/b/c/invoke", "invoke", "replay/a/b/c"),
        ("/", "", ""),
    ],
)
def test_an_operation_is_found_behind_any_prefix(path: str, operation: str, model: str):
    """And the model, where a provider puts it into the path."""
    assert place("POST", path) == Place("POST", operation, model)


def test_of_googles_streams_there_are_two_forms():
    """Events and an array: who asks for one cannot read the other. Nothing else of a query counts."""
    path = "/v1beta/models/g:streamGenerateContent"
    assert place("POST", path, "alt=sse") == Place("POST", "streamGenerateContent?alt=sse", "g")
    assert place("POST", path, "key=x").operation == "streamGenerateContent"
    assert place("POST", "/v1/chat/completions", "alt=sse").operation == "chat/completions"


def test_the_method_counts():
    """A list of models is not a model that is made."""
    assert place("GET", "/v1/models") != place("POST", "/v1/models")
