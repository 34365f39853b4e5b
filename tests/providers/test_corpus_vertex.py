"""Every recorded exchange with Vertex AI: each is classified, and our requests are those that were recorded.

Answers are read by Gemini's reader; `test_corpus_gemini` holds it against these recordings too.
"""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from gateway.wire import read_chat
from providers.errors import ModelMissing, RequestRejected
from providers.gemini_chat import UNSIGNED
from providers.types import EmbedCall
from providers.vertex import Vertex
from tests.providers.corpus import SHARED, Exchange, events_of, load
from tests.providers.outcome import assert_splits_do_not_matter, outcome_of

ALL = load(SHARED, "vertex")
CHATS = [one for one in ALL if one.feature.startswith("generate") and one.status == 200]
EMBEDS = [one for one in ALL if one.feature in ("embed", "predict") and one.status == 200]
ERRORS = [one for one in ALL if one.status >= 400]
ASKED = [one for one in ALL if one.request_body]

NOT_ASKED_FOR = {
    "invalid_role": "a role that OpenAI's format does not have",
    "executableCode": "Google's own tool",
    "codeExecution": "Google's own tool",
    "googleSearch": "asked for by web_search_options; recorded with options of its own",
    "urlContext": "Google's own tool",
}
"""Words in requests that have no equivalent."""

SAID_OTHERWISE = {
    "responseModalities": "text is what there is without it",
    "candidateCount": "one is the default",
}


def place_of(exchange: Exchange) -> re.Match[str]:
    found = re.fullmatch(
        r"/(?P<version>\w+)/projects/(?P<project>[^/]+)/locations/(?P<location>[^/]+)"
        r"/publishers/google/models/(?P<model>[^:]+):(?P<method>\w+)(?:\?.*)?",
        exchange.url,
    )
    assert found, exchange.url
    return found


def spoken_at(exchange: Exchange) -> Vertex:
    place = place_of(exchange)
    return Vertex(place["project"], place["location"], place["version"])


def is_sayable(exchange: Exchange) -> bool:
    written = json.dumps(exchange.request_body)
    return "contents" in exchange.request_body and not any(no in written for no in NOT_ASKED_FOR)


def camel(value: Any) -> Any:
    """A body with all names as Google's own JSON has them: some SDKs send them with underscores."""
    if isinstance(value, list):
        return [camel(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        re.sub(r"_(\w)", lambda found: found[1].upper(), name): said
        if is_users(name)
        else camel(said)
        for name, said in value.items()
    }


def is_users(name: str) -> bool:
    return name in ("args", "response", "parametersJsonSchema", "parameters", "responseJsonSchema")


def openai_of(raw: Any) -> dict[str, Any]:
    """The OpenAI request that a client would have sent for the recorded one."""
    config = raw.get("generationConfig", {})
    body: dict[str, Any] = {"model": "m", "messages": []}
    for part in raw.get("systemInstruction", {}).get("parts", []):
        body["messages"].append({"role": "system", "content": part["text"]})
    for turn in raw["contents"]:
        body["messages"] += turns_of(turn)
    names = {"maxOutputTokens": "max_tokens", "temperature": "temperature", "topP": "top_p"}
    names |= {"seed": "seed", "stopSequences": "stop"}
    body |= {names[name]: said for name, said in config.items() if name in names}
    if config.get("responseLogprobs"):
        body |= {"logprobs": True, "top_logprobs": config.get("logprobs", 0)}
    if "responseJsonSchema" in config:
        named = {"name": "x", "schema": config["responseJsonSchema"]}
        body["response_format"] = {"type": "json_schema", "json_schema": named}
    if "thinkingConfig" in config:
        body["extra_body"] = {"google": {"thinking_config": config["thinkingConfig"]}}
    for tool in raw.get("tools", []):
        body["tools"] = [
            {"type": "function", "function": function_of(one)}
            for one in tool["functionDeclarations"]
        ]
    return body


def function_of(declared: Any) -> dict[str, Any]:
    kept = {name: declared[name] for name in ("name", "description") if name in declared}
    return {**kept, "parameters": schema_of(declared)}


def schema_of(declared: Any) -> Any:
    return lowered(declared.get("parametersJsonSchema") or declared.get("parameters"))


def lowered(schema: Any) -> Any:
    """A schema with JSON schema's own names of types, where Google's older ones were written."""
    if not isinstance(schema, dict):
        return schema
    found = {name: lowered(said) for name, said in schema.items()}
    return {**found, "type": found["type"].lower()} if isinstance(found.get("type"), str) else found


def turns_of(turn: Any) -> list[dict[str, Any]]:
    told: dict[str, Any] = {"content": []}
    told["role"] = "assistant" if turn.get("role") == "model" else "user"
    results = []
    for part in turn["parts"]:
        signed = {"google": {"thought_signature": part.get("thoughtSignature", UNSIGNED)}}
        if "functionCall" in part:
            told.setdefault("tool_calls", []).append(call_of(part["functionCall"], signed))
        elif "functionResponse" in part:
            results.append(result_of(part["functionResponse"]))
        elif not part.get("thought"):
            told["content"].append(part_of(part))
    return results or [told]


def call_of(call: Any, signed: Any) -> dict[str, Any]:
    function = {"name": call["name"], "arguments": json.dumps(call.get("args", {}))}
    id_ = call.get("id", call["name"])
    return {"id": id_, "type": "function", "function": function, "extra_content": signed}


def result_of(response: Any) -> dict[str, Any]:
    output = response["response"]
    parts = [part_of(part) for part in response.get("parts", [])]
    text = [{"type": "text", "text": json.dumps(output)}] if output else []
    called = response.get("id", response["name"])
    return {"role": "tool", "tool_call_id": called, "content": text + parts}


def part_of(part: Any) -> dict[str, Any]:
    if "text" in part:
        return {"type": "text", "text": part["text"]}
    held = part.get("inlineData") or part["fileData"]
    url = held.get("fileUri") or f"data:{held['mimeType']};base64,{held['data']}"
    if held["mimeType"].startswith("image/"):
        return {"type": "image_url", "image_url": {"url": url}}
    is_there = "fileUri" in held
    return {"type": "file", "file": {"file_id": url} if is_there else {"file_data": url}}


def normal(raw: Any) -> Any:
    """A request without what is said otherwise: see `SAID_OTHERWISE`; tools by one name of their schema;
    results of calls without their wording, of which there are many; signatures and ids where recorded."""
    raw = json.loads(json.dumps(raw))
    config = raw.pop("generationConfig", {})
    config = {name: said for name, said in config.items() if name not in SAID_OTHERWISE}
    for tool in (one for tools in raw.get("tools", []) for one in tools["functionDeclarations"]):
        tool["parametersJsonSchema"] = schema_of(tool)
        tool.pop("parameters", None)
        tool["description"] = tool.get("description", "")
    for part in (part for turn in raw["contents"] for part in turn["parts"]):
        part.pop("thoughtSignature", None)
        part.get("functionCall", {}).pop("id", None)
        part.get("functionResponse", {}).pop("id", None)
        part.get("functionResponse", {}).pop("response", None)
    return {**raw, "generationConfig": config}


def test_the_recordings_are_here(shared: Path) -> None:
    """CI has them: without them the tests below would pass by not running."""
    assert shared == SHARED
    assert len(CHATS) >= 4
    assert len(EMBEDS) >= 2
    assert ERRORS


@pytest.mark.parametrize("exchange", ASKED, ids=str)
def test_every_recorded_request_has_its_place(exchange: Exchange) -> None:
    """Translated, an embedding, or what nobody can ask for in OpenAI's format."""
    written = json.dumps(exchange.request_body)
    cannot = [why for what, why in NOT_ASKED_FOR.items() if what in written]
    assert is_sayable(exchange) or exchange in EMBEDS or cannot


@pytest.mark.parametrize("exchange", [one for one in ASKED if is_sayable(one)], ids=str)
def test_requests_are_written_as_recorded(exchange: Exchange) -> None:
    """The OpenAI equivalent of a recorded request says the same again, to the same path."""
    dialect, place = spoken_at(exchange), place_of(exchange)
    raw = camel(exchange.request_body)
    stream = place["method"].startswith("stream")
    call = read_chat({**openai_of(raw), "stream": stream})
    assert dialect.refuses(call) is None
    request = dialect.encode(call, place["model"])
    path, _, query = request.path.partition("?")
    assert path.replace("%3C", "<").replace("%3E", ">") == exchange.url.partition("?")[0]
    assert query == ("alt=sse" if stream else "")
    assert normal(json.loads(request.body)) == normal(raw)


@pytest.mark.parametrize("exchange", [one for one in EMBEDS if one.request_body], ids=str)
def test_embeddings_are_asked_for_and_read_as_recorded(exchange: Exchange) -> None:
    """By either method: the texts in the body, a vector for each in the answer, and the tokens."""
    dialect, place, raw = spoken_at(exchange), place_of(exchange), exchange.request_body
    rows = raw.get("instances") or [{"content": raw["content"]["parts"][0]["text"]}]
    call = EmbedCall("m", tuple(row["content"] for row in rows), {})
    assert dialect.refuses(call) is None
    request = dialect.encode(call, place["model"])
    assert request.path.endswith(f"/models/{place['model']}:{place['method']}")
    assert json.loads(request.body) == raw
    answer = json.loads(exchange.response_body)
    outcome = outcome_of(events_of(dialect.decoder(call), [exchange.response_body]))
    found = [row["embeddings"] for row in answer.get("predictions", [])] or [answer["embedding"]]
    assert outcome.vectors == tuple(tuple(map(float, row["values"])) for row in found)
    counted = [row.get("statistics", {}).get("token_count", 0) for row in found]
    tokens = answer.get("usageMetadata", {}).get("promptTokenCount") or sum(counted)
    assert (outcome.usage.prompt if outcome.usage else 0) == tokens


@pytest.mark.parametrize("exchange", CHATS, ids=str)
def test_no_split_of_the_bytes_changes_the_events(exchange: Exchange) -> None:
    """Read in this dialect: one byte at a time, in two halves anywhere, in random pieces."""
    stream = exchange.response_body.startswith(b"data:")
    call = read_chat(
        {"model": "m", "messages": [{"role": "user", "content": "x"}], "stream": stream}
    )
    body = exchange.response_body
    assert_splits_do_not_matter(lambda: Vertex("p").decoder(call), body, most=20)
    assert outcome_of(events_of(Vertex("p").decoder(call), [body])).ended


@pytest.mark.parametrize("exchange", ERRORS, ids=str)
def test_an_error_has_its_class(exchange: Exchange) -> None:
    """And no project is named to a client."""
    error = Vertex("p").error(exchange.status, exchange.response_headers, exchange.response_body)
    assert type(error) is (ModelMissing if exchange.status == 404 else RequestRejected)
    assert "projects/fake-project" not in error.message
    too_long = b"exceeds the maximum number of tokens" in exchange.response_body
    assert (error.code == "context_length_exceeded") == too_long
