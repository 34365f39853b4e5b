"""Which API answers where."""

import pytest

from gateway.apis.chat import CHAT
from gateway.apis.embeddings import EMBEDDINGS
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
