"""Upstreams that speak the Responses API: for clients that do too, and for those that know chats alone."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trio

from tests.gateway.apis.responses_upstream import THOUGHT, ResponsesUpstream
from tests.gateway.running import Running, running

MODEL = "gpt-5-pro"
ADD = {"type": "function", "name": "add", "parameters": {"type": "object"}}
HEDGING = '[policies.default]\nhedge = { policy = "fixed", delay = "20ms" }\n'


@asynccontextmanager
async def served(
    folder: Path, *keys: str, settings: str = ""
) -> AsyncIterator[tuple[Running, ResponsesUpstream]]:
    """A gateway with these keys of such an upstream, beside its simulator's."""
    folder.mkdir(exist_ok=True)
    upstream = ResponsesUpstream()
    async with trio.open_nursery() as nursery:
        await nursery.start(upstream.serve)
        provider = f"""
[providers.up]
kind = "openai-responses"
base_url = "{upstream.url}/v1"
keys = {json.dumps(keys or ["k1"])}
"""
        async with running(folder, settings=provider + settings) as gateway:
            yield gateway, upstream
        nursery.cancel_scope.cancel()


async def ask(gateway: Running, **members: Any) -> Any:
    body = {"model": MODEL, "input": "x", **members}
    return await gateway.http.post("/v1/responses", json=body, headers=gateway.auth())


@pytest.mark.parametrize("stream", [False, True])
async def test_bytes_go_through_unchanged(tmp_path: Path, stream: bool) -> None:
    """The request's but for the model, the answer's all; with what nobody here knows."""
    members = {"wishes": {"a": 1}, "tools": [{"type": "web_search"}], "stream": stream}
    async with served(tmp_path) as (gateway, upstream):
        answer = await ask(gateway, **members)

    assert answer.status_code == 200
    assert answer.content == upstream.sent[-1]
    assert b"novelty" in answer.content
    assert upstream.asked[-1] == ("k1", {"model": MODEL, "input": "x", **members})


async def test_a_chat_is_answered_by_who_takes_only_responses(tmp_path: Path) -> None:
    """Whole and streamed; it leaves nothing there."""
    async with served(tmp_path) as (gateway, upstream):
        whole = await gateway.chat({"model": MODEL})
        streamed = await gateway.chat({"model": MODEL, "stream": True})

    message = whole.json()["choices"][0]["message"]
    assert (message["content"], message["reasoning_content"]) == ("Merhaba", "hm")
    assert whole.json()["usage"]["total_tokens"] == 14
    assert streamed.text.endswith("data: [DONE]\n\n")
    assert "Merhaba" in streamed.text
    assert [body["store"] for _, body in upstream.asked] == [False, False]


async def test_sealed_thoughts_come_back_though_the_client_drops_them(tmp_path: Path) -> None:
    """They are shown again before the call that they led to."""
    tools = [{"type": "function", "function": {"name": "add", "parameters": {"type": "object"}}}]
    asked = {"role": "user", "content": "x"}
    async with served(tmp_path) as (gateway, upstream):
        first = await gateway.chat({"model": MODEL, "messages": [asked], "tools": tools})
        message = first.json()["choices"][0]["message"]
        calls = [
            {name: call[name] for name in ("id", "type", "function")}
            for call in message["tool_calls"]
        ]
        turn = {"role": "assistant", "tool_calls": calls}
        result = {"role": "tool", "tool_call_id": calls[0]["id"], "content": "2"}
        second = await gateway.chat(
            {"model": MODEL, "messages": [asked, turn, result], "tools": tools}
        )

    assert first.json()["choices"][0]["finish_reason"] == "tool_calls"
    assert second.json()["choices"][0]["message"]["content"] == "Merhaba"
    sent = upstream.asked[-1][1]["input"]
    assert [item.get("type") for item in sent] == [
        None,
        "reasoning",
        "function_call",
        "function_call_output",
    ]
    assert sent[1] == THOUGHT


async def test_who_goes_on_reaches_the_account_that_knows(tmp_path: Path) -> None:
    """Every time, among several keys; streamed answers are remembered too."""
    keys = ("k1", "k2", "k3")
    async with served(tmp_path, *keys) as (gateway, upstream):
        for turn in range(6):
            first = await ask(gateway, stream=turn % 2 == 1)
            made_by, _ = upstream.asked[-1]
            name = f"resp_up{len(upstream.asked)}"
            second = await ask(gateway, previous_response_id=name)
            assert (first.status_code, second.status_code) == (200, 200)
            assert upstream.asked[-1][0] == made_by


async def test_who_goes_on_from_what_nobody_knows_is_told(tmp_path: Path) -> None:
    """With several keys here; with one by the upstream. A chat's upstream never has any."""
    async with served(tmp_path, "k1", "k2") as (gateway, upstream):
        several = await ask(gateway, previous_response_id="resp_0")
        chats = await ask(gateway, model="gpt-4o-mini", previous_response_id="resp_0")
        assert upstream.asked == []
    async with served(tmp_path / "one") as (gateway, upstream):
        alone = await ask(gateway, previous_response_id="resp_0")
        assert len(upstream.asked) == 1

    assert [answer.status_code for answer in (several, chats, alone)] == [400] * 3
    for answer in (several, chats, alone):
        assert answer.json()["error"]["param"] == "previous_response_id"


async def test_a_call_that_is_kept_by_default_is_made_once(tmp_path: Path) -> None:
    """However slow it is; with `store` false it may be hedged."""
    async with served(tmp_path, "k1", "k2", settings=HEDGING) as (gateway, upstream):
        upstream.delay = 0.1
        kept = await ask(gateway)
        assert len(upstream.asked) == 1
        await ask(gateway, store=False)
        assert len(upstream.asked) == 3

    assert kept.headers["x-hedgerow-hedge-reason"] == "store"


async def test_a_translated_call_is_kept_nowhere_and_may_be_hedged(tmp_path: Path) -> None:
    """Its upstream is asked for a chat."""
    async with served(tmp_path, settings=HEDGING) as (gateway, _):
        answer = await ask(gateway, model="claude-sonnet-4-5", max_output_tokens=5)

    assert answer.json()["store"] is False
    assert answer.headers.get("x-hedgerow-hedge-reason") != "store"
