"""The input of the Responses API as chat messages; what is wrong is named where it stands."""

from typing import Any

import pytest

from gateway.apis.responses_items import Items
from tests.gateway.asked import refusal

CALL = {"type": "function_call", "call_id": "c1", "name": "add", "arguments": '{"a":1}'}
TOLD = {"id": "c1", "type": "function", "function": {"name": "add", "arguments": '{"a":1}'}}
RESULT = {"type": "function_call_output", "call_id": "c1", "output": "2"}
THOUGHT = {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "hm"}]}
SEALED = {**THOUGHT, "encrypted_content": "xyz"}
PICTURE = {"type": "input_image", "image_url": "data:image/png;base64,AA"}
SHOWN = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA"}}


def read(*items: Any, **body: Any) -> Items:
    found = Items()
    found.read({"input": list(items), **body})
    return found


def user(said: Any = "x") -> dict[str, Any]:
    return {"role": "user", "content": said}


def assistant(said: str) -> dict[str, Any]:
    content = [{"type": "output_text", "text": said, "annotations": []}]
    return {"type": "message", "role": "assistant", "id": "msg_1", "content": content}


def test_a_string_is_what_the_user_says_and_instructions_come_first() -> None:
    """As a system's message, which every provider has."""
    found = Items()
    found.read({"input": "x", "instructions": "be brief"})
    assert found.messages == [{"role": "system", "content": "be brief"}, user()]


def test_turns_keep_their_roles() -> None:
    """With a type or without; texts in parts become one."""
    made = read(
        {"role": "developer", "content": [{"type": "input_text", "text": "a"}]},
        {"role": "user", "content": [{"type": "input_text", "text": t} for t in ("b", "c")]},
        assistant("d"),
        {"type": "message", "role": "system", "content": "e"},
    ).messages
    assert made == [
        {"role": "developer", "content": "a"},
        {"role": "user", "content": "bc"},
        {"role": "assistant", "content": "d"},
        {"role": "system", "content": "e"},
    ]


def test_thoughts_words_and_calls_in_a_row_are_one_turn() -> None:
    """As a chat has it; results are turns of their own, and what follows them a new one."""
    made = read(user(), THOUGHT, assistant("so"), CALL, RESULT, assistant("2")).messages
    assert made[1:] == [
        {
            "role": "assistant",
            "reasoning_content": "hm",
            "content": "so",
            "tool_calls": [TOLD],
        },
        {"role": "tool", "tool_call_id": "c1", "content": "2"},
        {"role": "assistant", "content": "2"},
    ]


def test_two_messages_in_a_row_stay_two() -> None:
    """Nothing is glued together that was said apart."""
    made = read(user(), assistant("a"), assistant("b")).messages
    assert [message["content"] for message in made[1:]] == ["a", "b"]


def test_a_custom_tool_takes_text() -> None:
    """And its result is a result."""
    called = {"type": "custom_tool_call", "call_id": "c1", "name": "run", "input": "print(1)"}
    made = read(user(), called, {**RESULT, "type": "custom_tool_call_output"}).messages
    [call] = made[1]["tool_calls"]
    assert call == {"id": "c1", "type": "custom", "custom": {"name": "run", "input": "print(1)"}}
    assert made[2]["role"] == "tool"


def test_what_results_show_follows_all_of_them_as_the_users() -> None:
    """A chat takes media from users only, and results must follow the calls at once."""
    shows = {**RESULT, "output": [{"type": "input_text", "text": "see"}, PICTURE]}
    made = read(user(), CALL, shows, {**RESULT, "call_id": "c2"}, user("so?")).messages
    assert [message["role"] for message in made[2:]] == ["tool", "tool", "user", "user"]
    assert made[2]["content"] == "see"
    assert made[4]["content"] == [SHOWN]


def test_sealed_thoughts_are_kept_for_who_can_read_them() -> None:
    """In the turn's extra content, whole, beside their words."""
    made = read(user(), SEALED, CALL, RESULT).messages
    assert made[1]["reasoning_content"] == "hm"
    assert made[1]["extra_content"] == {"openai": {"reasoning": [SEALED]}}


def test_thoughts_in_their_own_words_go_before_summaries() -> None:
    """Open models tell them whole."""
    spoken = {**THOUGHT, "content": [{"type": "reasoning_text", "text": "long"}]}
    assert read(user(), spoken, CALL).messages[1]["reasoning_content"] == "long"


@pytest.mark.parametrize("after", [(), (user("y"),)], ids=["nothing", "the user"])
def test_thoughts_that_came_to_nothing_are_left_out(after: Any) -> None:
    """They belong to no turn."""
    made = read(user(), THOUGHT, *after).messages
    assert all(message["role"] == "user" for message in made)


def test_what_providers_want_to_see_again_comes_back_with_its_item() -> None:
    """Where the client brought it."""
    extra = {"google": {"thought_signature": "s"}}
    made = read(
        user(), {**assistant("a"), "extra_content": extra}, {**CALL, "extra_content": extra}
    ).messages
    assert made[1]["extra_content"] == extra
    assert made[1]["tool_calls"][0]["extra_content"] == extra


@pytest.mark.parametrize(
    ("item", "where"),
    [
        ({"type": "item_reference", "id": "msg_1"}, "input[1]"),
        ({"type": "web_search_call", "id": "ws_1", "status": "completed"}, "input[1]"),
        ({"type": ["x"]}, "input[1]"),
        (user([{"type": "input_image", "file_id": "file-1"}]), "input[1].content[0]"),
        (user([{"type": "input_file", "file_url": "https://x"}]), "input[1].content[0]"),
    ],
)
def test_what_a_chat_cannot_say_is_named(item: Any, where: str) -> None:
    """By the first place."""
    assert read(user(), item, {"type": "item_reference", "id": "z"}).only == where


def test_an_input_that_is_kept_elsewhere_need_not_be_given() -> None:
    """Then there is nothing to read."""
    found = Items()
    found.read({"previous_response_id": "resp_1"})
    assert found.messages == []


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({}, "input"),
        ({"input": 5}, "input"),
        ({"input": ["x"]}, "input[0]"),
        ({"input": [{"role": "robot", "content": "x"}]}, "input[0].role"),
        ({"input": [{"role": "user", "content": 5}]}, "input[0].content"),
        ({"input": [{"role": "user", "content": [{}]}]}, "input[0].content[0].type"),
        ({"input": [{**CALL, "call_id": None}]}, "input[0].call_id"),
        ({"input": [{**CALL, "name": ""}]}, "input[0].name"),
        ({"input": [{**CALL, "arguments": {}}]}, "input[0].arguments"),
        ({"input": [{**RESULT, "output": None}]}, "input[0].output"),
        ({"input": "x", "instructions": ["y"]}, "instructions"),
    ],
)
def test_what_is_wrong_is_named(body: Any, where: str) -> None:
    """In the client's own words."""
    assert refusal(lambda: Items().read(body)).param == where
