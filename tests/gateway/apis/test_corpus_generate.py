"""Recorded traffic through Google's form: what clients asked comes out as they asked it, whatever upstreams
said comes out as they said it.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from gateway.apis.api import Asked
from gateway.apis.generate_answer import ResponseWriter, response_body
from gateway.apis.generate_request import read_generate
from gateway.apis.names import camel
from gateway.errors import ApiError
from gateway.whole import Heading
from providers.base import refusal
from providers.gemini import Gemini
from providers.types import ChatCall
from tests.gateway.apis.recorded import ANSWERED, Answered
from tests.providers.corpus import SHARED, Exchange, load
from tests.providers.outcome import outcome_of
from tests.schemas import GEMINI, faults

ASKED = [
    one
    for provider in ("gemini", "vertex")
    for one in load(SHARED, provider, "generate*")
    if isinstance(one.request_body, dict)
]
HEADING = Heading("1", 5, "m")
dialect = Gemini()

BAD_REQUESTS = {
    "vertex/generate-error/otel-test-generate-content-invalid-role-0": "a role there is not"
}
ONLY = {
    "generate-builtin-tools": "tools that Google runs",
    "generate-cache": "contents that Google keeps",
    "generate-file/ellmer-google-upload": "a file that Google keeps",
    "generate-media-out": "answers that are more than text",
}
"""What no other form can say, by the names of the recordings."""

SCHEMAS = {"parameters": "parametersJsonSchema", "responseSchema": "responseJsonSchema"}
HINTS = ("safetySettings", "labels", "responseModalities", "thinkingConfig", "id", "caller")
DEFAULTS: Mapping[str, Any] = {
    "candidateCount": 1,
    "responseMimeType": "text/plain",
    "description": "",
}


def read(exchange: Exchange) -> tuple[ChatCall, str]:
    model = exchange.url.partition("/models/")[2].partition(":")[0]
    asked = Asked(exchange.request_body, {"model": model})
    return read_generate(asked, stream=exchange.streamed), model


@pytest.mark.parametrize("exchange", ASKED, ids=str)
def test_google_is_sent_what_the_client_asked(exchange: Exchange) -> None:
    """To the letter, where it is asked itself; or the client is told what it is told there."""
    if exchange.name in BAD_REQUESTS:
        with pytest.raises(ApiError):
            read(exchange)
        assert exchange.status == 400
        return
    call, model = read(exchange)
    assert json.loads(dialect.encode(call, model).body) == exchange.request_body


@pytest.mark.parametrize("exchange", ASKED, ids=str)
def test_a_translated_request_means_the_same(exchange: Exchange) -> None:
    """Through OpenAI's form and back it is what was recorded, in a normal form: one way of writing names and
    schemas, responses as text, their media behind them, ids and hints gone, defaults left out."""
    if exchange.name in BAD_REQUESTS:
        return
    call, model = read(exchange)
    assert call.native is not None
    if call.native.only:
        assert any(name in exchange.name for name in ONLY)
        return
    call = ChatCall(**{**vars(call), "native": None})
    assert refusal(dialect, call) is None
    assert normal(json.loads(dialect.encode(call, model).body)) == normal(exchange.request_body)


def normal(body: Any) -> dict[str, Any]:
    made: dict[str, Any] = bare(body)
    turns: list[dict[str, Any]] = []
    for content in made["contents"]:
        parts = [part for given in content["parts"] for part in spread(given)]
        media = [part for part in parts if "hoisted" in part]
        parts = [part for part in parts if "hoisted" not in part]
        role = content.get("role", "user")
        if turns and turns[-1]["role"] == role:
            turns[-1]["parts"] += parts
        else:
            turns.append({"role": role, "parts": parts})
        turns[-1]["parts"] += [part["hoisted"] for part in media]
    made["contents"] = turns
    if "systemInstruction" in made:
        made["systemInstruction"] = [part["text"] for part in made["systemInstruction"]["parts"]]
    return {name: value for name, value in made.items() if value not in ({}, [])}


def bare(value: Any) -> Any:
    """One way of writing, without hints and defaults."""
    if isinstance(value, list):
        return [bare(item) for item in value]
    if not isinstance(value, dict):
        return value
    made = {}
    for name, inner in ((camel(name), inner) for name, inner in value.items()):
        if name in HINTS or DEFAULTS.get(name) == inner:
            continue
        lowered = inner.lower() if name == "type" and isinstance(inner, str) else inner
        made[SCHEMAS.get(name, name)] = bare(lowered)
    return {name: inner for name, inner in made.items() if inner != {} or name == "args"}


def spread(part: dict[str, Any]) -> list[dict[str, Any]]:
    """A part; of a response its text, and what it shows as parts behind it."""
    response = part.get("functionResponse")
    if response is None:
        return [] if part == {"text": ""} else [part]
    held = response.get("response", {})
    (value, *_) = [*held.values(), None]
    plain = len(held) == 1 and isinstance(value, str)
    said = value if plain else json.dumps(held, separators=(",", ":"), ensure_ascii=False)
    shown = [{"hoisted": bare(inner)} for inner in response.get("parts", ())]
    return [{"response": response["name"], "said": said}, *shown]


@pytest.mark.parametrize("answered", ANSWERED, ids=str)
def test_whoever_answered_nothing_is_lost_on_the_way_to_a_client_of_googles(
    answered: Answered,
) -> None:
    """Texts, thoughts, calls, finish and counts, as Google's own reader finds them; whole and streamed; and
    all of it is as Google has published it."""
    usage = answered.usage
    whole = json.loads(json.dumps(response_body(HEADING, answered.events, usage)))
    writer = ResponseWriter(HEADING)
    stream = b"".join(writer.write([event]) for event in answered.events) + writer.end(usage)
    for response in [
        whole,
        *map(json.loads, stream.replace(b"data: ", b"").split(b"\r\n\r\n")[:-1]),
    ]:
        assert faults(GEMINI, "GenerateContentResponse", response) == []
    first = expected(answered)
    assert heard(json.dumps(whole).encode(), stream=False) == first
    assert heard(stream, stream=True) == first


def expected(answered: Answered) -> Any:
    outcome, usage = answered.outcome, answered.usage
    said = outcome.content.get(0, "") + outcome.refusal.get(0, "")
    calls = [call[1:] for (choice, _), call in sorted(outcome.calls.items()) if choice == 0]
    finish = outcome.finishes.get(0, "stop")
    if calls and finish == "stop":
        finish = "tool_calls"  # Google says it so
    elif not calls and finish == "tool_calls":
        finish = "stop"
    counts = (usage.prompt, max(usage.completion, usage.reasoning), usage.cached, usage.reasoning)
    return said, outcome.reasoning.get(0, ""), list(map(meant, calls)), finish, counts


def heard(data: bytes, *, stream: bool) -> Any:
    decoder = dialect.decoder(ChatCall("m", (), {}, stream=stream))
    outcome = outcome_of([*decoder.feed(data), *decoder.finish()])
    assert outcome.error is None
    usage = outcome.usage
    assert usage is not None
    calls = [meant(call[1:]) for (choice, _), call in sorted(outcome.calls.items()) if choice == 0]
    counts = (usage.prompt, usage.completion, usage.cached, usage.reasoning)
    said, why = outcome.content.get(0, ""), outcome.refusal.get(0, "")
    said += (
        "" if "withheld its answer" in why else why
    )  # the reader's own words, where there were none
    return said, outcome.reasoning.get(0, ""), calls, outcome.finishes[0], counts


def meant(call: list[str]) -> Any:
    name, written = call
    try:
        value = json.loads(written or "{}")
    except ValueError:
        value = written
    return name, value if isinstance(value, dict) else {"input": value}


def test_the_recordings_are_there(shared: Path) -> None:
    """Without them, nothing above runs."""
    assert (shared / "wire").is_dir()
    assert len(ASKED) > 40
