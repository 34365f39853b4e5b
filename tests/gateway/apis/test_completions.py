"""OpenAI's completions as an API among others."""

import json
from pathlib import Path
from typing import Any

import pytest

from gateway.apis.api import Asked
from gateway.apis.completions import COMPLETIONS, CompletionWriter
from gateway.whole import Heading
from providers.base import refusal, speaks
from providers.gemini import Gemini
from providers.kinds import KINDS
from providers.types import ChatCall, Ended, TextDelta, Usage, UsageSeen, Verbatim
from tests.gateway.apis.recorded import ANSWERED, Answered
from tests.gateway.asked import refusal as refused
from tests.gateway.running import Running, running
from tests.providers.corpus import SHARED, Exchange, load
from tests.schemas import OPENAI, faults

HEADING = Heading("cmpl-1", 5, "m")
USAGE = Usage(1, 2, 3)
RECORDED = [
    one for provider in ("openai", "vllm") for one in load(SHARED, provider, "completions-*")
]
MODELS = ["gpt-4o-mini", "claude-sonnet-4-5", "gemini-2.0-flash"]


def read(**body: Any) -> ChatCall:
    call = COMPLETIONS.read(Asked({"model": "m", "prompt": "Once", **body}))
    assert isinstance(call, ChatCall)
    return call


@pytest.mark.parametrize("prompt", ["Once", ["Once"]])
def test_a_prompt_is_what_the_user_says(prompt: Any) -> None:
    """For upstreams that know only chats."""
    call = read(prompt=prompt, max_tokens=5, echo=False, best_of=1)
    assert [(message.role, message.text) for message in call.messages] == [("user", "Once")]
    assert call.max_tokens == 5
    assert refusal(Gemini(), call) is None


@pytest.mark.parametrize(
    ("body", "parameter"),
    [
        ({"prompt": ["a", "b"]}, "prompt"),
        ({"prompt": [1, 2]}, "prompt"),
        ({"suffix": "end"}, "suffix"),
        ({"echo": True}, "echo"),
        ({"best_of": 3}, "best_of"),
        ({"logprobs": 2}, "logprobs"),
    ],
)
def test_what_a_chat_cannot_do_is_named(body: Any, parameter: str) -> None:
    """And sent on where completions are still known."""
    call = read(**body)
    assert refusal(Gemini(), call) == parameter
    assert refusal(KINDS["openai"].dialect, call) is None
    sent = json.loads(KINDS["openai"].dialect.encode(call, "up").body)
    assert sent == {"prompt": "Once", **body, "model": "up"}


@pytest.mark.parametrize("prompt", [None, 5, [], {}])
def test_a_prompt_must_be_there(prompt: Any) -> None:
    """A 400 that says so."""
    assert refused(lambda: read(prompt=prompt)).param == "prompt"


@pytest.mark.parametrize("include", [True, False])
def test_a_stream_without_a_wish_for_usage_is_given_none(include: bool) -> None:
    """Although the upstream is asked for it: the gateway counts."""
    call = read(stream=True, stream_options={"include_usage": include})
    dialect = KINDS["openai"].dialect
    assert json.loads(dialect.encode(call, "up").body)["stream_options"] == {"include_usage": True}
    frames = [
        b'data: {"choices":[{"text":"a","index":0,"finish_reason":"stop"}]}\n\n',
        b'data: {"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2}}\n\n',
        b"data: [DONE]\n\n",
    ]
    decoder = dialect.decoder(call)
    events = [event for frame in frames for event in decoder.feed(frame)]
    given = b"".join(event.data for event in events if isinstance(event, Verbatim))
    assert given == b"".join(frames if include else [frames[0], frames[2]])
    assert UsageSeen(Usage(1, 2, 3)) in events
    assert events[-1] == Ended()


@pytest.mark.parametrize("exchange", RECORDED, ids=str)
def test_recorded_completions_go_through_as_they_are(exchange: Exchange) -> None:
    """Requests to the letter; answers to the byte."""
    call = COMPLETIONS.read(Asked(exchange.request_body))
    dialect = KINDS["openai"].dialect
    assert speaks(dialect, call)
    sent = json.loads(dialect.encode(call, exchange.request_body["model"]).body)
    for name in ("stream", "stream_options"):
        sent.pop(name, None)
    asked = {
        n: v for n, v in exchange.request_body.items() if n not in ("stream", "stream_options")
    }
    assert sent == asked
    if exchange.status != 200:
        return
    decoder = dialect.decoder(call)
    events = [*decoder.feed(exchange.response_body), *decoder.finish()]
    given = b"".join(event.data for event in events if isinstance(event, Verbatim))
    assert given == exchange.response_body
    assert events[-1] == Ended()
    assert any(isinstance(event, TextDelta) for event in events)


@pytest.mark.parametrize("answered", ANSWERED, ids=str)
def test_a_chats_answer_is_a_completion_as_openai_has_published_it(answered: Answered) -> None:
    """With all of its text; whole and streamed."""
    whole = json.loads(COMPLETIONS.whole(read(), HEADING, answered.events, answered.usage))
    wrong = faults(OPENAI, "CreateCompletionResponse", whole)
    assert all("finish_reason" in fault for fault in wrong)  # completions call no tools
    writer = CompletionWriter(HEADING, include_usage=True)
    stream = writer.write(answered.events) + writer.end(answered.usage)
    chunks = [json.loads(each.removeprefix(b"data: ")) for each in stream.split(b"\n\n")[:-2]]
    said: dict[int, str] = {}
    for chunk in chunks:
        for choice in chunk["choices"]:
            said[choice["index"]] = said.get(choice["index"], "") + choice["text"]
    assert said == {choice["index"]: choice["text"] for choice in whole["choices"]}
    outcome = answered.outcome
    text = outcome.content.get(0, "") + outcome.refusal.get(0, "")
    assert said.get(0, "") == text


async def ask(gateway: Running, model: str, **members: Any) -> Any:
    body = {"model": model, "prompt": "Once", "max_tokens": 20, **members}
    return await gateway.http.post("/v1/completions", json=body, headers=gateway.auth())


@pytest.mark.parametrize("model", MODELS)
async def test_every_upstream_completes_whole_and_streamed(tmp_path: Path, model: str) -> None:
    """By its own completions or by a chat."""
    async with running(tmp_path) as gateway:
        whole = await ask(gateway, model)
        streamed = await ask(gateway, model, stream=True)
        several = await ask(gateway, model, prompt=["a", "b"])

    assert whole.json()["object"] == "text_completion"
    assert whole.json()["choices"][0]["text"]
    assert streamed.text.endswith("data: [DONE]\n\n")
    assert several.status_code == (200 if model == MODELS[0] else 400)
