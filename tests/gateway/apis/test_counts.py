"""Counts of tokens: asked of who counts them, refused where nobody does, estimated in test mode."""

import json
from pathlib import Path

import pytest

from gateway.apis.api import Asked
from gateway.apis.counts import COUNTS
from gateway.whole import Heading
from providers.anthropic import Anthropic
from providers.base import Dialect, refusal
from providers.gemini import Gemini
from providers.openai import OpenAI
from providers.types import CountCall, Counted, Ended, Usage, UsageSeen
from tests.gateway.running import running

BODY = {
    "model": "m",
    "system": "brief",
    "messages": [{"role": "user", "content": "Merhaba"}],
    "temperature": 0.5,
}


def call() -> CountCall:
    read = COUNTS.read(Asked(BODY))
    assert isinstance(read, CountCall)
    return read


def test_anthropic_is_asked_as_the_client_asked() -> None:
    """At its own address for it."""
    sent = Anthropic().encode(call(), "claude")
    assert sent.path == "/v1/messages/count_tokens"
    assert json.loads(sent.body) == {**BODY, "model": "claude"}


def test_gemini_is_asked_in_its_own_words() -> None:
    """With all that the request would hold."""
    sent = Gemini().encode(call(), "gemini-x")
    assert sent.path == "/models/gemini-x:countTokens"
    request = json.loads(sent.body)["generateContentRequest"]
    assert request["model"] == "models/gemini-x"
    assert request["contents"] == [{"role": "user", "parts": [{"text": "Merhaba"}]}]
    assert request["systemInstruction"]["parts"] == [{"text": "brief"}]


@pytest.mark.parametrize(
    ("dialect", "body"), [(Anthropic(), b'{"input_tokens":7}'), (Gemini(), b'{"totalTokens":7}')]
)
def test_a_count_is_read_and_nothing_is_used(dialect: Dialect, body: bytes) -> None:
    """Whoever counted."""
    decoder = dialect.decoder(call())
    events = [*decoder.feed(body), *decoder.finish()]
    assert events[-3:] == [Counted(7), UsageSeen(Usage()), Ended()]
    assert json.loads(COUNTS.whole(call(), Heading("x", 5, "m"), events, Usage())) == {
        "input_tokens": 7
    }


def test_who_cannot_count_says_so() -> None:
    """OpenAI's chat completions have no such thing."""
    assert refusal(OpenAI(), call()) == "count_tokens"


async def test_test_mode_estimates_and_nothing_is_billed(tmp_path: Path) -> None:
    """In Anthropic's shape; and where no provider counts, it is a 400 that says so."""
    async with running(tmp_path) as gateway:
        ask = {**BODY, "model": "gpt-4o-mini"}
        path = "/v1/messages/count_tokens"
        test = await gateway.http.post(path, json=ask, headers=gateway.auth(gateway.test_key))
        live = await gateway.http.post(path, json=ask, headers=gateway.auth())
        metrics = await gateway.http.get("/metrics")

    assert test.status_code == 200
    assert test.json()["input_tokens"] > 0
    assert live.status_code == 400
    assert "count_tokens" in live.json()["error"]["message"]
    assert 'operation="count_tokens"' in metrics.text
