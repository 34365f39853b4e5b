"""Every recorded text chat and embedding in OpenAI's format is understood as its provider meant it.

What is expected is worked out here, from the recordings, with other tools than the dialect's: the
standard library's JSON and httpx-sse.
"""

import array
import base64
import json
import random
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import httpx
import httpx_sse
import pytest

from gateway.wire_tools import read_choice
from providers.conversation import Message
from providers.errors import (
    BrokenAnswer,
    CredentialRejected,
    ModelMissing,
    ProviderError,
    QuotaExhausted,
    RateLimited,
    RequestRejected,
    UpstreamFailed,
)
from providers.openai import OpenAI
from providers.types import (
    ChatCall,
    EmbedCall,
    Ended,
    Event,
    Extra,
    Failed,
    Finished,
    Started,
    TextDelta,
    ToolDelta,
    Usage,
    UsageSeen,
    Vectors,
)
from tests.providers.corpus import SHARED, Exchange, events_of, load, splits

openai = OpenAI()

COMPATIBLE = (
    *("openai", "groq", "mistral", "deepseek", "openrouter", "together", "perplexity", "cerebras"),
    *("ollama", "vllm", "gpustack", "cloudflare", "databricks", "snowflake", "huggingface", "zai"),
    *("xai", "llamacpp", "gemini-openai", "azure", "anthropic"),
)
CHATS = [chat for name in COMPATIBLE for chat in load(SHARED, name, "chat-*")]
EMBEDDINGS = [one for name in (*COMPATIBLE, "voyage") for one in load(SHARED, name, "embeddings*")]
OTHERS = [
    one
    for name in COMPATIBLE
    for one in load(SHARED, name, "*-error*")
    if "chat" not in one.feature
]

GOOD = [chat for chat in CHATS if chat.status == 200 and "stream-error" not in chat.feature]
STREAMS = [chat for chat in GOOD if chat.streamed]
BROKEN = [chat for chat in CHATS if chat.status == 200 and chat not in GOOD]
ERRORS = [one for one in (*CHATS, *EMBEDDINGS, *OTHERS) if one.status != 200]
VECTORS = [one for one in EMBEDDINGS if one.status == 200]

BUDGET = 200_000
"""Bytes that each stream may be decoded from, over all the places where it is cut in two."""


def chat_call(exchange: Exchange) -> ChatCall:
    body = exchange.request_body or {"model": "m", "messages": []}
    return ChatCall(
        model=body["model"],
        messages=tuple(
            Message(role=turn["role"], text=turn["content"])
            for turn in body["messages"]
            if isinstance(turn.get("content"), str)
            and turn["role"] in ("system", "user", "assistant")
        ),
        body=body,
        stream=exchange.streamed,
        n=body.get("n") or 1,
        tool_choice=read_choice(body),
    )


def embed_call(exchange: Exchange) -> EmbedCall:
    body = exchange.request_body
    given = body["input"]
    several = isinstance(given, list) and not isinstance(given[0], int)
    return EmbedCall(model=body["model"], inputs=tuple(given) if several else (given,), body=body)


def events(exchange: Exchange, *pieces: bytes) -> list[Event]:
    return events_of(openai.decoder(chat_call(exchange)), pieces or (exchange.response_body,))


# What an answer says, from the events ...


@attrs.define
class Answer:
    """What a client is to get of an answer: texts by choice and kind, calls, finishes by choice, usage."""

    texts: dict[tuple[int, str], str] = attrs.field(factory=lambda: defaultdict(str))
    calls: dict[tuple[int, int], list[str]] = attrs.field(factory=dict)
    others: set[str] = attrs.field(factory=set)
    finishes: dict[int, str] = attrs.field(factory=dict)
    usage: Usage | None = None


def joined(events: list[Event]) -> Answer:
    """The answer in these events, which follow the grammar of a chat."""
    first, *middle, last = events
    assert isinstance(first, Started)
    assert last == Ended()
    answer = Answer()
    for event in middle:
        match event:
            case TextDelta(text, choice, kind):
                answer.texts[choice, kind] += text
            case ToolDelta(index, text, choice, id_, name, kind):
                if name is not None:
                    assert index == sum(at == choice for at, _ in answer.calls)
                    answer.calls[choice, index] = [kind, id_ or "", name, ""]
                answer.calls[choice, index][3] += text
            case Extra(members, place=place):
                answer.others |= set(members if place == "message" else ())
            case Finished(reason, choice):
                assert choice not in answer.finishes
                answer.finishes[choice] = reason
            case UsageSeen(usage):
                answer.usage = usage
            case _:
                pytest.fail(f"{event} has no place here")
    return answer


# ... and from the recording


FINISHES = {"eos": "stop", "function_call": "tool_calls", None: "stop", "": "stop"}


def recorded_chunks(body: bytes) -> list[Any]:
    headers = {"content-type": "text/event-stream"}
    response = httpx.Response(200, headers=headers, content=body + b"\n\n")
    every = [sse.data for sse in httpx_sse.EventSource(response).iter_sse()]
    return [json.loads(data) for data in every if data and data != "[DONE]"]


def recorded(exchange: Exchange) -> Answer:
    if exchange.streamed:
        answer = told(recorded_chunks(exchange.response_body), "delta")
    else:
        answer = told([json.loads(exchange.response_body)], "message")
    if isinstance((exchange.request_body or {}).get("tool_choice"), dict):
        return answer  # whether it says "stop" then is the upstream's own affair
    for choice, _ in answer.calls:
        if answer.finishes.get(choice) == "stop":
            answer.finishes[choice] = "tool_calls"
    return answer


def told(objects: list[Any], member: str) -> Answer:
    answer = Answer()
    last: dict[int, str | None] = {}
    for one in objects:
        for choice in one["choices"]:
            index = choice.get("index", 0)
            last[index] = last.get(index) or choice.get("finish_reason")
            holder = choice.get(member) or {}
            for kind, text in said(holder):
                answer.texts[index, kind] += text
            called(answer.calls, index, holder)
            answer.others |= {name for name, value in holder.items() if value} - READ
        usage = one.get("usage") or one.get("x_groq", {}).get("usage")
        answer.usage = counted(usage) if usage else answer.usage
    answer.finishes = {at: FINISHES.get(reason, reason) for at, reason in last.items()}
    return answer


READ = {"role", "content", "refusal", "reasoning_content", "reasoning", "tool_calls"}
READ |= {"function_call", "obfuscation", "name"}


def called(calls: dict[tuple[int, int], list[str]], choice: int, holder: dict[str, Any]) -> None:
    """Adds the calls in a delta or a message, which are numbered, or have ids of their own."""
    if old := holder.get("function_call"):
        known = calls.setdefault((choice, 0), ["function", "", old.get("name", ""), ""])
        known[3] += old.get("arguments") or ""
    for place, call in enumerate(holder.get("tool_calls") or []):
        kind = "custom" if call.get("type") == "custom" else "function"
        told, member = call[kind], "input" if kind == "custom" else "arguments"
        index = call.get("index", place)
        new = [kind, call.get("id") or "", told.get("name") or "", ""]
        calls.setdefault((choice, index), new)[3] += told.get(member) or ""


def said(delta: dict[str, Any]) -> Iterator[tuple[str, str]]:
    details = "".join(detail.get("text", "") for detail in delta.get("reasoning_details") or [])
    if thought := delta.get("reasoning_content") or delta.get("reasoning") or details:
        yield "reasoning", thought
    content = delta.get("content") or ""
    for part in [{"text": content}] if isinstance(content, str) else content:
        for thought in part.get("thinking", []):
            yield "reasoning", thought["text"]
        if part.get("text"):
            yield "content", part["text"]
    if delta.get("refusal"):
        yield "refusal", delta["refusal"]


def counted(usage: dict[str, Any]) -> Usage:
    prompt, completion = usage["prompt_tokens"], usage["completion_tokens"] or 0
    total = usage["total_tokens"] or prompt + completion
    return Usage(
        prompt=prompt,
        completion=total - prompt,
        total=total,
        cached=(usage.get("prompt_tokens_details") or {}).get("cached_tokens")
        or usage.get("prompt_cache_hit_tokens", 0),
        reasoning=(usage.get("completion_tokens_details") or {}).get("reasoning_tokens") or 0,
    )


def test_the_recordings_are_here(shared: Path):
    """In CI at least; elsewhere the tests of this file are skipped without them."""
    assert (len(CHATS), len(STREAMS)) >= (90, 25)
    assert len(VECTORS) >= 6
    assert len(ERRORS) >= 40


@pytest.mark.parametrize("exchange", GOOD, ids=str)
def test_every_chat_says_what_its_recording_says(exchange: Exchange):
    """Texts of every kind and choice, finish reasons, the last usage."""
    assert joined(events(exchange)) == recorded(exchange)


@pytest.mark.parametrize("exchange", GOOD, ids=str)
def test_every_chat_carries_its_upstreams_name_for_it(exchange: Exchange):
    """The first id and model that are not empty."""
    body = exchange.response_body
    objects = recorded_chunks(body) if exchange.streamed else [json.loads(body)]
    named = next(one for one in objects if one.get("id") or one.get("model"))
    first = events(exchange)[0]
    assert isinstance(first, Started)
    assert (first.id, first.model) == (named.get("id") or None, named.get("model") or None)
    assert all(named[name] == value for name, value in first.members.items())
    assert first.members.get("service_tier") == (named.get("service_tier") or None)


@pytest.mark.parametrize("exchange", STREAMS, ids=str)
def test_every_stream_says_the_same_wherever_it_is_cut(exchange: Exchange):
    """Byte by byte, in two at every place (or at a sample, for the long ones), at random."""
    body = exchange.response_body
    whole = events(exchange)
    rng = random.Random(exchange.name)
    for pieces in splits(body, rng, most=max(10, BUDGET // len(body))):
        assert events(exchange, *pieces) == whole


@pytest.mark.parametrize("exchange", STREAMS, ids=str)
def test_every_stream_that_breaks_off_is_a_broken_answer(exchange: Exchange):
    """At every event, and in the middle of some: no end is given before the finish was."""
    body = exchange.response_body
    ends = [found.end() for found in re.finditer(rb"\r?\n\r?\n", body)][:-1]
    inside = random.Random(exchange.name).sample(range(len(body)), 20)
    choices = len(recorded(exchange).finishes)
    for cut in (*ends, *inside):
        finished = len(re.findall(rb'"finish_reason": ?"[a-z_]+"', body[:cut])) >= choices
        last = events(exchange, body[:cut])[-1]
        if isinstance(last, Failed):
            assert type(last.error) is BrokenAnswer
            assert not (finished and cut in ends)
        else:
            assert last == Ended()
            assert finished


@pytest.mark.parametrize("exchange", BROKEN, ids=str)
def test_every_error_inside_a_stream_is_a_failure(exchange: Exchange):
    """Of the class that its own words tell, never an end."""
    *before, last = events(exchange)
    assert isinstance(last, Failed)
    assert type(last.error) in (UpstreamFailed, RateLimited, RequestRejected)
    assert Ended() not in before


@pytest.mark.parametrize("exchange", VECTORS, ids=str)
def test_every_embedding_is_what_its_recording_holds(exchange: Exchange):
    """As numbers or as base64; a recording that was cut short is a broken answer."""
    found = events_of(openai.decoder(embed_call(exchange)), [exchange.response_body])
    if b"[cut " in exchange.response_body:
        assert isinstance(found[0], Failed)
        assert type(found[0].error) is BrokenAnswer
        return
    answer = json.loads(exchange.response_body)
    rows = sorted(answer["data"], key=lambda row: row["index"])
    usage = answer["usage"]
    tokens = usage["total_tokens"]
    assert found == [
        Vectors(tuple(tuple(unpacked(row["embedding"])) for row in rows), answer["model"]),
        UsageSeen(Usage(prompt=tokens, total=tokens)),
        Ended(),
    ]


def unpacked(embedding: Any) -> Any:
    if isinstance(embedding, list):
        return map(float, embedding)
    return array.array("f", base64.b64decode(embedding))


EXCEPTIONS: list[tuple[bytes, type[ProviderError]]] = [
    (b"insufficient_quota", QuotaExhausted),
    (b'"model_not_found"', ModelMissing),
    (b"Incorrect API key", CredentialRejected),
    (b"API key not valid", CredentialRejected),
    (b"Context size has been exceeded", RequestRejected),
]
CLASSES: dict[int, type[ProviderError]] = {
    400: RequestRejected,
    401: CredentialRejected,
    402: QuotaExhausted,
    403: CredentialRejected,
    404: ModelMissing,
    413: RequestRejected,
    422: RequestRejected,
    429: RateLimited,
    500: UpstreamFailed,
    503: UpstreamFailed,
    529: UpstreamFailed,
}


@pytest.mark.parametrize("exchange", ERRORS, ids=str)
def test_every_error_has_its_class_and_a_message_that_may_be_shown(exchange: Exchange):
    """By status, but for a few; the words are the upstream's, without keys and organisations."""
    body = exchange.response_body
    error = openai.error(exchange.status, exchange.response_headers, body)
    special = (kind for mark, kind in EXCEPTIONS if mark in body)
    assert type(error) is next(special, CLASSES[exchange.status])
    assert error.message
    assert len(error.message) <= 500
    assert not re.search(r"sk-|org_|AIza|\*{4}|invalid-key", error.message)
    if b"***" not in body and b"key provided" not in body and b"org_" not in body:
        assert json.dumps(error.message)[1:-1].encode() in json.dumps(json.loads(body)).encode()


@pytest.mark.parametrize("exchange", [*GOOD, *ERRORS], ids=str)
def test_every_rate_limit_header_in_openais_spelling_is_read(exchange: Exchange):
    """Numbers as they are, and a reset if there is one."""
    headers = exchange.response_headers
    limits = openai.limits(headers)
    for kind, found in (
        ("remaining-requests", limits.requests_remaining),
        ("remaining-tokens", limits.tokens_remaining),
        ("limit-requests", limits.requests_limit),
        ("limit-tokens", limits.tokens_limit),
    ):
        if given := headers.get(f"x-ratelimit-{kind}"):
            assert found == int(given)
    assert (limits.reset is not None) == any(
        name.startswith("x-ratelimit-reset") for name in headers
    )


@pytest.mark.parametrize(
    "exchange", [one for one in CHATS if isinstance(one.request_body, dict)], ids=str
)
def test_every_chat_request_is_passed_on_with_every_member(exchange: Exchange):
    """Only the model and what is about streaming are the gateway's to set."""
    call = chat_call(exchange)
    sent = json.loads(openai.encode(call, "another-model").body)
    options = (call.body.get("stream_options") or {}) | {"include_usage": True}
    expected = {name: value for name, value in call.body.items() if not name.startswith("stream")}
    expected |= {"stream": True, "stream_options": options} if call.stream else {}
    assert sent == {**expected, "model": "another-model"}


@pytest.mark.parametrize("exchange", VECTORS, ids=str)
def test_every_embedding_request_is_passed_on_with_every_member(exchange: Exchange):
    """But numbers are asked for, always."""
    call = embed_call(exchange)
    sent = json.loads(openai.encode(call, "another-model").body)
    assert sent == {**call.body, "model": "another-model", "encoding_format": "float"}
