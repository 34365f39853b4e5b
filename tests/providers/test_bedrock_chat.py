"""A chat in Converse's form, member by member."""

from typing import Any

import pytest

from gateway.wire import read_chat
from providers.bedrock import Bedrock
from providers.errors import RequestRejected
from tests.providers.test_bedrock import CALLED, PDF, PNG, TOOL, WITH_CALLS, written

CLAUDE_4 = "us.anthropic.claude-sonnet-4-20250514-v1:0"


def blocks(*messages: dict[str, Any], **members: Any) -> list[list[Any]]:
    body = written(messages=[*messages], **members)
    return [turn["content"] for turn in body["messages"]]


def user(*content: Any) -> dict[str, Any]:
    return {"role": "user", "content": [*content]}


def test_instructions_stand_beside_the_turns() -> None:
    """All of them, wherever they were; alone they are the user's."""
    said = {"role": "system", "content": "be brief"}
    body = written(messages=[said, {"role": "user", "content": "x"}])
    assert body["system"] == [{"text": "be brief"}]
    assert written(messages=[said])["messages"][0]["content"] == [{"text": "be brief"}]


def test_user_and_assistant_take_turns() -> None:
    """Two of one side become one, results of calls included."""
    after = [
        *WITH_CALLS,
        {"role": "user", "content": "go on"},
        {"role": "user", "content": "please"},
    ]
    body = written(messages=after, tools=[TOOL])
    assert [turn["role"] for turn in body["messages"]] == ["user", "assistant", "user"]
    assert body["messages"][-1]["content"] == [
        {"toolResult": {"toolUseId": "c1", "content": [{"text": "3"}]}},
        {"text": "go on"},
        {"text": "please"},
    ]


def test_a_call_without_a_result_is_given_one() -> None:
    """Bedrock refuses the conversation else."""
    [_, _, [result]] = blocks(*WITH_CALLS[:2], tools=[TOOL])
    assert result["toolResult"]["status"] == "error"


def test_images_and_files_are_inline_and_documents_numbered() -> None:
    """A client's file name may hold what names there may not, and twice the same."""
    [[image, first, second]] = blocks(user(PNG, PDF, PDF))
    assert image == {"image": {"format": "png", "source": {"bytes": "iVBORw0KGgo="}}}
    assert [doc["document"]["name"] for doc in (first, second)] == ["document 1", "document 2"]
    assert first["document"]["format"] == "pdf"
    assert first["document"]["source"] == {"bytes": "JVBERi0="}


@pytest.mark.parametrize(
    "part",
    [
        {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
        {"type": "image_url", "image_url": {"url": "data:image/tiff;base64,AAAA"}},
        {"type": "file", "file": {"file_id": "file-1"}},
        {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}},
    ],
)
def test_what_bedrock_would_have_to_fetch_is_refused(part: dict[str, Any]) -> None:
    """Before anything is sent, and in Bedrock's name."""
    call = read_chat({"model": "m", "messages": [user(part)]})
    with pytest.raises(RequestRejected, match="Bedrock") as refused:
        Bedrock().encode(call, "amazon.nova-pro-v1:0")
    assert refused.value.param == "messages"


@pytest.mark.parametrize(
    ("choice", "told"),
    [
        ("auto", {"auto": {}}),
        ("required", {"any": {}}),
        ({"type": "function", "function": {"name": "add"}}, {"tool": {"name": "add"}}),
    ],
)
def test_a_choice_of_tools_is_told(choice: Any, told: Any) -> None:
    """In each of its modes; none at all is no tools at all."""
    assert written(tools=[TOOL], tool_choice=choice)["toolConfig"]["toolChoice"] == told
    assert "toolConfig" not in written(tools=[TOOL], tool_choice="none")


def test_only_the_tools_that_are_allowed_are_offered() -> None:
    """Converse has no word for a part of them."""
    other = {"type": "function", "function": {"name": "other"}}
    allowed = {"mode": "required", "tools": [{"type": "function", "function": {"name": "other"}}]}
    choice = {"type": "allowed_tools", "allowed_tools": allowed}
    body = written(tools=[TOOL, other], tool_choice=choice)
    assert [tool["toolSpec"]["name"] for tool in body["toolConfig"]["tools"]] == ["other"]


def test_tools_that_were_called_are_offered_again() -> None:
    """Bedrock refuses calls in the conversation without them."""
    [tool] = written(messages=WITH_CALLS)["toolConfig"]["tools"]
    schema = {"type": "object", "properties": {}}
    assert tool == {"toolSpec": {"name": "add", "inputSchema": {"json": schema}}}


def test_an_id_that_is_too_long_is_the_same_short_one_everywhere() -> None:
    """Some servers write ids of 66 characters; Bedrock takes 64."""
    long = {**CALLED, "id": "x" * 66}
    result = {"role": "tool", "tool_call_id": "x" * 66, "content": "3"}
    made = {"role": "assistant", "tool_calls": [long]}
    [_, [use], [answer]] = blocks(WITH_CALLS[0], made, result, tools=[TOOL])
    assert use["toolUse"]["toolUseId"] == answer["toolResult"]["toolUseId"]
    assert len(use["toolUse"]["toolUseId"]) == 64


def test_a_schema_for_the_answer_is_told_as_text() -> None:
    """And a mere wish for JSON as an instruction."""
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}}
    named = {"type": "json_schema", "json_schema": {"name": "n", "schema": schema}}
    form = written(response_format=named)["outputConfig"]["textFormat"]
    assert form["type"] == "json_schema"
    assert form["structure"]["jsonSchema"]["name"] == "n"
    assert '"integer"' in form["structure"]["jsonSchema"]["schema"]
    assert "JSON" in written(response_format={"type": "json_object"})["system"][0]["text"]


def test_how_to_answer_is_within_its_bounds() -> None:
    """A temperature above 1 is 1, which is the most there is."""
    body = written(temperature=1.7, top_p=0.5, max_tokens=9, stop=["a"])
    config = {"temperature": 1.0, "topP": 0.5, "maxTokens": 9, "stopSequences": ["a"]}
    assert body["inferenceConfig"] == config


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (CLAUDE_4, {"thinking": {"type": "enabled", "budget_tokens": 16384}}),
        ("anthropic.claude-opus-4-6-v1", {"thinking": {"type": "adaptive"}}),
        ("anthropic.claude-3-5-haiku-20241022-v1:0", None),
        ("openai.gpt-oss-120b-1:0", {"reasoning_effort": "high"}),
        ("meta.llama3-70b-instruct-v1:0", None),
    ],
)
def test_effort_is_told_in_the_models_own_words(model: str, expected: Any) -> None:
    """Where it has any."""
    body = written(model, reasoning_effort="high", max_tokens=10)
    assert body.get("additionalModelRequestFields") == expected
    effort = body.get("outputConfig", {}).get("effort")
    assert effort == ("high" if "opus" in model else None)
    budget = 16384 if model == CLAUDE_4 else 0
    assert body["inferenceConfig"]["maxTokens"] == 10 + budget


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("anthropic.claude-3-haiku-20240307-v1:0", {"top_k": 3}),
        ("amazon.nova-pro-v1:0", {"inferenceConfig": {"topK": 3}}),
    ],
)
def test_top_k_is_told_in_the_models_own_words(model: str, expected: Any) -> None:
    """Nova's is as recorded."""
    assert written(model, top_k=3)["additionalModelRequestFields"] == expected


def test_what_a_client_says_in_converses_words_stays() -> None:
    """Fields for a model, and guardrails."""
    guard = {"guardrailIdentifier": "a", "guardrailVersion": "DRAFT"}
    body = written(guardrailConfig=guard, additionalModelRequestFields={"x": 1}, top_k=3)
    assert body["guardrailConfig"] == guard
    assert body["additionalModelRequestFields"] == {"top_k": 3, "x": 1}


def test_thoughts_come_back_before_their_calls() -> None:
    """Signed or hidden; and only where the model is to think."""
    thoughts = [
        {"type": "thinking", "thinking": "hm", "signature": "s"},
        {"type": "redacted_thinking", "data": "aGlkZGVu"},
    ]
    called = {**CALLED, "extra_content": {"anthropic": {"thinking": thoughts}}}
    messages = [WITH_CALLS[0], {"role": "assistant", "tool_calls": [called]}, WITH_CALLS[2]]
    [_, thinking, _] = blocks(*messages, tools=[TOOL], reasoning_effort="low")
    assert thinking[:2] == [
        {"reasoningContent": {"reasoningText": {"text": "hm", "signature": "s"}}},
        {"reasoningContent": {"redactedContent": "aGlkZGVu"}},
    ]
    [_, [use], _] = blocks(*messages, tools=[TOOL])
    assert "toolUse" in use
