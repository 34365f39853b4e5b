"""Every recorded answer and request of Anthropic, against what a plain reading of it says.

What is expected is computed here from the raw recordings, by other means than the dialect's.
"""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from providers.anthropic import Anthropic
from providers.base import Decoder
from providers.conversation import Message
from providers.errors import (
    BrokenAnswer,
    CredentialRejected,
    ModelMissing,
    QuotaExhausted,
    RateLimited,
    RequestRejected,
    UpstreamFailed,
)
from providers.types import ChatCall, Ended, Usage
from tests.providers.corpus import SHARED, Exchange, events_of, load
from tests.providers.outcome import (
    assert_splits_do_not_matter,
    assert_truncation_shows,
    outcome_of,
)

ALL = load(SHARED, "anthropic")
CHATS = [one for one in ALL if one.feature.startswith("messages") and one.status == 200]
ERRORS = [one for one in ALL if one.status >= 400]
MODELS = [one for one in ALL if one.feature == "models"]
STREAMS = [one for one in CHATS if one.response_body.startswith((b"event:", b"data:"))]

FINISH = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "pause_turn": "stop",
    None: "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
}
STATUS = {
    400: RequestRejected,
    401: CredentialRejected,
    402: QuotaExhausted,
    403: CredentialRejected,
    404: ModelMissing,
    413: RequestRejected,
    429: RateLimited,
    500: UpstreamFailed,
    504: UpstreamFailed,
    529: UpstreamFailed,
}

dialect = Anthropic()


def decoder_of(exchange: Exchange) -> Decoder:
    stream = exchange in STREAMS
    return dialect.decoder(ChatCall("m", (Message("user", "hi"),), {}, stream=stream))


def blocks_of(exchange: Exchange) -> list[bytes]:
    return [block for block in re.split(rb"(?<=\n\n)", exchange.response_body) if block.strip()]


def events_in(exchange: Exchange) -> list[Any]:
    """The JSON of a recorded stream's events."""
    return [json.loads(block.partition(b"data:")[2]) for block in blocks_of(exchange)]


def is_broken(exchange: Exchange) -> bool:
    """Whether a stream holds an error, is spliced from two, or lacks its end."""
    if exchange not in STREAMS:
        return False
    types = [event["type"] for event in events_in(exchange)]
    return "error" in types or types.count("message_start") != 1 or "message_stop" not in types


def message_of(exchange: Exchange) -> Any:
    """The recorded message, put together from its events where it was streamed."""
    if exchange not in STREAMS:
        return json.loads(exchange.response_body)
    message: Any = {"content": [], "usage": {}}
    for event in events_in(exchange):
        if event["type"] == "message_start":
            message |= {**event["message"], "content": []}
        elif event["type"] == "message_delta":
            message |= event["delta"]
            message["usage"] |= event["usage"]
        elif event["type"].startswith("content_block"):
            put_block(message["content"], event)
    return message


def put_block(content: list[Any], event: Any) -> None:
    """Adds what an event tells of a block."""
    if event["type"] == "content_block_start":
        content.append(dict(event["content_block"]))
        return
    block = content[event["index"]]
    for name in ("text", "thinking", "partial_json", "signature"):
        if name in event.get("delta", ()):
            block[name] = block.get(name, "") + event["delta"][name]
    if event["type"] == "content_block_stop" and block["type"] == "tool_use":
        block["input"] = json.loads(block.pop("partial_json", "") or "{}")


def texts_of(message: Any, kind: str) -> str:
    return "".join(block[kind] for block in message["content"] if block["type"] == kind)


def usage_of(message: Any) -> Usage:
    raw = message["usage"]
    cached = raw.get("cache_read_input_tokens", 0)
    prompt = raw["input_tokens"] + raw.get("cache_creation_input_tokens", 0) + cached
    details = raw.get("output_tokens_details") or {}
    return Usage(
        prompt=prompt,
        completion=raw["output_tokens"],
        total=prompt + raw["output_tokens"],
        cached=cached,
        reasoning=details.get("thinking_tokens", 0),
        written=raw.get("cache_creation_input_tokens", 0),
    )


def calls_of(message: Any) -> list[Any]:
    called = [block for block in message["content"] if block["type"] == "tool_use"]
    return [[block["id"], block["name"], block["input"]] for block in called]


def thoughts_of(message: Any) -> list[Any]:
    """What was thought before the first call, as it has to come back."""
    kinds = [block["type"] for block in message["content"]]
    before = message["content"][: kinds.index("tool_use")] if "tool_use" in kinds else []
    return [block for block in before if block["type"] in ("thinking", "redacted_thinking")]


def test_the_recordings_are_here(shared: Path) -> None:
    """CI has them: without them the tests below would pass by not running."""
    assert shared == SHARED
    assert len(CHATS) >= 25
    assert ERRORS
    assert any(is_broken(one) for one in STREAMS)


@pytest.mark.parametrize("exchange", [one for one in CHATS if not is_broken(one)], ids=str)
def test_an_answer_means_what_the_recording_says(exchange: Exchange) -> None:
    """Text, thinking, stop reason, usage, model and id of every recorded answer are read right."""
    message = message_of(exchange)
    outcome = outcome_of(events_of(decoder_of(exchange), [exchange.response_body]))
    assert outcome.ended, outcome.error
    assert outcome.content.get(0, "") == texts_of(message, "text")
    assert outcome.reasoning.get(0, "") == texts_of(message, "thinking")
    assert outcome.finishes == {0: FINISH[message["stop_reason"]]}
    assert outcome.usage == usage_of(message)
    assert [[*named, json.loads(given)] for *named, given in outcome.calls.values()] == calls_of(
        message
    )
    kept = outcome.kept.get((0, 0), {"anthropic": {"thinking": []}})
    assert kept["anthropic"]["thinking"] == thoughts_of(message)
    assert outcome.started is not None
    assert (outcome.started.id, outcome.started.model) == (message["id"], message["model"])
    details = message.get("stop_details") or {}
    assert outcome.refusal.get(0) == details.get("explanation")


@pytest.mark.parametrize("exchange", [one for one in CHATS if is_broken(one)], ids=str)
def test_a_broken_stream_is_never_a_success(exchange: Exchange) -> None:
    """An error event has its own class; a splice and a missing end are broken answers."""
    outcome = outcome_of(events_of(decoder_of(exchange), [exchange.response_body]))
    errors = [event for event in events_in(exchange) if event["type"] == "error"]
    if errors and errors[0]["error"]["type"] == "overloaded_error":
        assert type(outcome.error) is UpstreamFailed
        assert outcome.error.status == 529
    else:
        assert type(outcome.error) is BrokenAnswer


@pytest.mark.parametrize("exchange", CHATS, ids=str)
def test_no_split_of_the_bytes_changes_the_events(exchange: Exchange) -> None:
    """One byte at a time, in two halves anywhere, in random pieces: the same events."""
    most = 10 if len(exchange.response_body) > 4000 else 40
    assert_splits_do_not_matter(lambda: decoder_of(exchange), exchange.response_body, most=most)


@pytest.mark.parametrize("exchange", STREAMS, ids=str)
def test_a_stream_that_is_cut_short_never_ends_well(exchange: Exchange) -> None:
    """Up to its last event, and in the middle of any, a stream without its end is broken."""
    assert_truncation_shows(lambda: decoder_of(exchange), blocks_of(exchange))


@pytest.mark.parametrize("exchange", [one for one in CHATS if one not in STREAMS], ids=str)
def test_a_body_that_is_cut_short_never_ends_well(exchange: Exchange) -> None:
    """Half of a JSON body is broken, wherever it is cut."""
    body = exchange.response_body.rstrip()
    for cut in range(0, len(body), max(1, len(body) // 40)):
        assert not outcome_of(events_of(decoder_of(exchange), [body[:cut]])).ended


@pytest.mark.parametrize("exchange", STREAMS, ids=str)
def test_line_ends_do_not_matter(exchange: Exchange) -> None:
    """A relay may write CRLF: the events are those of the recording."""
    relayed = exchange.response_body.replace(b"\n", b"\r\n")
    once, again = (
        outcome_of(events_of(decoder_of(exchange), [body]))
        for body in (exchange.response_body, relayed)
    )
    assert (once.content, once.finishes, once.usage) == (again.content, again.finishes, again.usage)


@pytest.mark.parametrize("exchange", ERRORS, ids=str)
def test_an_error_has_its_class(exchange: Exchange) -> None:
    """The class of every recorded error follows its status, and its message is kept."""
    error = dialect.error(exchange.status, exchange.response_headers, exchange.response_body)
    raw = json.loads(exchange.response_body)["error"]
    assert type(error) is STATUS[exchange.status]
    assert error.status == exchange.status
    assert error.message == raw["message"]
    too_long = "prompt is too long" in raw["message"]
    assert error.code == ("context_length_exceeded" if too_long else raw["type"])


@pytest.mark.parametrize("exchange", CHATS, ids=str)
def test_the_quota_is_read_from_the_headers(exchange: Exchange) -> None:
    """Limits and what remains of them, wherever a recording has such headers."""
    headers = exchange.response_headers
    limits = dialect.limits(headers)
    requests = headers.get("anthropic-ratelimit-requests-limit")
    assert limits.requests_limit == (int(requests) if requests else None)
    tokens = headers.get("anthropic-ratelimit-tokens-remaining") or headers.get(
        "anthropic-ratelimit-input-tokens-remaining"
    )
    assert limits.tokens_remaining == (int(tokens) if tokens else None)
    assert (limits.reset is not None) == (tokens is not None and "date" in headers)
    assert limits.reset is None or 0 <= limits.reset < 120


def test_models_are_listed() -> None:
    """All of the recorded models, in order."""
    for exchange in MODELS:
        raw = json.loads(exchange.response_body)
        models, cursor = dialect.read_models(exchange.response_body)
        assert [model.id for model in models] == [model["id"] for model in raw["data"]]
        assert cursor == (raw["last_id"] if raw["has_more"] else None)


def texts_in(content: Any) -> list[str] | None:
    """The texts of a recorded message, None if it holds anything else."""
    if isinstance(content, str):
        return [content]
    plain = isinstance(content, list) and all(block.get("type") == "text" for block in content)
    return [block["text"] for block in content] if plain else None


def is_text_only(exchange: Exchange) -> bool:
    body = exchange.request_body
    if not isinstance(body, dict) or "max_tokens" not in body or body.get("tools"):
        return False
    turns = body["messages"]
    return all(
        isinstance(turn, dict) and turn["role"] != "system" and texts_in(turn["content"])
        for turn in turns
    )


def call_of(exchange: Exchange) -> ChatCall:
    """The OpenAI request that a client would have sent for the recorded one."""
    raw = exchange.request_body
    system = texts_in(raw.get("system", [])) or []
    messages = [Message("system", text) for text in system]
    for turn in raw["messages"]:
        messages += [Message(turn["role"], text) for text in texts_in(turn["content"]) or []]
    body = {"top_k": raw.get("top_k"), "user": raw.get("metadata", {}).get("user_id")}
    return ChatCall(
        raw["model"],
        tuple(messages),
        body,
        stream=raw.get("stream", False),
        max_tokens=raw["max_tokens"],
        temperature=raw.get("temperature"),
        top_p=raw.get("top_p"),
        stop=tuple(raw.get("stop_sequences", ())),
    )


@pytest.mark.parametrize("exchange", [one for one in ALL if is_text_only(one)], ids=str)
def test_text_requests_are_written_as_recorded(exchange: Exchange) -> None:
    """The OpenAI equivalent of a recorded request says the same again, as far as OpenAI has words."""
    raw, call = exchange.request_body, call_of(exchange)
    assert dialect.refuses(call) is None
    request = dialect.encode(call, raw["model"])
    written = json.loads(request.body)
    assert _turns(written) == _turns(raw)
    assert _system(written) == _system(raw)
    for name in ("model", "max_tokens", "temperature", "top_p", "top_k", "stop_sequences"):
        assert written.get(name) == raw.get(name), name
    assert written.get("stream", False) == raw.get("stream", False)
    assert written.get("metadata") == raw.get("metadata")
    assert exchange.url.startswith(request.path)


def _turns(body: Any) -> list[tuple[str, str]]:
    return [
        (turn["role"], text)
        for turn in body["messages"]
        for text in texts_in(turn["content"]) or []
    ]


def _system(body: Any) -> str:
    return "\n\n".join(texts_in(body.get("system", [])) or [])


def test_ended_comes_from_message_stop_alone() -> None:
    """In every recorded stream the last byte that matters is message_stop's."""
    for exchange in STREAMS:
        if is_broken(exchange):
            continue
        decoder = decoder_of(exchange)
        before = [event for block in blocks_of(exchange)[:-1] for event in decoder.feed(block)]
        assert not any(isinstance(event, Ended) for event in before)
        assert isinstance(decoder.feed(blocks_of(exchange)[-1])[-1], Ended)
