"""Requests in the forms in which they are compared."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.simulator.asking import DEFAULTS, Asked, Gist, asked
from providers.simulator.places import Place

CHAT = Place("POST", "chat/completions")
HELLO = {"model": "m", "messages": [{"role": "user", "content": "hello"}]}


def ask(body: Any, place: Place = CHAT) -> Asked:
    return asked(place, json.dumps(body).encode())


@pytest.mark.parametrize(
    "same",
    [
        dict(reversed(HELLO.items())),
        {**HELLO, "stream_options": {"include_usage": True}},
        {**HELLO, **DEFAULTS},
        {**HELLO, "temperature": 1.0, "seed": None},
        {"model": "m", "messages": [{"role": "user", "content": "hello", "name": None}]},
        {
            "model": "m",
            "messages": [{"role": "user", "content": [{"type": "text", "text": "hello"}]}],
        },
    ],
    ids=str,
)
def test_what_says_the_same_is_the_same(same: dict[str, Any]):
    """Order, nulls, defaults, and a text alone in a list."""
    assert ask(same).exact == ask(HELLO).exact


@pytest.mark.parametrize(
    "other",
    [
        {**HELLO, "temperature": 0.5},
        {**HELLO, "seed": 1},
        {**HELLO, "stream": True},
        {**HELLO, "model": "n"},
        {"model": "m", "messages": [*HELLO["messages"], *HELLO["messages"]]},
        {"model": "m", "messages": [{"role": "user", "content": [{"text": "hello", "x": 1}]}]},
    ],
    ids=str,
)
def test_what_says_something_else_is_not(other: dict[str, Any]):
    """Every other difference counts."""
    assert ask(other).exact != ask(HELLO).exact


def test_names_are_the_same_in_both_of_googles_spellings():
    """REST has humps, some SDKs do not."""
    parts = {"contents": [{"parts": [{"functionResponse": {"name": "f"}}]}]}
    other = {"contents": [{"parts": [{"function_response": {"name": "f"}}]}]}
    assert ask(parts).exact == ask(other).exact
    assert (
        ask({"generationConfig": {"topP": 1}}).exact
        == ask({"generation_config": {"top_p": 1.0}}).exact
    )


USER = {"role": "user", "content": "first"}
CALL = {"role": "assistant", "content": None, "tool_calls": [{"id": "1"}, {"id": "2"}]}
RESULT = {"role": "tool", "tool_call_id": "1", "content": "found"}
ITEM = {"type": "function_call_output", "call_id": "1", "output": "found"}


@pytest.mark.parametrize(
    ("body", "text", "results"),
    [
        ({"messages": [USER]}, "first", 0),
        ({"messages": [USER, CALL, RESULT, RESULT]}, "first", 2),
        ({"messages": [USER, CALL, RESULT, {"role": "user", "content": "next"}]}, "next", 0),
        ({"messages": [{"role": "system", "content": "x"}, USER]}, "first", 0),
        (
            {"messages": [{"role": "user", "content": [{"type": "text", "text": "a"}, {"x": 1}]}]},
            "a",
            0,
        ),
        (
            {
                "messages": [
                    USER,
                    {"role": "user", "content": [{"type": "tool_result", "content": "found"}]},
                ]
            },
            "first",
            1,
        ),
        (
            {
                "messages": [
                    {"role": "user", "content": [{"text": "first"}]},
                    {"role": "user", "content": [{"toolResult": {"content": [{"text": "x"}]}}]},
                ]
            },
            "first",
            1,
        ),
        ({"contents": [{"parts": [{"text": "first"}]}]}, "first", 0),
        (
            {
                "contents": [
                    {"role": "user", "parts": [{"text": "first"}]},
                    {"role": "model", "parts": [{"functionCall": {}}]},
                    {"role": "user", "parts": [{"functionResponse": {}}, {"functionResponse": {}}]},
                ]
            },
            "first",
            2,
        ),
        ({"input": "first"}, "first", 0),
        ({"input": ["first", "next"]}, "first\nnext", 0),
        ({"input": [1, 2]}, "1\n2", 0),
        ({"input": [USER, {"type": "function_call"}, ITEM]}, "first", 1),
        ({"input": [ITEM]}, "", 1),
        ({"input": [{"type": "text", "text": "a"}, {"type": "image_url"}]}, "a", 0),
        ({"prompt": "first"}, "first", 0),
        ({"message": "first", "tool_results": [1, 2, 3]}, "first", 3),
        ({"requests": [{"content": {"parts": [{"text": "a"}]}}]}, "a", 0),
        ({"input": {"converse": {"messages": [{"content": [{"text": "a"}]}]}}}, "a", 0),
        ({}, "", 0),
    ],
    ids=str,
)
def test_the_gist_is_the_users_last_text_and_what_came_since(
    body: dict[str, Any], text: str, results: int
):
    """In every language; who asks again with results does not get the first answer again."""
    assert ask({"model": "m", **body}).gist == Gist("m", False, text, results)


def test_the_model_may_be_in_the_path():
    """It goes before the body's."""
    gist = ask(HELLO, Place("POST", "chat/completions", "deployed")).gist
    assert (gist.model, ask({**HELLO, "stream": True}).gist.stream) == ("deployed", True)


def test_differences_have_names():
    """For who asked for something that is not there."""
    assert Gist("m", True, "a", 1).differences(Gist("n", True, "b", 1)) == ["model", "text"]


def test_the_most_alike_have_most_in_common():
    """Equal parameters count twice, other values of the same ones once."""
    mine = ask({**HELLO, "seed": 1, "tools": []})
    likes = [ask(HELLO), ask({**HELLO, "seed": 2}), ask({**HELLO, "seed": 1})]
    assert [mine.likeness(other) for other in likes] == [4, 5, 6]


@pytest.mark.parametrize("body", [b"", b"--boundary\r\n", b"\xff", b"[" * 9000, b'"\\ud800"'])
def test_what_is_no_json_is_itself(body: bytes):
    """Forms with files, and nothing at all."""
    told = asked(CHAT, body)
    assert (told.exact, told.gist) == (body, Gist())


_NAMES = st.sampled_from(["model", "messages", "input", "role", "content", "type", "text", "parts"])
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=4),
    max_leaves=12,
)


@given(_JSON)
def test_nonsense_is_asked_too(body: Any):
    """Clients send what they like: nothing is raised, and the same is the same."""
    raw = json.dumps(body).encode()
    assert asked(CHAT, raw) == asked(CHAT, raw)
