"""A request of the Responses API as the call that every upstream can be sent."""

from typing import Any

import pytest

from gateway.apis.api import Asked
from gateway.apis.responses_request import read_responses
from providers.conversation import ResponseFormat, Tool, ToolChoice
from providers.types import ChatCall
from tests.gateway.asked import refusal

ADD = {"type": "function", "name": "add", "parameters": {"type": "object"}, "strict": True}
SCHEMA = {"type": "json_schema", "name": "n", "schema": {"type": "object"}, "strict": True}


def read(**members: Any) -> ChatCall:
    return read_responses(Asked({"model": "m", "input": "x", **members}))


def only(**members: Any) -> str | None:
    call = read(**members)
    assert call.native is not None
    return call.native.only


def test_every_parameter_has_its_place_in_the_call() -> None:
    """Under the names of a chat, for dialects that know nothing else."""
    call = read(
        instructions="be brief",
        max_output_tokens=20,
        temperature=0.5,
        top_p=0.9,
        stream=True,
        tools=[ADD],
        tool_choice={"type": "function", "name": "add"},
        parallel_tool_calls=False,
        text={"format": SCHEMA, "verbosity": "low"},
        reasoning={"effort": "low", "summary": "auto"},
        top_logprobs=2,
        metadata={"a": "b"},
        user="u",
    )
    assert (call.model, call.max_tokens, call.stream) == ("m", 20, True)
    assert (call.temperature, call.top_p, call.parallel) == (0.5, 0.9, False)
    assert call.tools == (Tool("add", "", {"type": "object"}, strict=True),)
    assert call.tool_choice == ToolChoice("required", "add")
    assert call.response_format == ResponseFormat({"type": "object"}, "n", strict=True)
    assert (call.effort, call.logprobs) == ("low", 2)
    assert [message.role for message in call.messages] == ["system", "user"]
    assert (call.body["verbosity"], call.body["metadata"]) == ("low", {"a": "b"})
    assert "input" not in call.body


def test_what_says_nothing_is_left_out() -> None:
    """So that strict upstreams need not refuse it."""
    call = read(
        stream=False,
        text={"format": {"type": "text"}, "verbosity": "medium"},
        reasoning={"effort": None},
        truncation="auto",
        include=["reasoning.encrypted_content"],
        store=False,
        background=False,
        tool_choice="auto",
        previous_response_id=None,
        stream_options={"include_obfuscation": False},
    )
    assert call.body.keys() == {"model", "messages"}
    assert call.native is not None
    assert call.native.only is None


def test_probabilities_may_be_asked_for_in_two_ways() -> None:
    """Of the words alone, or of others beside them."""
    assert read(include=["message.output_text.logprobs"]).logprobs == 0
    assert read(top_logprobs=3).logprobs == 3
    assert read(top_logprobs=0).logprobs is None


def test_a_json_object_needs_no_schema() -> None:
    """Any will do."""
    assert read(text={"format": {"type": "json_object"}}).response_format == ResponseFormat()


def test_what_nobody_here_knows_goes_on_under_its_name() -> None:
    """So that who cannot honour it refuses it."""
    assert read(wishes="many").body["wishes"] == "many"


@pytest.mark.parametrize(
    ("members", "name"),
    [
        ({"previous_response_id": "resp_1"}, "previous_response_id"),
        ({"conversation": {"id": "conv_1"}}, "conversation"),
        ({"prompt": {"id": "pmpt_1"}}, "prompt"),
        ({"background": True}, "background"),
        ({"store": True}, "store"),
        ({"tools": [{"type": "web_search"}]}, "tools[0]"),
        ({"tool_choice": {"type": "file_search"}}, "tool_choice"),
        ({"input": [{"type": "item_reference", "id": "msg_1"}]}, "input[0]"),
    ],
)
def test_what_only_this_form_can_say_is_named(members: Any, name: str) -> None:
    """Who speaks another cannot honour it."""
    assert only(**members) == name


def test_the_request_is_kept_as_it_came() -> None:
    """For upstreams that speak this form, down to members that nobody here knows."""
    call = read(wishes="many", store=True)
    assert call.native is not None
    assert call.native.form == "responses"
    assert call.native.body == {"model": "m", "input": "x", "wishes": "many", "store": True}


def test_who_speaks_this_form_is_not_shown_what_is_ours() -> None:
    """Thoughts of other models, which it would look for in vain, and what was added to items."""
    user = {"role": "user", "content": "x"}
    ours = {"type": "reasoning", "id": "rs_01JAB3CDEFGHJKMNPQRSTVWXYZ00", "summary": []}
    theirs = {"type": "reasoning", "id": "rs_0ac6a4d9e19151d5", "summary": []}
    call = {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}
    extra = {"extra_content": {"google": {"thought_signature": "s"}}}
    native = read(input=[user, ours, theirs, {**call, **extra}]).native
    assert native is not None
    assert native.body["input"] == [user, theirs, call]


@pytest.mark.parametrize(
    ("members", "where"),
    [
        ({"model": None}, "model"),
        ({"input": None}, "input"),
        ({"max_output_tokens": 0}, "max_output_tokens"),
        ({"temperature": 3}, "temperature"),
        ({"top_p": "x"}, "top_p"),
        ({"top_logprobs": 21}, "top_logprobs"),
        ({"stream": "yes"}, "stream"),
        ({"background": "yes"}, "background"),
        ({"store": 1}, "store"),
        ({"text": "json"}, "text"),
        ({"text": {"format": {"type": "xml"}}}, "text.format.type"),
        ({"text": {"format": {"type": "json_schema"}}}, "text.format.schema"),
        ({"text": {"format": {**SCHEMA, "name": None}}}, "text.format.name"),
        ({"reasoning": "much"}, "reasoning"),
        ({"reasoning": {"effort": "huge"}}, "reasoning.effort"),
        ({"include": "all"}, "include"),
        ({"metadata": []}, "metadata"),
        ({"previous_response_id": 5}, "previous_response_id"),
    ],
)
def test_what_is_wrong_is_named(members: Any, where: str) -> None:
    """In the client's own words."""
    assert refusal(lambda: read(**members)).param == where
