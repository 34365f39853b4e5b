"""Tokens, estimated."""

import pytest

from gateway.tokens import estimated_usage, most_tokens, prompt_tokens
from providers.conversation import Message
from providers.types import Call, ChatCall, Usage
from tests.gateway.asked import chat, embed


@pytest.mark.parametrize(
    ("call", "tokens"),
    [
        (chat(""), 4),
        (chat("a"), 5),
        (chat("abcd"), 5),
        (chat("abcde"), 6),
        (chat("ğğ"), 5),
        (chat("😀😀"), 6),
        (ChatCall("m", (Message("system", "abcd"), Message("user", "abcd")), {}), 10),
        (embed("abcd"), 1),
        (embed("a", "b"), 2),
        (embed((1, 2, 3)), 3),
        (embed("abcde", (1, 2, 3)), 5),
    ],
)
def test_a_prompt_is_four_bytes_a_token(call: Call, tokens: int) -> None:
    """Rounded up, four more for every message; token arrays are counted."""
    assert prompt_tokens(call) == tokens


@pytest.mark.parametrize(
    ("call", "tokens"),
    [
        (chat("abcd"), 0),
        (chat("abcd", max_tokens=100), 100),
        (chat("abcd", max_tokens=100, n=3), 300),
        (chat("abcd", n=3), 0),
        (embed("abcd"), 0),
    ],
)
def test_a_call_asks_for_its_most_in_each_of_its_choices(call: Call, tokens: int) -> None:
    """A limit must hold also for those who ask for many at once."""
    assert most_tokens(call) == tokens


def test_usage_nobody_reported_is_estimated() -> None:
    """From the prompt, and from the bytes of the answer."""
    assert estimated_usage(chat("abcd"), 9) == Usage(prompt=5, completion=3, total=8)
    assert estimated_usage(embed("abcd"), 0) == Usage(prompt=1, completion=0, total=1)
