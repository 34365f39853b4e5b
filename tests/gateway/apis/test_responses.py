"""OpenAI's Responses as an API among others, over the running gateway."""

import json
from pathlib import Path
from typing import Any

import attrs
import pytest

from tests.gateway.apis.responses_told import component, heard, told
from tests.gateway.running import QUICK, Running, running
from tests.schemas import OPENAI, faults

MODELS = ["gpt-4o-mini", "claude-sonnet-4-5", "gemini-2.0-flash"]


async def ask(gateway: Running, model: str, **members: Any) -> Any:
    return await gateway.http.post(
        "/v1/responses",
        json={"model": model, "input": "Merhaba", "store": False, **members},
        headers=gateway.auth(),
    )


@pytest.mark.parametrize("model", MODELS)
async def test_every_upstream_answers_whole_and_streamed(tmp_path: Path, model: str) -> None:
    """Whatever it speaks itself; every event of the stream in its place."""
    async with running(tmp_path) as gateway:
        whole = await ask(gateway, model, instructions="be brief")
        streamed = await ask(gateway, model, stream=True)

    assert (whole.status_code, streamed.status_code) == (200, 200)
    response = whole.json()
    assert response["id"].startswith("resp_")
    assert response["instructions"] == "be brief"
    assert response["output"][-1]["content"][0]["text"]
    assert response["usage"]["output_tokens"] > 0
    assert streamed.headers["content-type"].startswith("text/event-stream")
    assert heard(streamed.content)["status"] == "completed"
    assert "[DONE]" not in streamed.text


@pytest.mark.usefixtures("shared")
async def test_answers_keep_to_the_published_schema(tmp_path: Path) -> None:
    """Whole, and event by event; test keys too."""
    async with running(tmp_path) as gateway:
        whole = await ask(gateway, MODELS[0])
        streamed = await ask(gateway, MODELS[1], stream=True)
        body = {"model": MODELS[0], "input": "x"}
        mocked = await gateway.http.post(
            "/v1/responses", json=body, headers=gateway.auth(gateway.test_key)
        )

    assert faults(OPENAI, "Response", whole.json()) == []
    assert faults(OPENAI, "Response", mocked.json()) == []
    for event in told(streamed.content):
        assert faults(OPENAI, component(event), event) == []


@pytest.mark.parametrize("model", MODELS)
async def test_a_stream_that_breaks_ends_in_an_error(tmp_path: Path, model: str) -> None:
    """That SDKs raise, and without the end that would make it look complete."""
    cut = attrs.evolve(QUICK, faults=("cut",), words=30, repeat=True)
    async with running(tmp_path, keys={"one": cut}) as gateway:
        streamed = await ask(gateway, model, stream=True)

    *_, last, rest = streamed.text.split("\n\n")
    assert rest == ""
    name, _, data = last.partition("\ndata: ")
    event = json.loads(data)
    assert name == "event: error"
    assert event["error"]["message"] == event["message"]
    assert event["error"]["type"] == "service_unavailable"
    assert "response.completed" not in streamed.text


async def test_refusals_of_every_depth_are_in_openais_shape(tmp_path: Path) -> None:
    """Key, model, body, parameter, and what no other form can say."""
    async with running(tmp_path) as gateway:
        answers = [
            await gateway.http.post("/v1/responses", json={}),
            await gateway.http.post("/v1/responses", content=b"{", headers=gateway.auth()),
            await ask(gateway, "no-such-model"),
            await ask(gateway, MODELS[0], input=None),
            await ask(gateway, MODELS[1], tools=[{"type": "web_search"}]),
            await ask(gateway, MODELS[1], previous_response_id="resp_1"),
            await ask(gateway, MODELS[1], text={"verbosity": "low"}),
        ]

    assert [answer.status_code for answer in answers] == [401, 400, 404, 400, 400, 400, 400]
    params = [answer.json()["error"].get("param") for answer in answers]
    assert params[:5] == [None, None, "model", "input", "tools[0]"]
    assert params[5:] == ["previous_response_id", "text.verbosity"]


async def test_a_call_of_a_tool_and_its_result_make_a_conversation(tmp_path: Path) -> None:
    """What an answer was made of can be sent back as it came."""
    asked = {"role": "user", "content": "x"}
    result = {"type": "function_call_output", "call_id": "c1", "output": "2"}
    called = {"type": "function_call", "call_id": "c1", "name": "add", "arguments": "{}"}
    async with running(tmp_path) as gateway:
        answers = [await ask(gateway, model, input=[asked, called, result]) for model in MODELS]
        said = answers[0].json()["output"]
        again = await ask(gateway, MODELS[1], input=[asked, *said, asked])

    assert [answer.status_code for answer in (*answers, again)] == [200] * 4
