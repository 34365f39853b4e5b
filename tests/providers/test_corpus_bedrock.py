"""Every recorded exchange with Bedrock: each is classified, and what can be translated is held against it.

What is expected is computed here from the raw recordings, by other means than the dialect's.
"""

import json
import struct
from pathlib import Path
from typing import Any

import pytest

from gateway.wire import read_chat
from providers.base import Decoder
from providers.bedrock import Bedrock
from providers.conversation import Message
from providers.errors import CredentialRejected, ModelMissing, ProviderError, RequestRejected
from providers.types import ChatCall, CountCall, Counted, Ended, Usage
from tests.providers.corpus import SHARED, Exchange, events_of, load
from tests.providers.outcome import (
    assert_splits_do_not_matter,
    assert_truncation_shows,
    outcome_of,
)

ALL = load(SHARED, "bedrock")
CONVERSE = [one for one in ALL if one.feature.startswith("converse")]
COUNTS = [one for one in ALL if one.feature.startswith("count-tokens")]
CHATS = [one for one in CONVERSE if one.status == 200]
STREAMS = [one for one in CHATS if one.url.endswith("/converse-stream")]
ERRORS = [one for one in ALL if one.status >= 400]

OTHER_APIS = {"invoke": "each model's own format; Converse is the one that all share"}
FINISH = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "guardrail_intervened": "content_filter",
    "content_filtered": "content_filter",
}
NO_WORDS = {"guardContent", "s3Location", "cachePoint", "video"}
"""Blocks that OpenAI's format has no words for: requests with these cannot be asked for here."""

dialect = Bedrock("us-east-1")


def decoder_of(exchange: Exchange) -> Decoder:
    stream = exchange in STREAMS
    return dialect.decoder(ChatCall("m", (Message("user", "hi"),), {}, stream=stream))


def frames_of(exchange: Exchange) -> list[tuple[str, Any, bytes]]:
    """Type, JSON and bytes of a recorded stream's frames."""
    found, data = [], exchange.response_body
    while data:
        total, headers = struct.unpack("!II", data[:8])
        head, payload = data[12 : 12 + headers], data[12 + headers : total - 4]
        name = head.split(b":event-type")[1]
        size = struct.unpack("!H", name[1:3])[0]
        found.append((name[3 : 3 + size].decode(), json.loads(payload), data[:total]))
        data = data[total:]
    return found


def answer_of(exchange: Exchange) -> Any:
    """The recorded answer, put together from its events where it was streamed."""
    if exchange not in STREAMS:
        return json.loads(exchange.response_body)
    blocks: dict[int, Any] = {}
    answer: Any = {"output": {"message": {"content": []}}}
    for name, event, _ in frames_of(exchange):
        if name == "contentBlockDelta":
            block = blocks.setdefault(event["contentBlockIndex"], {})
            for kind, piece in event["delta"].items():
                block[kind] = block.get(kind, "") + piece
        elif name in ("messageStop", "metadata"):
            answer |= event
    answer["output"]["message"]["content"] = [blocks[at] for at in sorted(blocks)]
    return answer


def blocks_in(body: Any) -> list[Any]:
    messages = body["messages"] if "messages" in body else [body["output"]["message"]]
    return [block for message in messages for block in message["content"]]


def is_sayable(exchange: Exchange) -> bool:
    written = json.dumps(exchange.request_body)
    return not any(f'"{name}"' in written for name in NO_WORDS)


def test_the_recordings_are_here(shared: Path) -> None:
    """CI has them: without them the tests below would pass by not running."""
    assert shared == SHARED
    assert len(CHATS) >= 5
    assert len(STREAMS) >= 1
    assert ERRORS


@pytest.mark.parametrize("exchange", ALL, ids=str)
def test_every_recording_has_its_place(exchange: Exchange) -> None:
    """Translated, or of another API and we say which."""
    api = exchange.feature.removesuffix("-stream").removesuffix("-error")
    assert exchange in (*CONVERSE, *COUNTS) or api in OTHER_APIS


@pytest.mark.parametrize("exchange", CHATS, ids=str)
def test_an_answer_means_what_the_recording_says(exchange: Exchange) -> None:
    """Text, calls, stop reason and usage of every recorded answer are read right."""
    raw = answer_of(exchange)
    blocks = blocks_in(raw)
    outcome = outcome_of(events_of(decoder_of(exchange), [exchange.response_body]))
    assert outcome.ended, outcome.error
    assert outcome.content.get(0, "") == "".join(block.get("text", "") for block in blocks)
    called = [block["toolUse"] for block in blocks if "toolUse" in block]
    assert [[*named, json.loads(given)] for *named, given in outcome.calls.values()] == [
        [use["toolUseId"], use["name"], use["input"]] for use in called
    ]
    assert outcome.finishes == {0: FINISH[raw["stopReason"]]}
    spent = raw["usage"]
    cached, written = spent.get("cacheReadInputTokens", 0), spent.get("cacheWriteInputTokens", 0)
    assert outcome.usage == Usage(
        prompt=spent["inputTokens"] + cached + written,
        completion=spent["outputTokens"],
        total=spent["totalTokens"],
        cached=cached,
        written=written,
    )


@pytest.mark.parametrize("exchange", CHATS, ids=str)
def test_no_split_of_the_bytes_changes_the_events(exchange: Exchange) -> None:
    """One byte at a time, in two halves anywhere, in random pieces: the same events."""
    assert_splits_do_not_matter(lambda: decoder_of(exchange), exchange.response_body)


@pytest.mark.parametrize("exchange", STREAMS, ids=str)
def test_a_stream_that_is_cut_short_never_ends_well(exchange: Exchange) -> None:
    """Up to its messageStop, a stream without its end is broken."""
    frames = frames_of(exchange)
    last = [name for name, _, _ in frames].index("messageStop")
    blocks = [data for _, _, data in frames[: last + 1]]
    assert_truncation_shows(lambda: decoder_of(exchange), blocks)
    whole = outcome_of(events_of(decoder_of(exchange), blocks))
    assert (whole.ended, whole.usage) == (True, None), "what is said is said, tokens or not"


@pytest.mark.parametrize("exchange", STREAMS, ids=str)
def test_a_damaged_frame_breaks_the_answer(exchange: Exchange) -> None:
    """One bit anywhere in the first frames is noticed: each has two checksums."""
    for at in range(0, 600, 7):
        body = bytearray(exchange.response_body)
        body[at] ^= 0x10
        assert not outcome_of(events_of(decoder_of(exchange), [bytes(body)])).ended


@pytest.mark.parametrize("exchange", [one for one in CHATS if one not in STREAMS], ids=str)
def test_a_body_that_is_cut_short_never_ends_well(exchange: Exchange) -> None:
    """Half of a JSON body is broken, wherever it is cut."""
    body = exchange.response_body.rstrip()
    for cut in range(0, len(body), max(1, len(body) // 40)):
        assert not outcome_of(events_of(decoder_of(exchange), [body[:cut]])).ended


@pytest.mark.parametrize("exchange", ERRORS, ids=str)
def test_an_error_has_its_class(exchange: Exchange) -> None:
    """A model that is not there, a credential, a prompt too long, and anything else that is refused."""
    raw = json.loads(exchange.response_body)["message"]
    error = dialect.error(exchange.status, exchange.response_headers, exchange.response_body)
    assert (error.status, error.message) == (exchange.status, raw)
    expected: type[ProviderError] = RequestRejected
    if exchange.status == 403:
        expected = CredentialRejected
    elif "model identifier" in raw:
        expected = ModelMissing
    assert type(error) is expected
    assert (error.code == "context_length_exceeded") == ("Input Tokens Exceeded" in raw)


def openai_of(raw: Any, *, stream: bool) -> dict[str, Any]:
    """The OpenAI request that a client would have sent for the recorded one."""
    body: dict[str, Any] = {"model": "m", "messages": [], "stream": stream}
    for block in raw.get("system", []):
        body["messages"].append({"role": "system", "content": block["text"]})
    for message in raw["messages"]:
        body["messages"] += turns_of(message)
    names = {"maxTokens": "max_tokens", "temperature": "temperature", "topP": "top_p"}
    body |= {
        names[name]: said for name, said in raw.get("inferenceConfig", {}).items() if name in names
    }
    tools = raw.get("toolConfig", {})
    if tools:
        body["tools"] = [{"type": "function", "function": function_of(t)} for t in tools["tools"]]
    if "auto" in tools.get("toolChoice", {}):
        body["tool_choice"] = "auto"
    form = raw.get("outputConfig", {}).get("textFormat")
    if form:
        wanted = form["structure"]["jsonSchema"]
        named = {"name": wanted["name"], "schema": json.loads(wanted["schema"])}
        body["response_format"] = {"type": "json_schema", "json_schema": named}
    if "thinking" in raw.get("additionalModelRequestFields", {}):
        body["reasoning_effort"] = "low"  # 1,024 tokens
    return body


def turns_of(message: Any) -> list[dict[str, Any]]:
    results = [block["toolResult"] for block in message["content"] if "toolResult" in block]
    if results:
        return [
            {"role": "tool", "tool_call_id": r["toolUseId"], "content": r["content"][0]["text"]}
            for r in results
        ]
    turn: dict[str, Any] = {"role": message["role"], "content": []}
    thoughts: list[Any] = []
    for block in message["content"]:
        if "toolUse" in block:
            turn.setdefault("tool_calls", []).append(call_of(block["toolUse"], thoughts))
        elif "reasoningContent" in block:
            thoughts.append({"type": "thinking", **thought_of(block)})
        else:
            turn["content"].append(part_of(block))
    return [turn]


def thought_of(block: Any) -> dict[str, Any]:
    thought = block["reasoningContent"]["reasoningText"]
    return {"thinking": thought["text"], "signature": thought["signature"]}


def call_of(use: Any, thoughts: list[Any]) -> dict[str, Any]:
    function = {"name": use["name"], "arguments": json.dumps(use["input"])}
    kept = {"extra_content": {"anthropic": {"thinking": thoughts}}} if thoughts else {}
    return {"id": use["toolUseId"], "type": "function", "function": function, **kept}


def part_of(block: Any) -> dict[str, Any]:
    [(kind, held)] = block.items()
    if kind == "text":
        return {"type": "text", "text": held}
    media = f"{'image' if kind == 'image' else 'application'}/{held['format']}"
    url = f"data:{media};base64,{held['source']['bytes']}"
    if kind == "image":
        return {"type": "image_url", "image_url": {"url": url}}
    return {"type": "file", "file": {"file_data": url, "filename": held["name"]}}


def function_of(tool: Any) -> dict[str, Any]:
    spec = tool["toolSpec"]
    kept = {name: spec[name] for name in ("name", "description", "strict") if name in spec}
    return {**kept, "parameters": spec["inputSchema"]["json"]}


def normal(raw: Any) -> Any:
    """A request without what says nothing: empty members, results that succeeded, what documents are called,
    a description of the schema that OpenAI's format has no word for; schemas as JSON."""
    if isinstance(raw, list):
        return [normal(each) for each in raw]
    if not isinstance(raw, dict):
        return raw
    found = {name: normal(value) for name, value in raw.items()}
    if "schema" in found and isinstance(found["schema"], str):
        found["schema"] = json.loads(found["schema"])
        found.pop("description", None)
    if "toolUseId" in found and found.get("status") == "success":
        del found["status"]
    if "source" in found:
        found.pop("name", None)
    kept = ("auto", "input", "properties")
    return {name: value for name, value in found.items() if value not in ([], {}) or name in kept}


@pytest.mark.parametrize("exchange", [one for one in CONVERSE if is_sayable(one)], ids=str)
def test_requests_are_written_as_recorded(exchange: Exchange) -> None:
    """The OpenAI equivalent of a recorded request says the same again, to the same path."""
    raw = exchange.request_body
    stream = exchange.url.endswith("/converse-stream")
    call = read_chat(openai_of(raw, stream=stream))
    assert dialect.refuses(call) is None
    model = exchange.url.split("/")[2].replace("%3A", ":")
    request = dialect.encode(call, model)
    assert request.path == exchange.url.replace(":", "%3A")
    assert normal(json.loads(request.body)) == normal(raw)


@pytest.mark.parametrize("exchange", COUNTS, ids=str)
def test_counts_are_asked_for_as_recorded(exchange: Exchange) -> None:
    """Of a Converse request; one client had another API's request counted, which is all the same to a count."""
    told = exchange.request_body["input"].get("converse")
    raw = told or {"messages": [{"role": "user", "content": [{"text": "hello"}]}]}
    call = CountCall(read_chat(openai_of(raw, stream=False)))
    assert dialect.refuses(call) is None
    model = exchange.url.split("/")[2].replace("%3A", ":")
    request = dialect.encode(call, model)
    assert request.path == exchange.url.replace(":", "%3A")
    assert normal(json.loads(request.body)) == normal({"input": {"converse": raw}})
    if exchange.status == 200:
        events = events_of(dialect.decoder(call), [exchange.response_body])
        assert Counted(json.loads(exchange.response_body)["inputTokens"]) in events
        assert isinstance(events[-1], Ended)


def test_what_cannot_be_asked_for_is_few() -> None:
    """Guardrails' own blocks, and objects in S3."""
    unsayable = [one for one in CONVERSE if not is_sayable(one)]
    assert len(unsayable) <= len(CONVERSE) / 2


def test_ended_comes_with_the_metadata() -> None:
    """Nothing is waited for behind it."""
    for exchange in STREAMS:
        decoder = decoder_of(exchange)
        events = [event for _, _, data in frames_of(exchange) for event in decoder.feed(data)]
        assert isinstance(events[-1], Ended)
