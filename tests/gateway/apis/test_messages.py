"""Anthropic's Messages as an API among others, over the running gateway."""

import json
from pathlib import Path
from typing import Any

import attrs
import pytest

from gateway.apis.api import Asked
from gateway.apis.messages import MESSAGES
from gateway.whole import Heading
from providers.types import Finished, TextDelta, Usage
from tests.gateway.running import QUICK, Running, running

ASKED: dict[str, Any] = {
    "max_tokens": 20,
    "messages": [{"role": "user", "content": "Merhaba"}],
}
MODELS = ["gpt-4o-mini", "claude-sonnet-4-5", "gemini-2.0-flash"]


async def ask(gateway: Running, model: str, **members: Any) -> Any:
    return await gateway.http.post(
        "/v1/messages",
        json={"model": model, **ASKED, **members},
        headers={"x-api-key": gateway.live_key},
    )


def test_a_request_is_read_and_answered_in_anthropics_form() -> None:
    """Whole and streamed."""
    call = MESSAGES.read(Asked({"model": "m", **ASKED}))
    heading = Heading("msg_1", 5, "m")
    said = [TextDelta("Merhaba"), Finished("stop")]
    whole = json.loads(MESSAGES.whole(call, heading, said, Usage(1, 2, 3)))
    assert whole["content"] == [{"type": "text", "text": "Merhaba"}]
    assert MESSAGES.stream is not None
    assert MESSAGES.stream(call, heading).write(said).startswith(b"event: message_start\n")


@pytest.mark.parametrize("model", MODELS)
async def test_every_upstream_answers_whole_and_streamed(tmp_path: Path, model: str) -> None:
    """With an id of ours or of Anthropic's; the bytes of its own answers go through untouched."""
    async with running(tmp_path) as gateway:
        whole = await ask(gateway, model)
        streamed = await ask(gateway, model, stream=True)

    assert (whole.status_code, streamed.status_code) == (200, 200)
    assert whole.json()["id"].startswith("msg_")
    assert whole.json()["content"][0]["text"]
    assert streamed.text.startswith("event: message_start\n")
    assert streamed.text.endswith("\n\n")
    assert '"type":"message_stop"' in streamed.text
    assert "[DONE]" not in streamed.text


@pytest.mark.parametrize("model", MODELS)
async def test_a_stream_that_breaks_ends_in_anthropics_error(tmp_path: Path, model: str) -> None:
    """Behind whole events, and without the end that would make it look complete."""
    cut = attrs.evolve(QUICK, faults=("cut",), words=30, repeat=True)
    async with running(tmp_path, keys={"one": cut}) as gateway:
        streamed = await ask(gateway, model, stream=True)

    *_, last, rest = streamed.text.split("\n\n")
    assert rest == ""
    assert last.startswith("event: error\ndata: ")
    assert json.loads(last.partition("data: ")[2])["error"]["type"] == "overloaded_error"
    assert '"type":"message_stop"' not in streamed.text


async def test_refusals_of_every_depth_are_in_anthropics_shape(tmp_path: Path) -> None:
    """Key, model, parameter, body, and what no other form can say."""
    foreign = {"tools": [{"type": "web_search_20250305", "name": "web_search"}]}
    async with running(tmp_path) as gateway:
        answers = [
            await gateway.http.post("/v1/messages", json={}),
            await gateway.http.post(
                "/v1/messages", content=b"{", headers={"x-api-key": gateway.live_key}
            ),
            await ask(gateway, "no-such-model"),
            await ask(gateway, MODELS[0], max_tokens=None),
            await ask(gateway, MODELS[0], **foreign),
            await ask(gateway, MODELS[1], top_k="many"),
        ]

    assert [answer.status_code for answer in answers] == [401, 400, 404, 400, 400, 400]
    for answer in answers:
        assert answer.json()["type"] == "error"
        assert answer.json()["error"].keys() == {"type", "message"}
    assert "tools[0]" in answers[4].json()["error"]["message"]
