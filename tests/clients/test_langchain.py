"""LangChain's ChatOpenAI, with tools: unchanged but for base URL and key, over every family of upstreams."""

from typing import Any

import pytest
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage, ToolMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from pydantic import BaseModel

from tests.gateway_process import RunningGateway

MODELS = ["gpt-4o-mini", "claude-sonnet-4-5", "gemini-2.0-flash"]


@tool
def repeat(text: str) -> str:
    """Says it again."""
    return f"again: {text}"


class Answer(BaseModel):
    """What test mode fills in."""

    title: str
    count: int


def model(served: RunningGateway, key: str, name: str) -> Any:
    """A model as LangChain's documentation sets it up."""
    return ChatOpenAI(model=name, base_url=f"{served.base_url}/v1", api_key=key, max_retries=0)


@pytest.mark.parametrize("name", MODELS)
def test_a_tool_is_called_and_its_result_is_answered(
    served: RunningGateway, key: str, name: str
) -> None:
    """Forced once, and then free to speak."""
    llm = model(served, key, name)
    messages: list[Any] = [HumanMessage("Say something")]
    called = llm.bind_tools([repeat], tool_choice="repeat").invoke(messages)
    assert isinstance(called, AIMessage)
    (call,) = called.tool_calls
    assert call["name"] == "repeat"
    assert set(call["args"]) == {"text"}

    result = ToolMessage(repeat.invoke(call["args"]), tool_call_id=call["id"])
    said = llm.bind_tools([repeat]).invoke([*messages, called, result])
    assert said.content
    assert not said.tool_calls
    assert said.usage_metadata is not None
    assert said.usage_metadata["total_tokens"] > 0


@pytest.mark.parametrize("name", MODELS)
def test_a_tools_call_is_streamed_in_pieces(served: RunningGateway, key: str, name: str) -> None:
    """They add up to the call."""
    whole: AIMessageChunk | None = None
    llm = model(served, key, name).bind_tools([repeat], tool_choice="repeat")
    for chunk in llm.stream("Say something"):
        whole = chunk if whole is None else whole + chunk
    assert whole is not None
    (call,) = whole.tool_calls
    assert (call["name"], set(call["args"])) == ("repeat", {"text"})


def test_an_answer_fits_its_schema(served: RunningGateway) -> None:
    """In test mode, which makes up what fits."""
    assert served.test_key is not None
    llm = model(served, served.test_key, MODELS[0]).with_structured_output(Answer)
    answer = llm.invoke("Describe a book")
    assert isinstance(answer, Answer)


def test_conversations_change_their_provider_in_the_middle(
    served: RunningGateway, key: str
) -> None:
    """The messages are LangChain's own; whoever is next accepts them."""
    messages: list[Any] = [HumanMessage("Say something")]
    for name in (*MODELS, MODELS[0]):
        llm = model(served, key, name).bind_tools([repeat], tool_choice="repeat")
        called = llm.invoke(messages)
        (call,) = called.tool_calls
        result = ToolMessage("42", tool_call_id=call["id"])
        messages += [called, result, HumanMessage("Say something else")]
    assert len(messages) == 13
