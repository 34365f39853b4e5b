"""Which API answers where."""

import pytest

from gateway.apis.anthropic import ANTHROPIC
from gateway.apis.chat import CHAT
from gateway.apis.embeddings import EMBEDDINGS
from gateway.apis.generate import METHODS, method
from gateway.apis.google import GOOGLE
from gateway.apis.messages import MESSAGES
from gateway.apis.routes import FIXED, RULES, Route, find, voice_at
from gateway.voice import OPENAI


@pytest.mark.parametrize("prefix", ["/v1", "/api/v1"])
def test_both_prefixes_are_the_same_routes(prefix: str) -> None:
    """As the original service had it, and as OpenAI has it."""
    assert find(f"{prefix}/chat/completions") == Route(CHAT)
    assert find(f"{prefix}/embeddings") == Route(EMBEDDINGS)


@pytest.mark.parametrize("path", ["/", "/v1", "/v1/chat", "/v2/embeddings", "/v1/embeddings/", ""])
def test_other_paths_are_nobodys(path: str) -> None:
    """The framework will say that there is nothing; in OpenAI's words where no API is known."""
    assert find(path) is None
    assert voice_at(path) is OPENAI


def test_every_fixed_route_is_a_rule_of_the_framework() -> None:
    """So that both ways through the application know the same."""
    assert set(FIXED) <= set(RULES)


@pytest.mark.parametrize("prefix", ["/v1", "/v1beta", "/api/v1"])
@pytest.mark.parametrize("name", ["gemini-x", "models/gemini-x", "a/b:c"])
def test_googles_paths_say_the_model_and_the_method(prefix: str, name: str) -> None:
    """Names may hold slashes and colons; `models/` is no part of them."""
    route = find(f"{prefix}/models/{name}:generateContent")
    assert route == Route(METHODS["generateContent"], {"model": name.removeprefix("models/")})


def test_the_query_says_what_kind_of_stream() -> None:
    """As Google's clients write it."""
    path = "/v1beta/models/m:streamGenerateContent"
    events, array = find(path, "key=x&alt=sse"), find(path, "key=x")
    assert events is not None
    assert array is not None
    assert events.api is method("streamGenerateContent", events=True)
    assert array.api is METHODS["streamGenerateContent"]


@pytest.mark.parametrize("path", ["/v1beta/models/m", "/v1beta/models/m:", "/v1beta/models/:x"])
def test_googles_other_paths_are_nobodys(path: str) -> None:
    """But told in Google's words."""
    assert find(path) is None
    assert voice_at(path) is GOOGLE


def test_each_path_has_its_apis_voice() -> None:
    """Whatever goes wrong there."""
    assert find("/v1/messages") == Route(MESSAGES)
    assert voice_at("/v1/messages/count_tokens") is ANTHROPIC
    assert voice_at("/v1/chat/completions") is OPENAI
