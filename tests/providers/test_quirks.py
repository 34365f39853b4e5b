"""What each who speaks OpenAI's format wants otherwise, and that all else goes on as it came."""

import json
from typing import Any

import pytest

from gateway.wire import read_chat
from providers.kinds import KINDS
from providers.quirks import NINE, newer_limit, short
from providers.types import ChatCall, Native

EXTRA = {"google": {"thought_signature": "s"}}
CALL = {"id": "call_abc", "type": "function", "function": {"name": "f", "arguments": "{}"}}
TALK: list[dict[str, Any]] = [
    {"role": "developer", "content": "short"},
    {"role": "user", "content": "x"},
    {
        "role": "assistant",
        "content": None,
        "tool_calls": [{**CALL, "extra_content": EXTRA}],
        "reasoning_content": "hm",
        "annotations": [],
    },
    {"role": "tool", "tool_call_id": "call_abc", "content": "42"},
]
BODY = {
    "model": "m",
    "messages": TALK,
    "max_completion_tokens": 5,
    "tool_choice": "required",
    "top_k": 3,
}


def sent(kind: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    call = read_chat(BODY if body is None else body)
    made: dict[str, Any] = json.loads(KINDS[kind].dialect.encode(call, "up").body)
    return made


def test_who_refuses_unknown_members_is_not_sent_them() -> None:
    """What other providers' answers carry, and clients bring back."""
    made = sent("openai")
    assert made["messages"][2] == {"role": "assistant", "content": None, "tool_calls": [CALL]}
    assert made["messages"][0]["role"] == "developer"
    assert (made["max_completion_tokens"], made["tool_choice"], made["top_k"]) == (5, "required", 3)


def test_who_takes_reasoning_back_is_given_it() -> None:
    """DeepSeek demands it with tools, OpenRouter makes use of it."""
    for kind in ("deepseek", "openrouter"):
        assert sent(kind)["messages"][2]["reasoning_content"] == "hm"


@pytest.mark.parametrize("kind", ["mistral", "deepseek", "together", "perplexity", "cohere", "zai"])
def test_older_names_are_used_where_the_newer_are_not_known(kind: str) -> None:
    """Of the limit, and of the role; a client that gave both has said which."""
    made = sent(kind)
    assert made["max_tokens"] == 5
    assert "max_completion_tokens" not in made
    assert made["messages"][0]["role"] == "system"
    assert sent(kind, {**BODY, "max_tokens": 7})["max_tokens"] == 7


def test_mistrals_ids_are_short_and_fit_on_both_sides() -> None:
    """A call and its result have the same; Mistral's own stay."""
    made = sent("mistral")
    called, answered = (
        made["messages"][2]["tool_calls"][0]["id"],
        made["messages"][3]["tool_call_id"],
    )
    assert called == answered == short("call_abc")
    assert NINE.fullmatch(called)
    assert short("D681PevKs") == "D681PevKs"
    assert made["tool_choice"] == "any"


@pytest.mark.parametrize(
    "kind", [name for name, kind in KINDS.items() if kind.dialect.name == "openai"]
)
def test_a_plain_conversation_goes_on_as_it_came(kind: str) -> None:
    """Whatever else the body holds."""
    body = {
        "model": "m",
        "messages": [{"role": "user", "content": "x", "name": "ada"}],
        "novelty": [1],
    }
    assert sent(kind, body) == {**body, "model": "up"}


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("gpt-5-mini", "max_completion_tokens"),
        ("openai/o3", "max_completion_tokens"),
        ("o4-mini-2025-04-16", "max_completion_tokens"),
        ("gpt-4o-mini", "max_tokens"),
        ("gpt-oss-120b", "max_tokens"),
        ("olmo-2", "max_tokens"),
    ],
)
def test_a_limit_of_our_own_telling_has_the_name_that_the_model_knows(
    model: str, name: str
) -> None:
    """What a client of OpenAI's says itself is left to it."""
    assert newer_limit({"max_tokens": 5}, model) == {name: 5}
    assert newer_limit({"n": 1}, model) == {"n": 1}
    own = read_chat({"model": "m", "messages": TALK[1:2], "max_tokens": 5})
    told = ChatCall(**{**vars(own), "native": Native("gemini", {})})
    for call, expected in ((own, "max_tokens"), (told, name)):
        sent = json.loads(KINDS["openai"].dialect.encode(call, model).body)
        assert sent.keys() - {"model", "messages"} == {expected}
