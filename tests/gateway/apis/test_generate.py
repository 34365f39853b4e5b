"""Google's Gemini API as an API among others, over the running gateway."""

import json
from pathlib import Path
from typing import Any

import attrs
import pytest

from gateway.apis.api import Asked
from gateway.apis.generate import METHODS, method
from gateway.apis.google import GOOGLE, GOOGLE_ARRAY
from gateway.whole import Heading
from providers.errors import BrokenAnswer
from providers.types import Usage, Vectors
from tests.gateway.running import QUICK, Running, running

ASKED: dict[str, Any] = {"contents": [{"parts": [{"text": "Merhaba"}]}]}
MODELS = ["gpt-4o-mini", "claude-sonnet-4-5", "gemini-2.0-flash"]
HEADING = Heading("1", 5, "m")
TEXT = {"content": {"parts": [{"text": "a"}]}}


async def ask(gateway: Running, path: str, body: Any = None) -> Any:
    headers = {"x-goog-api-key": gateway.live_key}
    return await gateway.http.post(f"/v1beta/models/{path}", json=body or ASKED, headers=headers)


def test_a_stream_is_of_events_or_an_array() -> None:
    """Each with its own voice; other methods know no streams."""
    events = method("streamGenerateContent", events=True)
    array = method("streamGenerateContent", events=False)
    assert events is not None
    assert array is not None
    assert (events.voice, array.voice) == (GOOGLE, GOOGLE_ARRAY)
    assert method("generateContent", events=True) is METHODS["generateContent"]
    assert method("deleteEverything", events=False) is None


def test_an_array_is_asked_for_as_events_are() -> None:
    """With what only Google understands."""
    own = {**ASKED, "tools": [{"googleSearch": {}}]}
    array, events = (method("streamGenerateContent", events=each) for each in (False, True))
    assert array is not None
    assert events is not None
    assert array.read(Asked(own, {"model": "m"})) == events.read(Asked(own, {"model": "m"}))


def test_one_text_has_one_vector_and_a_batch_has_several() -> None:
    """An answer without any is a broken one."""
    api = METHODS["embedContent"]
    said = [Vectors(((0.5,), (1.5,)))]
    one, two = (
        json.loads(api.whole(api.read(Asked(body, {"model": "m"})), HEADING, said, Usage()))
        for body in (TEXT, {"requests": [TEXT, TEXT]})
    )
    assert one == {"embedding": {"values": [0.5]}}
    assert two == {"embeddings": [{"values": [0.5]}, {"values": [1.5]}]}
    counted = api.whole(api.read(Asked(TEXT, {"model": "m"})), HEADING, said, Usage(prompt=3))
    assert json.loads(counted)["usageMetadata"] == {"promptTokenCount": 3}
    with pytest.raises(BrokenAnswer):
        api.whole(api.read(Asked(TEXT, {"model": "m"})), HEADING, [], Usage())


@pytest.mark.parametrize("model", MODELS)
async def test_every_upstream_answers_whole_and_streamed(tmp_path: Path, model: str) -> None:
    """As events and as an array; by a model's short and its long name."""
    async with running(tmp_path) as gateway:
        whole = await ask(gateway, f"{model}:generateContent")
        events = await ask(gateway, f"models/{model}:streamGenerateContent?alt=sse")
        array = await ask(gateway, f"{model}:streamGenerateContent")

    assert [answer.status_code for answer in (whole, events, array)] == [200, 200, 200]
    assert whole.json()["candidates"][0]["content"]["parts"][0]["text"]
    assert events.headers["content-type"].startswith("text/event-stream")
    last = json.loads(events.text.rstrip().rpartition("data: ")[2])
    assert (
        last["candidates"][0]["finishReason"] == array.json()[-1]["candidates"][0]["finishReason"]
    )
    assert array.headers["content-type"].startswith("application/json")
    own = ["promptTokensDetails" in told["usageMetadata"] for told in (last, array.json()[-1])]
    assert own == [model.startswith("gemini")] * 2, "what only Google tells is passed on"


@pytest.mark.parametrize("model", MODELS)
async def test_a_stream_that_breaks_ends_in_googles_error(tmp_path: Path, model: str) -> None:
    """An array stays JSON to its end."""
    cut = attrs.evolve(QUICK, faults=("cut",), words=30, repeat=True)
    async with running(tmp_path, keys={"one": cut}) as gateway:
        events = await ask(gateway, f"{model}:streamGenerateContent?alt=sse")
        array = await ask(gateway, f"{model}:streamGenerateContent")

    last = json.loads(events.text.rstrip().rpartition("data: ")[2])
    assert last["error"]["status"] == array.json()[-1]["error"]["status"] == "UNAVAILABLE"


async def test_refusals_of_every_depth_are_in_googles_shape(tmp_path: Path) -> None:
    """Key, body, method, model, parameter, and what only Google understands."""
    async with running(tmp_path) as gateway:
        answers = [
            await gateway.http.post("/v1beta/models/m:generateContent", json={}),
            await gateway.http.post(
                "/v1beta/models/m:generateContent?key=" + gateway.live_key, content=b"{"
            ),
            await ask(gateway, "m:deleteEverything"),
            await ask(gateway, "no-such-model:generateContent"),
            await ask(gateway, f"{MODELS[0]}:generateContent", {"contents": []}),
            await ask(
                gateway, f"{MODELS[0]}:generateContent", {**ASKED, "tools": [{"googleSearch": {}}]}
            ),
            await ask(gateway, f"{MODELS[0]}:countTokens"),
        ]

    assert [answer.status_code for answer in answers] == [401, 400, 404, 404, 400, 400, 400]
    for answer in answers:
        assert answer.json()["error"]["code"] == answer.status_code
        assert answer.json()["error"]["status"].isupper()


async def test_what_nobody_can_do_is_refused_by_googles_name_for_it(tmp_path: Path) -> None:
    """Claude has no penalties, OpenAI's format no counts."""
    config = {**ASKED, "generationConfig": {"presencePenalty": 1}}
    async with running(tmp_path) as gateway:
        answers = [
            await ask(gateway, f"{MODELS[1]}:generateContent", config),
            await ask(gateway, f"{MODELS[0]}:countTokens"),
        ]
    blamed = [
        answer.json()["error"]["details"][0]["fieldViolations"][0]["field"] for answer in answers
    ]
    assert [answer.status_code for answer in answers] == [400, 400]
    assert blamed == ["generationConfig.presencePenalty", "countTokens"]


@pytest.mark.parametrize("fast", ["", "none"])
async def test_bad_input_is_the_clients_fault_whoever_would_have_answered(
    tmp_path: Path, fast: str
) -> None:
    """By either way through the gateway."""
    listed = {"contents": [{"role": ["user"], "parts": [{"text": "x"}]}]}
    mode = {"functionCallingConfig": {"mode": ["ANY"]}}
    async with running(tmp_path, fast=fast) as gateway:
        answers = [
            await ask(gateway, f"{model}:{method}", body)
            for model in MODELS
            for method in ("generateContent", "streamGenerateContent", "countTokens")
            for body in (listed, {**ASKED, "toolConfig": mode})
        ]
        answers += [
            await ask(
                gateway, "text-embedding-004:embedContent", {**TEXT, "outputDimensionality": [1]}
            ),
            await ask(gateway, "text-embedding-004:batchEmbedContents", {"requests": TEXT}),
        ]
    assert {answer.status_code for answer in answers} == {400}
    assert {answer.json()["error"]["status"] for answer in answers} == {"INVALID_ARGUMENT"}
