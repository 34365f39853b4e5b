"""Conversations with tools that change provider at every turn, for clients of Anthropic's and of Google's.

The client keeps what it is told and no more; whoever answers next is sent a conversation that it accepts.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import pytest

from gateway.apis.api import Asked
from gateway.apis.generate_answer import response_body
from gateway.apis.generate_request import read_generate
from gateway.apis.messages_answer import message_body
from gateway.apis.messages_request import read_messages
from gateway.keepsakes import Keepsakes
from gateway.whole import Heading
from providers.base import refusal
from providers.gemini_chat import UNSIGNED
from providers.kinds import KINDS
from providers.types import ChatCall, Ended, Event, ToolDelta, Usage, Verbatim
from tests.gateway.test_changing_providers import CHECKS, MODELS, SAYS, THOUGHT

SCHEMA = {"type": "object", "properties": {"a": {}}}


class Client(Protocol):
    """A client that keeps the conversation in its own form, and runs the tools."""

    def asks(self) -> ChatCall: ...

    def hears(self, answer: Mapping[str, Any]) -> None: ...


class Anthropics:
    """Keeps all blocks, as Anthropic's SDK has them."""

    def __init__(self) -> None:
        self.messages: list[Any] = [{"role": "user", "content": "add"}]

    def asks(self) -> ChatCall:
        tools = [{"name": "add", "input_schema": SCHEMA}]
        thinking = {"type": "adaptive"}
        body = {"model": "m", "max_tokens": 9, "messages": self.messages, "tools": tools}
        return read_messages(Asked(json.loads(json.dumps({**body, "thinking": thinking}))))

    def hears(self, answer: Mapping[str, Any]) -> None:
        uses = [block for block in answer["content"] if block["type"] == "tool_use"]
        results = [
            {"type": "tool_result", "tool_use_id": use["id"], "content": "42"} for use in uses
        ]
        self.messages += [
            {"role": "assistant", "content": answer["content"]},
            {"role": "user", "content": results},
        ]


class Googles:
    """Keeps all parts; or drops ids and signatures, as old clients do."""

    def __init__(self, *, drops: bool = False) -> None:
        self.drops = drops
        self.contents: list[Any] = [{"role": "user", "parts": [{"text": "add"}]}]

    def asks(self) -> ChatCall:
        tools = [{"functionDeclarations": [{"name": "add", "parametersJsonSchema": SCHEMA}]}]
        body = json.loads(json.dumps({"contents": self.contents, "tools": tools}))
        return read_generate(Asked(body, {"model": "m"}), stream=False)

    def hears(self, answer: Mapping[str, Any]) -> None:
        parts = answer["candidates"][0]["content"]["parts"]
        if self.drops:
            for part in parts:
                part.pop("thoughtSignature", None)
                part.get("functionCall", {}).pop("id", None)
        responses = [
            {"functionResponse": {**_named(part["functionCall"]), "response": {"result": "42"}}}
            for part in parts
            if "functionCall" in part
        ]
        self.contents += [{"role": "model", "parts": parts}, {"role": "user", "parts": responses}]


def _named(call: Mapping[str, Any]) -> dict[str, Any]:
    return {name: call[name] for name in ("id", "name") if name in call}


CLIENTS: Mapping[str, Callable[[], Client]] = {
    "anthropic": Anthropics,
    "google": Googles,
    "old google": lambda: Googles(drops=True),
}
FOLDS = {"anthropic": message_body, "google": response_body, "old google": response_body}


def turn(form: str, client: Client, kept: Keepsakes, kind: str, n: int) -> dict[str, Any]:
    """One turn at a provider; gives the request that it was sent."""
    dialect = KINDS[kind].dialect
    call = kept.recall("p", client.asks())
    assert refusal(dialect, call) is None
    request: dict[str, Any] = json.loads(dialect.encode(call, MODELS.get(kind, "m")).body)
    decoder = dialect.decoder(call)
    events: list[Event] = [*decoder.feed(json.dumps(SAYS[kind](n)).encode()), *decoder.finish()]
    assert events[-1] == Ended()
    heading = Heading(f"msg_{n:04d}", 5, "m")
    for event in events:
        if isinstance(event, ToolDelta) and event.extra:
            kept.keep("p", heading.call_id(event), event.extra)
    own = next((event for event in events if isinstance(event, Verbatim)), None)
    answer = json.loads(own.data) if own else FOLDS[form](heading, events, Usage())
    client.hears(json.loads(json.dumps(answer)))
    return request


@pytest.mark.parametrize("form", CLIENTS)
@pytest.mark.parametrize(
    "kinds",
    [
        ("openai", "anthropic", "gemini", "openai"),
        ("gemini", "mistral", "anthropic", "anthropic", "gemini"),
        ("anthropic", "gemini", "mistral", "openai", "anthropic"),
    ],
)
def test_every_provider_is_sent_a_conversation_that_it_accepts(
    form: str, kinds: tuple[str, ...]
) -> None:
    """Whoever answered before, and whether the request is translated or passed on."""
    client, kept = CLIENTS[form](), Keepsakes()
    for n, kind in enumerate(kinds):
        request = turn(form, client, kept, kind, n)
        if kind == "gemini" and form != "anthropic":
            check_passed_on(request)
        else:
            CHECKS[kind](request)


def check_passed_on(request: Mapping[str, Any]) -> None:
    """What a client of Google's said itself: ids may be missing, signatures may not."""
    asked: list[tuple[str | None, str]] = []
    for part in (part for content in request["contents"] for part in content["parts"]):
        if called := part.get("functionCall"):
            asked.append((called.get("id"), called["name"]))
            assert part["thoughtSignature"] in ("signed-by-google", UNSIGNED)
        if answered := part.get("functionResponse"):
            asked.remove((answered.get("id"), answered["name"]))
    assert not asked


def test_anthropic_sees_its_own_thoughts_again_and_nobody_elses() -> None:
    """After a turn of a model whose thoughts are not signed."""
    client, kept = Anthropics(), Keepsakes()
    turn("anthropic", client, kept, "anthropic", 0)
    turn("anthropic", client, kept, "gemini", 1)
    request = turn("anthropic", client, kept, "anthropic", 2)
    thoughts = [
        block
        for message in request["messages"]
        if isinstance(message["content"], list)
        for block in message["content"]
        if block["type"] == "thinking"
    ]
    assert thoughts == [THOUGHT]
