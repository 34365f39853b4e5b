"""A conversation with tools that changes provider at every turn stays valid: ids, signatures, results.

The client knows OpenAI's format and nothing else: what it does not know, it drops. Upstreams answer as they
really do, and what they are sent is held against what they really demand.
"""

import json
import re
from typing import Any

import attrs
import pytest

from gateway.keepsakes import THOUGHTS, Keepsakes
from gateway.whole import Heading, chat_body
from gateway.wire import read_chat
from providers.base import Dialect
from providers.gemini_chat import UNSIGNED
from providers.kinds import KINDS
from providers.types import ChatCall, Ended, ToolDelta, Usage

TOOL = {
    "type": "function",
    "function": {"name": "add", "parameters": {"type": "object", "properties": {"a": {}}}},
}
THOUGHT = {"type": "thinking", "thinking": "hm", "signature": "signed-by-anthropic"}


def openai_says(n: int) -> dict[str, Any]:
    function = {"name": "add", "arguments": json.dumps({"a": n})}
    call = {"id": f"call_{n}", "type": "function", "function": function}
    message = {"role": "assistant", "content": None, "tool_calls": [call]}
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls"}
    return {
        "id": "x",
        "model": "m",
        "choices": [choice],
        "usage": {"prompt_tokens": 1, "completion_tokens": 1},
    }


def anthropic_says(n: int) -> dict[str, Any]:
    use = {"type": "tool_use", "id": f"toolu_{n}", "name": "add", "input": {"a": n}}
    return {
        "id": "msg",
        "model": "m",
        "content": [THOUGHT, {"type": "text", "text": "adding"}, use],
        "stop_reason": "tool_use",
        "usage": {"input_tokens": 1, "output_tokens": 1},
    }


def gemini_says(n: int) -> dict[str, Any]:
    call = {
        "functionCall": {"name": "add", "args": {"a": n}},
        "thoughtSignature": "signed-by-google",
    }
    content = {"role": "model", "parts": [call]}
    return {"responseId": "r", "candidates": [{"content": content, "finishReason": "STOP"}]}


SAYS = {
    "openai": openai_says,
    "mistral": openai_says,
    "deepseek": openai_says,
    "anthropic": anthropic_says,
    "gemini": gemini_says,
}
MODELS = {"gemini": "gemini-3-pro", "anthropic": "claude-opus-4-6"}


@attrs.define
class Client:
    """A client that keeps the role, the text and the calls of an answer, and runs the tools."""

    messages: list[dict[str, Any]] = attrs.field(
        factory=lambda: [{"role": "user", "content": "add"}]
    )

    def asks(self) -> ChatCall:
        body = {
            "model": "m",
            "messages": self.messages,
            "tools": [TOOL],
            "reasoning_effort": "high",
        }
        return read_chat(json.loads(json.dumps(body)))

    def hears(self, message: dict[str, Any]) -> None:
        known = ("id", "type", "function")
        calls = [{name: call[name] for name in known} for call in message["tool_calls"]]
        self.messages.append(
            {"role": "assistant", "content": message["content"], "tool_calls": calls}
        )
        self.messages += [{"role": "tool", "tool_call_id": c["id"], "content": "42"} for c in calls]


def turn(client: Client, kept: Keepsakes, kind: str, n: int) -> dict[str, Any]:
    """One turn at a provider; gives the request that it was sent."""
    dialect: Dialect = KINDS[kind].dialect
    call = kept.recall("p", client.asks())
    assert isinstance(call, ChatCall)
    assert dialect.refuses(call) is None
    request: dict[str, Any] = json.loads(dialect.encode(call, MODELS.get(kind, "m")).body)
    decoder = dialect.decoder(call)
    events = [*decoder.feed(json.dumps(SAYS[kind](n)).encode()), *decoder.finish()]
    assert events[-1] == Ended()
    heading = Heading(f"chatcmpl-{n:04d}", 5, "m")
    for event in events:
        if isinstance(event, ToolDelta) and event.extra:
            kept.keep("p", heading.call_id(event), event.extra)
    client.hears(chat_body(heading, events, Usage())["choices"][0]["message"])
    return request


def check_openai(request: dict[str, Any]) -> None:
    asked: set[str] = set()
    for message in request["messages"]:
        assert message.keys() <= {"role", "content", "tool_calls", "tool_call_id"}
        for call in message.get("tool_calls") or ():
            assert call.keys() == {"id", "type", "function"}
            asked.add(call["id"])
        if message["role"] == "tool":
            asked.remove(message["tool_call_id"])
    assert not asked


def check_mistral(request: dict[str, Any]) -> None:
    check_openai(request)
    for message in request["messages"]:
        for call in message.get("tool_calls") or ():
            assert re.fullmatch("[A-Za-z0-9]{9}", call["id"])


def check_anthropic(request: dict[str, Any]) -> None:
    asked: set[str] = set()
    for message in request["messages"]:
        blocks = message["content"] if isinstance(message["content"], list) else []
        answered = {block["tool_use_id"] for block in blocks if block["type"] == "tool_result"}
        assert answered == asked
        asked = {block["id"] for block in blocks if block["type"] == "tool_use"}
        assert all(re.fullmatch("[A-Za-z0-9_-]+", each) for each in asked)
        if "thinking" in request and asked and message is request["messages"][-2]:
            assert blocks[0] == THOUGHT
    assert not asked


def check_gemini(request: dict[str, Any]) -> None:
    asked: list[tuple[str, str]] = []
    for content in request["contents"]:
        assert content["role"] in ("user", "model")
        for part in content["parts"]:
            if "functionCall" in part:
                asked.append((part["functionCall"]["id"], part["functionCall"]["name"]))
                assert part["thoughtSignature"] in ("signed-by-google", UNSIGNED)
            if "functionResponse" in part:
                asked.remove((part["functionResponse"]["id"], part["functionResponse"]["name"]))
    assert not asked


CHECKS = {
    "openai": check_openai,
    "mistral": check_mistral,
    "anthropic": check_anthropic,
    "gemini": check_gemini,
}


@pytest.mark.parametrize(
    "kinds",
    [
        ("openai", "anthropic", "gemini", "openai"),
        ("gemini", "mistral", "anthropic", "anthropic", "gemini"),
        ("anthropic", "gemini", "gemini", "mistral", "openai", "anthropic"),
    ],
)
def test_every_provider_is_sent_a_conversation_that_it_accepts(kinds: tuple[str, ...]) -> None:
    """Whoever answered before: calls have their results, ids fit, signatures are there."""
    client, kept = Client(), Keepsakes()
    for n, kind in enumerate(kinds):
        CHECKS[kind](turn(client, kept, kind, n))
    assert [m["content"] for m in client.messages if m["role"] == "tool"] == ["42"] * len(kinds)


def test_a_providers_own_signatures_come_back_to_it() -> None:
    """Although the client has dropped them, and after a turn elsewhere."""
    client, kept = Client(), Keepsakes()
    turn(client, kept, "gemini", 0)
    turn(client, kept, "anthropic", 1)
    again = turn(client, kept, "gemini", 2)
    signed = [
        p["thoughtSignature"] for c in again["contents"] for p in c["parts"] if "functionCall" in p
    ]
    assert signed == ["signed-by-google", UNSIGNED]
    turn(client, kept, "anthropic", 3)
    last = turn(client, kept, "anthropic", 4)
    assert last["thinking"] == {"type": "adaptive"}
    assert last["messages"][-2]["content"][0] == THOUGHT


def test_without_what_was_kept_the_conversation_still_goes_on() -> None:
    """After a restart, say: no signature, no thinking, and no refusal."""
    client = Client()
    turn(client, Keepsakes(), "anthropic", 0)
    turn(client, Keepsakes(), "gemini", 1)
    check_gemini(turn(client, Keepsakes(), "gemini", 2))
    again = turn(client, Keepsakes(), "anthropic", 3)
    check_anthropic(again)
    assert "thinking" not in again


def test_who_thinks_between_calls_reads_its_thoughts_again() -> None:
    """A client that dropped them is no reason for DeepSeek to refuse the conversation."""
    client, kept = Client(), Keepsakes()
    thought = {**openai_says(0)["choices"][0]["message"], "reasoning_content": "hm"}
    client.hears(thought)
    kept.keep("p", "call_0", {THOUGHTS: "hm"})
    request = turn(client, kept, "deepseek", 1)

    assert [m.get("reasoning_content") for m in request["messages"]] == [None, "hm", None]
    assert "reasoning_content" not in turn(client, kept, "openai", 2)["messages"][1]
