"""A chat as a request of the Responses API."""

from typing import Any

import attrs
import pytest

from gateway.wire import read_chat
from providers.openai_responses_chat import refused, response_body

USER = {"role": "user", "content": "x"}
ADD = {"name": "add", "description": "adds", "parameters": {"type": "object"}, "strict": True}
THOUGHT = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "xyz"}
CALL = {"id": "c1", "type": "function", "function": {"name": "add", "arguments": "{}"}}
RUN = {"id": "c2", "type": "custom", "custom": {"name": "run", "input": "print(1)"}}


def body(*messages: Any, model: str = "gpt-5", **members: Any) -> dict[str, Any]:
    call = read_chat({"model": "m", "messages": list(messages) or [USER], **members})
    assert refused(call) is None
    return {**response_body(call, model)}


def test_a_small_chat_leaves_nothing_behind() -> None:
    """Not stored, and its thoughts are asked for sealed."""
    assert body() == {
        "model": "gpt-5",
        "input": [{"role": "user", "content": "x"}],
        "store": False,
        "include": ["reasoning.encrypted_content"],
    }


@pytest.mark.parametrize("model", ["gpt-4o", "gpt-4.1-mini", "chatgpt-4o-latest", "ft:gpt-4o:x"])
def test_who_does_not_think_is_not_asked_for_thoughts(model: str) -> None:
    """It would refuse."""
    assert "include" not in body(model=model)


def test_a_chat_that_may_be_stored_is() -> None:
    """Then thoughts need no seal."""
    assert body(store=True) == {"model": "gpt-5", "input": [USER], "store": True}


def test_every_parameter_has_its_place() -> None:
    """Flat, or in an object of its own."""
    schema = {"name": "n", "schema": {"type": "object"}, "strict": True}
    told = body(
        stream=True,
        stream_options={"include_usage": True},
        max_tokens=20,
        temperature=0.5,
        top_p=0.9,
        tools=[{"type": "function", "function": ADD}, {"type": "web_search"}],
        tool_choice={"type": "function", "function": {"name": "add"}},
        parallel_tool_calls=False,
        response_format={"type": "json_schema", "json_schema": schema},
        verbosity="low",
        reasoning_effort="low",
        reasoning={"summary": "auto"},
        logprobs=True,
        top_logprobs=2,
        user="u",
    )
    assert told == {
        "model": "gpt-5",
        "input": [USER],
        "stream": True,
        "store": False,
        "include": ["message.output_text.logprobs", "reasoning.encrypted_content"],
        "max_output_tokens": 20,
        "temperature": 0.5,
        "top_p": 0.9,
        "tools": [{"type": "function", **ADD}, {"type": "web_search"}],
        "tool_choice": {"type": "function", "name": "add"},
        "parallel_tool_calls": False,
        "text": {"format": {"type": "json_schema", **schema}, "verbosity": "low"},
        "reasoning": {"effort": "low", "summary": "auto"},
        "top_logprobs": 2,
        "user": "u",
    }


def test_turns_become_items() -> None:
    """Thoughts before their call, calls and results beside the messages."""
    use = {**CALL, "extra_content": {"openai": {"reasoning": [THOUGHT]}}}
    told = body(
        {"role": "system", "content": "brief"},
        USER,
        {"role": "assistant", "content": "so", "tool_calls": [use, RUN]},
        {"role": "tool", "tool_call_id": "c1", "content": "2"},
        {"role": "tool", "tool_call_id": "c2", "content": "3"},
    )["input"]
    assert told == [
        {"role": "system", "content": "brief"},
        USER,
        {"role": "assistant", "content": "so"},
        THOUGHT,
        {"type": "function_call", "call_id": "c1", "name": "add", "arguments": "{}"},
        {"type": "custom_tool_call", "call_id": "c2", "name": "run", "input": "print(1)"},
        {"type": "function_call_output", "call_id": "c1", "output": "2"},
        {"type": "custom_tool_call_output", "call_id": "c2", "output": "3"},
    ]


def test_sealed_thoughts_of_a_turn_come_first() -> None:
    """As a client of this API has told them."""
    turn = {
        "role": "assistant",
        "content": "8",
        "extra_content": {"openai": {"reasoning": [THOUGHT]}},
    }
    assert body(USER, turn, USER)["input"][1:3] == [THOUGHT, {"role": "assistant", "content": "8"}]


def test_thoughts_that_the_gateway_kept_come_back() -> None:
    """Though the client has dropped them."""
    turn = {"role": "assistant", "tool_calls": [CALL]}
    result = {"role": "tool", "tool_call_id": "c1", "content": "2"}
    call = read_chat({"model": "m", "messages": [USER, turn, result]})
    said = call.messages[1]
    use = attrs.evolve(said.tool_calls[0], extra={"openai": {"reasoning": [THOUGHT]}})
    known = attrs.evolve(said, tool_calls=(use,))
    call = attrs.evolve(call, messages=(call.messages[0], known, call.messages[2]))
    assert response_body(call, "gpt-5")["input"][1] == THOUGHT


def test_images_and_files_are_parts() -> None:
    """With what else is said of them."""
    image = {"type": "image_url", "image_url": {"url": "https://x/y.png", "detail": "low"}}
    file = {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:;base64,AA"}}
    text = {"type": "text", "text": "see"}
    assert body({"role": "user", "content": [text, image, file]})["input"][0]["content"] == [
        {"type": "input_text", "text": "see"},
        {"type": "input_image", "image_url": "https://x/y.png", "detail": "low"},
        {"type": "input_file", "filename": "a.pdf", "file_data": "data:;base64,AA"},
    ]


def test_tools_of_every_age_are_flat() -> None:
    """A grammar too; and the choice among some."""
    grammar = {"type": "grammar", "grammar": {"syntax": "lark", "definition": "start: x"}}
    tools = [
        {"type": "custom", "custom": {"name": "run", "format": grammar}},
        {"type": "function", "function": ADD},
    ]
    some = {"mode": "auto", "tools": [{"type": "function", "function": {"name": "add"}}]}
    told = body(tools=tools, tool_choice={"type": "allowed_tools", "allowed_tools": some})
    flat = {"type": "grammar", "syntax": "lark", "definition": "start: x"}
    assert told["tools"][0] == {"type": "custom", "name": "run", "format": flat}
    allowed = {
        "type": "allowed_tools",
        "mode": "auto",
        "tools": [{"type": "function", "name": "add"}],
    }
    assert told["tool_choice"] == allowed
    old = body(functions=[ADD], function_call={"name": "add"})
    assert old["tools"] == [{"type": "function", **ADD}]
    assert old["tool_choice"] == {"type": "function", "name": "add"}
    assert body(tools=tools, tool_choice="required")["tool_choice"] == "required"


def test_json_of_any_kind_may_be_asked_for() -> None:
    """Without a schema."""
    assert body(response_format={"type": "json_object"})["text"] == {
        "format": {"type": "json_object"}
    }


@pytest.mark.parametrize(
    ("members", "name"),
    [
        ({"stop": ["END"]}, "stop"),
        ({"n": 2}, "n"),
        ({"seed": 1}, "seed"),
        ({"presence_penalty": 1}, "presence_penalty"),
        ({"logit_bias": {"1": 2}}, "logit_bias"),
        ({"top_k": 3}, "top_k"),
        ({"modalities": ["audio"]}, "modalities"),
    ],
)
def test_what_has_no_place_is_refused_by_name(members: Any, name: str) -> None:
    """Never dropped."""
    assert refused(read_chat({"model": "m", "messages": [USER], **members})) == name


def test_what_asks_for_nothing_is_no_reason() -> None:
    """Defaults that are spelled out; but sound is."""
    quiet = {"n": 1, "seed": None, "stop": [], "presence_penalty": 0, "modalities": ["text"]}
    assert refused(read_chat({"model": "m", "messages": [USER], **quiet})) is None
    sound = {"type": "input_audio", "input_audio": {"data": "AA", "format": "wav"}}
    heard = read_chat({"model": "m", "messages": [{"role": "user", "content": [sound]}]})
    assert refused(heard) == "messages"
