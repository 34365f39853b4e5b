"""Simulated models call tools: asked and decoded by the gateway's own dialects, over real sockets."""

import json
import random
from collections.abc import Sequence
from typing import Any

import pytest
import trio

from gateway.wire import read_chat
from providers.anthropic import Anthropic
from providers.base import Dialect
from providers.client import Exchange, HttpClient, Upstream
from providers.gemini import Gemini
from providers.openai import OpenAI
from providers.simulator import INSTANT, KeyPlan, Simulator, is_passage
from providers.types import Event, Secret
from tests.providers.outcome import Outcome, outcome_of

DIALECTS: Sequence[tuple[Dialect, str]] = (
    (OpenAI(), "/v1"),
    (Gemini(), "/v1beta"),
    (Anthropic(), ""),
)
FUNCTIONS = [
    {"type": "function", "function": {"name": name, "parameters": {"type": "object"}}}
    for name in ("fetch", "save")
]
HELLO = [{"role": "user", "content": "Merhaba"}]
ASKED = [{"role": "user", "content": "Please save this."}]
CALLED = {
    "role": "assistant",
    "tool_calls": [
        {"id": "c1", "type": "function", "function": {"name": "save", "arguments": "{}"}}
    ],
}
RESULT = {"role": "tool", "tool_call_id": "c1", "content": "saved"}
NAMED = {"type": "function", "function": {"name": "save"}}

every_dialect = pytest.mark.parametrize(
    ("dialect", "path"), DIALECTS, ids=[dialect.name for dialect, _ in DIALECTS]
)


async def answer(dialect: Dialect, path: str, **body: Any) -> Outcome:
    """What the simulated provider says to this, in OpenAI's words."""
    told = {"model": "m", "messages": HELLO, "tools": FUNCTIONS, "max_tokens": 99, **body}
    events: list[Event] = []
    simulator = Simulator(
        default=KeyPlan(profile=INSTANT, words=40, words_sigma=0.0), rng=random.Random(1)
    )
    async with HttpClient() as http, trio.open_nursery() as nursery:
        url = await nursery.start(simulator.serve)
        upstream = Upstream(dialect, url + path, Secret("key"))
        async with Exchange(http, upstream, read_chat(told), "m", connect=2.0) as exchange:
            await exchange.start()
            while batch := await exchange.receive():
                events.extend(batch)
        nursery.cancel_scope.cancel()
    return outcome_of(events)


@every_dialect
@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
async def test_a_forced_call_has_what_would_have_been_said(
    dialect: Dialect, path: str, stream: bool
):
    """The arguments are an object with the text, whole in every form, and nothing is said beside it."""
    outcome = await answer(dialect, path, stream=stream, tool_choice="required")

    [(place, (call, name, arguments))] = outcome.calls.items()
    assert (place, name) == ((0, 0), "fetch")
    assert call or dialect.name == "gemini", "Google's calls have no ids"
    said = json.loads(arguments)
    assert is_passage(said["text"])
    assert len(said["text"].split(" ")) == 40
    assert list(said) == ["text"]
    assert (outcome.content, outcome.finishes) == ({}, {0: "tool_calls"})
    assert outcome.usage is not None
    assert outcome.usage.completion == 40


@every_dialect
@pytest.mark.parametrize(
    ("body", "called"),
    [
        ({"tool_choice": "required"}, "fetch"),
        ({"tool_choice": NAMED}, "save"),
        ({"tool_choice": "auto"}, None),
        ({}, None),
        ({"messages": ASKED}, "save"),
        ({"messages": [*ASKED, {"role": "assistant", "content": "Done."}, *HELLO]}, None),
        ({"messages": ASKED, "tool_choice": "none"}, None),
        ({"messages": ASKED, "tools": FUNCTIONS[:1]}, None),
        ({"messages": [*ASKED, CALLED, RESULT]}, None),
        ({"messages": [*ASKED, CALLED, RESULT], "tool_choice": "required"}, None),
        ({"messages": [*ASKED, CALLED, RESULT, *ASKED]}, "save"),
    ],
    ids=str,
)
async def test_a_model_calls_what_it_must_or_what_the_user_names(
    dialect: Dialect, path: str, body: dict[str, Any], called: str | None
):
    """The last user's word counts, and a result is answered with text: a loop of calls would not end."""
    outcome = await answer(dialect, path, **body)

    assert [name for _, name, _ in outcome.calls.values()] == ([called] if called else [])
    assert bool(outcome.content) != bool(called)


@pytest.mark.parametrize(
    ("dialect", "body"),
    [
        ("openai", {"tools": FUNCTIONS[:1], "tool_choice": NAMED}),
        ("openai", {"tool_choice": "required"}),
        ("anthropic", {"tools": [{"name": "a"}], "tool_choice": {"type": "tool", "name": "b"}}),
        ("anthropic", {"tools": [{"name": "a"}], "tool_choice": {"type": "tool"}}),
        ("anthropic", {"tool_choice": {"type": "any"}}),
        ("anthropic", {"tool_choice": {"type": "b"}}),
        ("gemini", {"toolConfig": {"functionCallingConfig": {"mode": "ANY"}}}),
        ("gemini", {"toolConfig": {"functionCallingConfig": {"mode": "SOME"}}}),
    ],
    ids=str,
)
async def test_a_call_that_cannot_be_made_is_refused(connect, tools, dialect: str, body: Any):
    """As the providers do: a call of what is not there would be the client's riddle."""
    answered = await connect(tools.instant()).ask(tools.question(dialect, **body))
    assert answered.status == 400


async def test_of_many_tools_some_may_be_allowed():
    """OpenAI's `allowed_tools`: the first of these, not of all."""
    allowed = {"mode": "required", "tools": [NAMED]}
    choice = {"type": "allowed_tools", "allowed_tools": allowed}
    outcome = await answer(*DIALECTS[0], tool_choice=choice)
    assert [name for _, name, _ in outcome.calls.values()] == ["save"]


async def test_google_sends_a_call_in_one_piece(connect, tools, autojump_clock):
    """When all of it is known, not when its first word would have been."""
    plan = {"profile": INSTANT, "words": 40}
    body = {
        "tools": [{"functionDeclarations": [{"name": "save"}]}],
        "toolConfig": {"functionCallingConfig": {"mode": "ANY"}},
    }
    answered = await connect(tools.instant(**plan)).ask(
        tools.question("gemini", stream=True, **body)
    )
    [event] = tools.events(answered.body)
    [candidate] = json.loads(event.data)["candidates"]
    [part] = candidate["content"]["parts"]
    assert part["functionCall"]["name"] == "save"
    assert is_passage(part["functionCall"]["args"]["text"])
    assert candidate["finishReason"] == "STOP"


async def test_every_choice_has_its_call(connect, tools, autojump_clock):
    """Two answers to one question call twice, with other words."""
    asked = tools.question("openai", tools=FUNCTIONS, tool_choice="required", n=2, stream=True)
    body = (await connect(tools.instant()).ask(asked)).body
    said = {0: "", 1: ""}
    for event in tools.events(body)[:-1]:
        for choice in json.loads(event.data)["choices"]:
            for call in choice["delta"].get("tool_calls", ()):
                said[choice["index"]] += call["function"]["arguments"]
    texts = [json.loads(one)["text"] for one in said.values()]
    assert all(map(is_passage, texts))
    assert texts[0] != texts[1]
