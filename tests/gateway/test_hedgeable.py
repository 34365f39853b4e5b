"""What must never run twice at once, and what may."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.hedgeable import unhedgeable
from providers.types import ChatCall, Native
from tests.gateway.asked import ANYTHING, chat_body, embed

WORDS = {"store", "background", "previous_response_id", "conversation", "server_tools"} | {
    "modalities"
}


def why(**members: Any) -> str | None:
    """The reason against a chat whose body has these members."""
    return unhedgeable(ChatCall("m", (), chat_body(**members)))


def test_a_plain_chat_may_be_hedged() -> None:
    """Nothing but an answer comes of it."""
    assert why() is None
    assert why(store=False, background=None, modalities=["text"], tools=[], plugins=[]) is None
    assert why(generationConfig={"responseModalities": ["TEXT"], "temperature": 1}) is None
    assert why(generationConfig=None, tools={"functionDeclarations": []}) is None


def test_embeddings_may_be_hedged() -> None:
    """They are numbers, computed once or twice."""
    assert unhedgeable(embed()) is None


@pytest.mark.parametrize(
    ("members", "word"),
    [
        ({"store": True}, "store"),
        ({"store": "true"}, "store"),
        ({"background": True}, "background"),
        ({"previous_response_id": "resp_1"}, "previous_response_id"),
        ({"conversation": "conv_1"}, "conversation"),
        ({"conversation": {"id": "conv_1"}}, "conversation"),
        ({"web_search_options": {}}, "server_tools"),
        ({"mcp_servers": [{"url": "https://x.example"}]}, "server_tools"),
        ({"plugins": [{"id": "web"}]}, "server_tools"),
        ({"modalities": ["text", "audio"]}, "modalities"),
        ({"modalities": ["image"]}, "modalities"),
        ({"audio": {"voice": "alloy", "format": "wav"}}, "modalities"),
        ({"generationConfig": {"responseModalities": ["TEXT", "IMAGE"]}}, "modalities"),
        ({"generation_config": {"response_modalities": ["AUDIO"]}}, "modalities"),
        ({"tools": {"googleSearch": {}}}, "server_tools"),
    ],
)
def test_what_leaves_a_trace_or_works_upstream_must_not(members: dict[str, Any], word: str) -> None:
    """One short word says why."""
    assert why(**members) == word


@pytest.mark.parametrize(
    "tool",
    [
        {"type": "function", "function": {"name": "f"}},
        {"type": "function", "name": "f"},
        {"type": "custom", "custom": {"name": "f"}},
        {"function": {"name": "f"}},
        {"functionDeclarations": [{"name": "f"}]},
        {"name": "f", "description": "d", "input_schema": {}, "cache_control": {}},
        {"type": "bash_20250124", "name": "bash"},
        {"type": "text_editor_20250728", "name": "e"},
    ],
)
def test_tools_that_the_client_runs_are_fine(tool: dict[str, Any]) -> None:
    """Nothing happens until the client acts on the one answer."""
    assert why(tools=[tool]) is None


@pytest.mark.parametrize(
    "tool",
    [
        {"type": "web_search"},
        {"type": "web_search_preview_2025_03_11"},
        {"type": "web_search_20250305", "name": "web_search"},
        {"type": "code_interpreter", "container": {"type": "auto"}},
        {"type": "file_search", "vector_store_ids": []},
        {"type": "computer_use_preview"},
        {"type": "mcp", "server_url": "https://x.example"},
        {"type": "image_generation"},
        {"type": "code_execution_20250825", "name": "code_execution"},
        {"type": "what_comes_next_year"},
        {"googleSearch": {}},
        {"google_search_retrieval": {}},
        {"codeExecution": {}},
        {"code_execution": {}},
        {"urlContext": {}},
        {"functionDeclarations": [{"name": "f"}], "googleSearch": {}},
    ],
)
def test_one_tool_that_the_upstream_runs_is_enough(tool: dict[str, Any]) -> None:
    """Wherever it stands among others; and what nobody knows yet counts as the upstream's."""
    function = {"type": "function", "function": {"name": "f"}}
    assert why(tools=[function, tool, function]) == "server_tools"


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
members = st.sampled_from(
    [*WORDS, "tools", "audio", "plugins", "mcp_servers", "web_search_options"]
)


@ANYTHING
@given(st.dictionaries(members, json, max_size=6))
def test_any_json_is_judged(body: dict[str, Any]) -> None:
    """Whatever the members are, there is a word or none, and never an exception."""
    assert unhedgeable(ChatCall("m", (), body)) in WORDS | {None}


def test_a_response_is_kept_unless_it_is_told_not_to_be() -> None:
    """By default, wherever its own form goes; a translation of it is kept nowhere."""

    def why_not(translated: bool, **members: Any) -> str | None:
        native = Native("responses", {"model": "m", "input": "x", **members})
        return unhedgeable(ChatCall("m", (), chat_body(), native=native), translated=translated)

    assert why_not(translated=False) == "store"
    assert why_not(translated=False, store=None) == "store"
    assert why_not(translated=False, store=False) is None
    assert why_not(translated=True) is None
