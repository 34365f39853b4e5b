"""Chats in Gemini's form: what each thing that a client can say becomes."""

from typing import Any

import pytest

from providers.conversation import (
    AudioPart,
    FilePart,
    ImagePart,
    Message,
    ResponseFormat,
    TextPart,
    Tool,
    ToolChoice,
    ToolUse,
)
from providers.errors import RequestRejected
from providers.gemini_chat import UNSIGNED, chat_body
from providers.types import ChatCall

TOOL = Tool("f", "does", {"type": "object", "properties": {"a": {"$ref": "#/$defs/A"}}})


def body(*messages: Message, model: str = "gemini-2.5-flash", **changes: Any) -> dict[str, Any]:
    said = messages or (Message("user", "hi"),)
    return chat_body(ChatCall("m", said, changes.pop("body", {}), **changes), model)


def test_tools_are_declared_with_their_schemas_as_they_are() -> None:
    """In the member that takes any JSON schema; a function without arguments has none."""
    (tools,) = body(tools=(TOOL, Tool("g")))["tools"]
    assert tools["functionDeclarations"] == [
        {"name": "f", "description": "does", "parametersJsonSchema": TOOL.parameters},
        {"name": "g"},
    ]


@pytest.mark.parametrize(
    ("choice", "config"),
    [
        (ToolChoice("auto"), {"mode": "AUTO"}),
        (ToolChoice("none"), {"mode": "NONE"}),
        (ToolChoice("required"), {"mode": "ANY"}),
        (ToolChoice("required", "f"), {"mode": "ANY", "allowedFunctionNames": ["f"]}),
        (ToolChoice("auto", allowed=("f",)), {"mode": "VALIDATED", "allowedFunctionNames": ["f"]}),
    ],
)
def test_every_choice_of_tools_has_its_mode(choice: ToolChoice, config: Any) -> None:
    """Without tools there is nothing to choose from."""
    made = body(tools=(TOOL,), tool_choice=choice)
    assert made["toolConfig"] == {"functionCallingConfig": config}
    assert "toolConfig" not in body(tool_choice=choice)


def test_calls_and_their_results_are_told_as_turns_of_parts() -> None:
    """Results of one batch stand together, under the names of their calls."""
    calls = (ToolUse("1", "f", '{"a":1}'), ToolUse("2", "g", ""))
    turns = body(
        Message("user", "x"),
        Message("assistant", "hm", tool_calls=calls),
        Message("tool", "one", tool_call_id="1"),
        Message("tool", "two", tool_call_id="2"),
        Message("user", "y"),
    )["contents"]
    assert [turn["role"] for turn in turns] == ["user", "model", "user", "user"]
    assert turns[1]["parts"] == [
        {"text": "hm"},
        {"functionCall": {"id": "1", "name": "f", "args": {"a": 1}}},
        {"functionCall": {"id": "2", "name": "g", "args": {}}},
    ]
    assert turns[2]["parts"] == [
        {"functionResponse": {"id": "1", "name": "f", "response": {"output": "one"}}},
        {"functionResponse": {"id": "2", "name": "g", "response": {"output": "two"}}},
    ]


def signatures(model: str, *uses: ToolUse) -> list[str | None]:
    turn = body(Message("assistant", "", tool_calls=uses), model=model)["contents"][0]
    return [part.get("thoughtSignature") for part in turn["parts"]]


def test_a_signature_goes_back_with_its_call_and_a_lost_one_is_made_up_for() -> None:
    """On the first call of a turn alone, and only for models that demand one."""
    signed = ToolUse("1", "f", "{}", extra={"google": {"thought_signature": "s"}})
    plain = ToolUse("2", "g", "{}")
    assert signatures("gemini-3-pro", signed, plain) == ["s", None]
    assert signatures("gemini-3.1-flash", plain, plain) == [UNSIGNED, None]
    assert signatures("gemini-2.5-pro", plain) == [None]


def test_what_was_said_keeps_its_signature() -> None:
    """On the last of its parts, as Google sends it."""
    kept = {"google": {"thought_signature": "s"}}
    said = (TextPart("a"), TextPart("b"))
    turn = body(Message("assistant", "ab", said, extra=kept), model="gemini-3-pro")["contents"][0]
    assert turn["parts"] == [{"text": "a"}, {"text": "b", "thoughtSignature": "s"}]


def test_every_kind_of_part_has_its_place() -> None:
    """Inline where the content is here, by address where it is elsewhere."""
    parts = (
        TextPart("a"),
        TextPart(""),
        ImagePart("data:image/png;base64,AA"),
        ImagePart("https://x/y.png"),
        AudioPart("BB", "mp3"),
        FilePart("data:application/pdf;base64,CC", "c.pdf"),
    )
    assert body(Message("user", "a", parts))["contents"][0]["parts"] == [
        {"text": "a"},
        {"inlineData": {"mimeType": "image/png", "data": "AA"}},
        {"fileData": {"mimeType": "image/png", "fileUri": "https://x/y.png"}},
        {"inlineData": {"mimeType": "audio/mpeg", "data": "BB"}},
        {"inlineData": {"mimeType": "application/pdf", "data": "CC"}},
    ]


def test_a_file_that_only_another_provider_has_is_refused() -> None:
    """By a 400 that says where."""
    with pytest.raises(RequestRejected) as caught:
        body(Message("user", "", (FilePart(file_id="file-1"),)))
    assert caught.value.param == "messages"


def test_an_image_may_be_the_result_of_a_tool() -> None:
    """It stands beside the text."""
    shown = (TextPart("t"), ImagePart("data:image/png;base64,AA"))
    (part,) = body(Message("tool", "t", shown, tool_call_id="1"))["contents"][0]["parts"]
    held = part["functionResponse"]["parts"]
    assert held == [{"inlineData": {"mimeType": "image/png", "data": "AA"}}]


def test_a_format_is_a_type_and_a_schema() -> None:
    """Name and strictness have no place."""
    json = {"responseMimeType": "application/json"}
    assert body(response_format=ResponseFormat())["generationConfig"] == json
    wish = ResponseFormat({"type": "object"}, "n", strict=True)
    made = body(response_format=wish)["generationConfig"]
    assert made == {**json, "responseJsonSchema": {"type": "object"}}


@pytest.mark.parametrize(
    ("model", "effort", "thinking"),
    [
        ("gemini-2.5-flash", "low", {"thinkingBudget": 1024, "includeThoughts": True}),
        ("gemini-2.5-pro", "high", {"thinkingBudget": 24576, "includeThoughts": True}),
        ("gemini-2.5-flash", "none", {"thinkingBudget": 0}),
        ("gemini-3-pro-preview", "medium", {"thinkingLevel": "medium", "includeThoughts": True}),
        ("gemini-3-pro-preview", "xhigh", {"thinkingLevel": "high", "includeThoughts": True}),
        ("gemini-2.0-flash", "high", None),
    ],
)
def test_effort_is_told_in_the_models_own_measure(model: str, effort: str, thinking: Any) -> None:
    """Tokens or levels; models that do not think are not told."""
    config = body(model=model, effort=effort).get("generationConfig", {})
    assert config.get("thinkingConfig") == thinking


def test_what_googles_own_endpoint_knows_is_taken() -> None:
    """Its clients say it in an extension; a tier and a search have OpenAI's names."""
    google = {"thinking_config": {"include_thoughts": True}, "cached_content": "c"}
    said = {"extra_body": {"google": google}, "service_tier": "flex", "web_search_options": {}}
    made = body(body=said)
    assert made["generationConfig"] == {"thinkingConfig": {"includeThoughts": True}}
    assert made["cachedContent"] == "c"
    assert made["serviceTier"] == "SERVICE_TIER_FLEX"
    assert made["tools"] == [{"googleSearch": {}}]


def test_probabilities_are_asked_for() -> None:
    """How many alternatives, where some are wanted."""
    assert body(logprobs=3)["generationConfig"] == {"responseLogprobs": True, "logprobs": 3}
    assert body(logprobs=0)["generationConfig"] == {"responseLogprobs": True}
