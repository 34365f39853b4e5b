"""A request of Anthropic's Messages API as the call that every upstream can be sent."""

from typing import Any

import pytest

from gateway.apis.api import Asked
from gateway.apis.messages_request import read_count, read_messages
from providers.conversation import ResponseFormat, Tool, ToolChoice
from providers.types import ChatCall
from tests.gateway.asked import refusal

USER = {"role": "user", "content": "x"}
TOOL = {"name": "add", "description": "adds", "input_schema": {"type": "object"}}
USE = {"type": "tool_use", "id": "toolu_1", "name": "add", "input": {}}
RESULT = {
    "role": "user",
    "content": [{"type": "tool_result", "tool_use_id": "toolu_1", "content": "1"}],
}


def body(**members: Any) -> dict[str, Any]:
    return {"model": "m", "max_tokens": 5, "messages": [USER], **members}


def read(**members: Any) -> ChatCall:
    return read_messages(Asked(body(**members)))


def test_every_parameter_has_its_place_in_the_call() -> None:
    """Under OpenAI's names, for dialects that know nothing of Anthropic."""
    call = read(
        temperature=0.5,
        top_p=0.9,
        top_k=3,
        stop_sequences=["END"],
        stream=True,
        metadata={"user_id": "u"},
        service_tier="standard_only",
        tools=[TOOL],
        tool_choice={"type": "tool", "name": "add", "disable_parallel_tool_use": True},
    )
    assert (call.model, call.max_tokens, call.stream) == ("m", 5, True)
    assert (call.temperature, call.top_p, call.stop) == (0.5, 0.9, ("END",))
    assert call.tools == (Tool("add", "adds", {"type": "object"}),)
    assert call.tool_choice == ToolChoice("required", "add")
    assert not call.parallel
    assert {name: call.body[name] for name in ("top_k", "user", "service_tier")} == {
        "top_k": 3,
        "user": "u",
        "service_tier": "default",
    }


def test_what_was_asked_is_kept_as_it_came() -> None:
    """With the versions that the client wants, and without its key."""
    asked = body(unheard_of={"a": 1}, cache_control={"type": "ephemeral"})
    headers = {"anthropic-version": "2026-10-21", "anthropic-beta": "b", "x-api-key": "hush"}
    call = read_messages(Asked(asked, headers=headers))

    assert call.native is not None
    assert call.native.form == "anthropic"
    assert call.native.body is asked
    assert dict(call.native.headers) == {"anthropic-version": "2026-10-21", "anthropic-beta": "b"}
    assert call.native.only is None
    assert call.body["unheard_of"] == {"a": 1}
    assert "cache_control" not in call.body


@pytest.mark.parametrize(
    ("said", "effort"),
    [
        ({}, None),
        ({"thinking": {"type": "enabled", "budget_tokens": 1024}}, "low"),
        ({"thinking": {"type": "enabled", "budget_tokens": 8192}}, "medium"),
        ({"thinking": {"type": "enabled", "budget_tokens": 30000}}, "high"),
        ({"thinking": {"type": "adaptive"}}, None),
        ({"thinking": {"type": "adaptive"}, "output_config": {"effort": "low"}}, "low"),
        ({"output_config": {"effort": "max"}}, "xhigh"),
        ({"thinking": {"type": "disabled"}, "output_config": {"effort": "low"}}, None),
    ],
)
def test_how_long_to_think_is_a_word(said: dict[str, Any], effort: str | None) -> None:
    """Whether it was a budget or a word before."""
    assert read(**said).effort == effort


@pytest.mark.parametrize("place", ["output_config", "output_format"])
def test_a_schema_for_the_answer_is_openais_kind_of_schema(place: str) -> None:
    """In its place of today, and in the one it had at first."""
    wanted = {"type": "json_schema", "schema": {"type": "object"}}
    call = read(**{place: {"format": wanted} if place == "output_config" else wanted})
    assert call.response_format == ResponseFormat({"type": "object"}, "answer", strict=True)


@pytest.mark.parametrize(
    ("choice", "mode"), [("auto", "auto"), ("any", "required"), ("none", "none")]
)
def test_whether_tools_must_be_called(choice: str, mode: Any) -> None:
    """Without tools there is nothing to choose."""
    assert read(tools=[TOOL], tool_choice={"type": choice}).tool_choice == ToolChoice(mode)
    assert read(tool_choice={"type": choice}).tool_choice is None


def test_anthropics_own_tools_are_for_anthropic_alone() -> None:
    """The functions beside them are translated."""
    search = {"type": "web_search_20250305", "name": "web_search"}
    call = read(tools=[TOOL, {"type": "custom", **TOOL}, search])
    assert [tool.name for tool in call.tools] == ["add", "add"]
    assert call.native is not None
    assert call.native.only == "tools[2]"


def test_thoughts_of_other_models_are_not_told_to_anthropic() -> None:
    """It would refuse them; and it does not think on where its own thoughts are lost."""
    foreign = {"type": "thinking", "thinking": "hm", "signature": ""}
    signed = {**foreign, "signature": "s"}
    thinking = {"type": "enabled", "budget_tokens": 1024}
    messages = [
        {"role": "assistant", "content": [foreign]},
        {"role": "assistant", "content": [signed, USE]},
        RESULT,
        {"role": "assistant", "content": [foreign, USE]},
        RESULT,
    ]
    call = read(messages=messages, thinking=thinking)
    assert call.native is not None
    assert call.native.body["messages"] == [
        {"role": "assistant", "content": [signed, USE]},
        RESULT,
        {"role": "assistant", "content": [USE]},
        RESULT,
    ]
    assert "thinking" not in call.native.body

    call = read(messages=[messages[0], *messages[1:3]], thinking=thinking)
    assert call.native is not None
    assert call.native.body["thinking"] == thinking


def test_counting_needs_no_limit() -> None:
    """It makes no answer."""
    call = read_count(Asked({"model": "m", "messages": [USER], "tools": [TOOL]}))
    assert (call.max_tokens, len(call.tools)) == (None, 1)


@pytest.mark.parametrize(
    ("said", "parameter"),
    [
        ({"model": None}, "model"),
        ({"max_tokens": None}, "max_tokens"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"temperature": 1.5}, "temperature"),
        ({"stop_sequences": [5]}, "stop_sequences"),
        ({"stream": "yes"}, "stream"),
        ({"tools": {}}, "tools"),
        ({"tools": ["x"]}, "tools[0]"),
        ({"tools": [{}]}, "tools[0].name"),
        ({"tools": [TOOL], "tool_choice": "auto"}, "tool_choice.type"),
        ({"tools": [TOOL], "tool_choice": {"type": "tool"}}, "tool_choice.name"),
        ({"thinking": 5}, "thinking"),
        ({"metadata": "u"}, "metadata"),
        ({"output_config": {"format": {}}}, "output_config.format"),
        ({"output_format": "json"}, "output_config.format"),
    ],
)
def test_what_is_wrong_is_named(said: dict[str, Any], parameter: str) -> None:
    """By the name that Anthropic's clients know."""
    error = refusal(lambda: read(**said))
    assert (error.status, error.param) == (400, parameter)


def test_after_another_models_call_anthropic_is_not_asked_to_think() -> None:
    """It would miss the thoughts before the call; its own calls may have none."""
    thinking = {"type": "enabled", "budget_tokens": 1024}
    for call_id, thinks in (("call_1", False), ("toolu_1", True), ("tooluse_x", True)):
        use = {**USE, "id": call_id}
        result = {"type": "tool_result", "tool_use_id": call_id}
        messages = [
            {"role": "assistant", "content": [use]},
            {"role": "user", "content": [result]},
        ]
        call = read(messages=messages, thinking=thinking)
        assert call.native is not None
        assert ("thinking" in call.native.body) is thinks
