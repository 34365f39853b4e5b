"""Answers made of the right words in the wrong places: decoders never raise, and always end."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from providers.anthropic import Anthropic
from providers.base import Dialect
from providers.gemini import Gemini
from providers.types import ChatCall, EmbedCall
from tests.providers.corpus import events_of
from tests.providers.outcome import comparable, outcome_of

GEMINI_WORDS = (
    *("candidates", "content", "parts", "text", "thought", "functionCall", "index", "finishReason"),
    *("promptFeedback", "blockReason", "usageMetadata", "promptTokenCount", "error", "code"),
    *("STOP", "SAFETY", "OTHER", "MALFORMED_RESPONSE", "details", "embeddings", "values"),
)
ANTHROPIC_WORDS = (
    *("type", "message_start", "message", "content_block_start", "content_block", "delta", "text"),
    *("content_block_delta", "text_delta", "thinking", "message_delta", "stop_reason", "end_turn"),
    *("message_stop", "usage", "input_tokens", "output_tokens", "error", "content", "refusal"),
)


def values(words: tuple[str, ...]) -> st.SearchStrategy[Any]:
    """JSON made of a provider's own words."""
    word = st.sampled_from(words)
    leaves = st.none() | st.booleans() | st.integers(-2, 5) | st.floats(allow_nan=False) | word
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(word, inner, max_size=3),
        max_leaves=8,
    )


def gemini_responses() -> st.SearchStrategy[Any]:
    """Responses of the right outline, filled with anything."""
    odd = values(GEMINI_WORDS)
    part = st.fixed_dictionaries({"text": st.text(max_size=3) | odd})
    content = st.fixed_dictionaries({"parts": st.lists(part | odd, max_size=2)})
    candidate = st.fixed_dictionaries(
        {"content": content | odd, "finishReason": odd, "index": st.integers(0, 1) | odd}
    )
    candidates = st.lists(candidate | odd, max_size=2)
    return st.fixed_dictionaries({"candidates": candidates}, optional={"usageMetadata": odd}) | odd


def anthropic_events() -> st.SearchStrategy[Any]:
    """Events of the right outline, filled with anything."""
    odd = values(ANTHROPIC_WORDS)
    types = ("message_start", "content_block_delta", "message_delta", "message_stop", "ping")
    return (
        st.fixed_dictionaries(
            {"type": st.sampled_from(types)},
            optional={"delta": odd, "message": odd, "usage": odd, "content": odd},
        )
        | odd
    )


CASES = [(Gemini(), gemini_responses()), (Anthropic(), anthropic_events())]
both = pytest.mark.parametrize(("dialect", "odd"), CASES, ids=["gemini", "anthropic"])


@both
def test_any_events_make_an_answer_or_a_failure(
    dialect: Dialect, odd: st.SearchStrategy[Any]
) -> None:
    """In whatever order the events come, theirs obey the order that providers.types promises."""

    @settings(max_examples=60, derandomize=True, deadline=None, database=None)
    @given(st.lists(odd, max_size=5), st.binary(max_size=12), st.integers(1, 40))
    def check(events: list[Any], tail: bytes, piece: int) -> None:
        data = b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in events) + tail
        call = ChatCall("m", (), {}, stream=True)
        told = events_of(dialect.decoder(call), [data])
        outcome_of(told)
        pieces = [data[at : at + piece] for at in range(0, len(data), piece)]
        assert comparable(events_of(dialect.decoder(call), pieces)) == comparable(told)

    check()


@both
def test_any_body_makes_an_answer_or_a_failure(
    dialect: Dialect, odd: st.SearchStrategy[Any]
) -> None:
    """Chat and embedding answers alike."""

    @settings(max_examples=60, derandomize=True, deadline=None, database=None)
    @given(odd)
    def check(value: Any) -> None:
        data = json.dumps(value).encode()
        for call in (ChatCall("m", (), {}), EmbedCall("m", ("x",), {})):
            outcome_of(events_of(dialect.decoder(call), [data]))

    check()
