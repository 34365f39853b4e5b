"""Whole answers that are streamed upstream: the client cannot tell. The same content, told both ways."""

import json
import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import attrs
import pytest

from gateway.whole import Heading, chat_body
from providers.anthropic import Anthropic
from providers.base import Dialect
from providers.conversation import Message
from providers.errors import ProviderError, RateLimited, RequestRejected
from providers.gemini import Gemini
from providers.openai import OpenAI
from providers.simulator.anthropic import Anthropic as SimulatedAnthropic
from providers.simulator.dialect import Chat, Told
from providers.simulator.dialect import Dialect as Simulated
from providers.simulator.gemini import Gemini as SimulatedGemini
from providers.simulator.openai import OpenAI as SimulatedOpenAI
from providers.simulator.prose import any_passage
from providers.streamed import as_streamed, can_stream, refuses_streaming, upstream_call
from providers.types import ChatCall, EmbedCall, Ended, Event, Usage, UsageSeen
from tests.providers.corpus import SHARED, Exchange, events_of, load

HEADING = Heading("chatcmpl-1", 1_704_056_400, "m")
OPENAI_LIKE = (
    *("openai", "groq", "mistral", "deepseek", "openrouter", "together", "perplexity", "cerebras"),
    *("ollama", "vllm", "gpustack", "cloudflare", "databricks", "huggingface", "zai", "xai"),
    *("llamacpp", "gemini-openai", "azure", "anthropic"),
)


def call(**members: Any) -> ChatCall:
    """A chat that the client wants whole."""
    messages = [{"role": "user", "content": "Merhaba"}]
    body = {"model": "m", "messages": messages, **members}
    return ChatCall("m", (Message("user", "Merhaba"),), body, n=members.get("n", 1))


def answer(dialect: Dialect, asked: ChatCall, pieces: Sequence[bytes]) -> dict[str, Any]:
    """The body that the client gets for what the upstream sends."""
    events = events_of(dialect.decoder(asked), pieces)
    assert isinstance(events[-1], Ended), events[-1]
    return chat_body(HEADING, events, usage_of(events))


def usage_of(events: Sequence[Event]) -> Usage:
    return [Usage(), *(event.usage for event in events if isinstance(event, UsageSeen))][-1]


@pytest.mark.parametrize(
    ("dialect", "simulated"),
    [
        (OpenAI(), SimulatedOpenAI()),
        (Gemini(), SimulatedGemini()),
        (Anthropic(), SimulatedAnthropic()),
    ],
    ids=lambda one: one.__class__.__name__,
)
@pytest.mark.parametrize(("words", "cut"), [(1, False), (40, False), (40, True)])
def test_the_simulators_answers_read_the_same(
    dialect: Dialect, simulated: Simulated, words: int, cut: bool
) -> None:
    """Text, finish reason and usage, in every provider's format."""
    told = Told(b"%024x" % 7, (any_passage(random.Random(words), words),), cut)
    chat = Chat("m", stream=False, prompt_tokens=12, usage=True)
    streamed = simulated.streamed(attrs.evolve(chat, stream=True), told)

    whole = answer(dialect, call(), [simulated.whole(chat, told).body])
    pieces = [streamed.opening, *streamed.words, streamed.closing]
    assert answer(dialect, as_streamed(call()), pieces) == whole
    assert whole["choices"][0]["message"]["content"] == told.passages[0].text
    assert whole["usage"]["completion_tokens"] == words


def openai_stream(body: Any) -> Iterator[bytes]:
    """A recorded whole answer, told as its provider would have streamed it."""
    beside = {
        name: value for name, value in body.items() if name not in ("choices", "usage", "x_groq")
    }
    for choice in body["choices"]:
        index = choice.get("index", 0)
        message = choice.get("message", {})
        deltas = [{"role": "assistant", "content": ""}]
        for name, value in message.items():
            if name not in ("role", "tool_calls", "function_call") and value:
                deltas += [{name: piece} for piece in halves(value)]
        for place, call in enumerate(message.get("tool_calls") or ()):
            deltas += [{"tool_calls": [{**one, "index": place}]} for one in call_halves(call)]
        if message.get("function_call"):
            call = {"function": message["function_call"]}
            deltas += [{"function_call": one["function"]} for one in call_halves(call)]
        for delta in deltas:
            said = {"index": index, "delta": delta, "finish_reason": None}
            yield data({**beside, "choices": [said]})
        more = {name: value for name, value in choice.items() if name not in ("message", "delta")}
        end = {**more, "index": index, "delta": {}, "logprobs": None}
        yield data({**beside, "choices": [end]})
    yield data({"choices": [], "usage": body.get("usage"), "x_groq": body.get("x_groq")})
    yield b"data: [DONE]\n\n"


def call_halves(call: Any) -> Iterator[Any]:
    """A call of a tool: its name and half of its arguments, then the other half."""
    first, *more = halves(call["function"]["arguments"])
    yield {**call, "function": {**call["function"], "arguments": first}}
    yield from ({"function": {"arguments": each}} for each in more)


def gemini_stream(body: Any) -> Iterator[bytes]:
    """The parts one by one, and all that remains of the answer behind them."""
    for candidate in body.get("candidates", ()):
        content = candidate.pop("content", {})
        for part in content.get("parts", ()):
            said = {**content, "parts": [part]}
            index = {name: candidate[name] for name in ("index",) if name in candidate}
            yield data({"candidates": [{**index, "content": said}]})
    yield data(body)


def anthropic_stream(body: Any) -> Iterator[bytes]:
    """A message, block by block, and each block's text in two."""
    start = {**body, "content": [], "stop_reason": None, "stop_details": None}
    yield data({"type": "message_start", "message": start})
    for index, block in enumerate(body["content"]):
        kind = {"text": "text", "thinking": "thinking"}.get(block["type"])
        deltas = (
            [{"type": f"{kind}_delta", kind: piece} for piece in halves(block[kind])]
            if kind
            else []
        )
        empty = block if kind is None else {**block, kind: ""}
        if block["type"] == "tool_use":
            empty, written = (
                {**block, "input": {}},
                json.dumps(block["input"], separators=(",", ":")),
            )
            deltas = [
                {"type": "input_json_delta", "partial_json": each} for each in halves(written)
            ]
        for cited in empty.pop("citations", None) or ():
            deltas.append({"type": "citations_delta", "citation": cited})
        yield data({"type": "content_block_start", "index": index, "content_block": empty})
        for delta in deltas:
            yield data({"type": "content_block_delta", "index": index, "delta": delta})
        yield data({"type": "content_block_stop", "index": index})
    end = {name: body.get(name) for name in ("stop_reason", "stop_sequence", "stop_details")}
    yield data({"type": "message_delta", "delta": end, "usage": body["usage"]})
    yield data({"type": "message_stop"})


def data(value: Any) -> bytes:
    return f"data: {json.dumps(value)}\n\n".encode()


def halves(value: Any) -> list[Any]:
    middle = len(value) // 2 if isinstance(value, str | list) else 0
    return [value[:middle], value[middle:]] if middle else [value]


Telling = Callable[[Any], Iterator[bytes]]


def recorded(dialect: Dialect, telling: Telling, providers: Sequence[str], *globs: str) -> Any:
    """The recorded whole answers that are answers."""
    for provider in providers:
        for one in load(SHARED, provider, *globs):
            if one.status == 200 and one.response_body[:1] == b"{":
                events = events_of(dialect.decoder(call()), [one.response_body])
                if isinstance(events[-1], Ended):
                    yield pytest.param(dialect, telling, one, id=str(one))


WHOLE = [
    *recorded(OpenAI(), openai_stream, OPENAI_LIKE, "chat-*"),
    *recorded(Gemini(), gemini_stream, ("gemini", "vertex"), "generate-*"),
    *recorded(Anthropic(), anthropic_stream, ("anthropic",), "messages*"),
]


def test_the_recordings_are_here(shared: Path) -> None:
    """CI has them: without them the test below would pass by not running."""
    assert shared == SHARED
    assert len(WHOLE) >= 80


@pytest.mark.parametrize(("dialect", "telling", "one"), WHOLE)
def test_a_recorded_answer_reads_the_same_when_it_is_streamed(
    dialect: Dialect, telling: Telling, one: Exchange
) -> None:
    """Content, reasoning, refusal, finish reason, usage; what only whole answers are asked for with
    is left out."""
    whole = answer(dialect, call(), [one.response_body])
    streamed = answer(dialect, as_streamed(call()), [*telling(json.loads(one.response_body))])
    for choice in whole["choices"]:
        choice["logprobs"] = None
    assert streamed == whole


def test_the_call_asks_for_a_stream_with_usage_and_for_nothing_else_new() -> None:
    """Every other member stays as the client wrote it; the client's own call is not touched."""
    asked = call(temperature=0.5, unknown={"x": 1})
    streamed = as_streamed(asked)
    added = {"stream": True, "stream_options": {"include_usage": True}}
    assert streamed.stream
    assert streamed.include_usage
    assert streamed.body == {**asked.body, **added}
    assert json.loads(OpenAI().encode(streamed, "up").body) == {
        **asked.body,
        **added,
        "model": "up",
    }
    assert not {"stream", "stream_options"} & set(asked.body)
    assert Gemini().refuses(as_streamed(call())) is Anthropic().refuses(as_streamed(call())) is None


def test_other_stream_options_stay() -> None:
    """Only the usage is ours to ask for."""
    body = as_streamed(call(stream_options={"include_obfuscation": False})).body
    assert body["stream_options"] == {"include_obfuscation": False, "include_usage": True}


@pytest.mark.parametrize(
    ("members", "possible"),
    [
        ({}, True),
        ({"logprobs": False, "modalities": ["text"], "n": 1, "audio": None}, True),
        ({"response_format": {"type": "json_object"}}, True),
        ({"logprobs": True}, False),
        ({"logprobs": 5}, False),
        ({"n": 2}, False),
        ({"modalities": ["text", "audio"]}, False),
        ({"audio": {"format": "wav"}}, False),
    ],
)
def test_what_a_stream_would_lose_is_asked_for_whole(
    members: dict[str, Any], possible: bool
) -> None:
    """Whatever the policy says."""
    asked = call(**members)
    assert can_stream(asked) is possible
    assert upstream_call(asked, "always", hedging=True).stream is possible


@pytest.mark.parametrize(
    ("rule", "hedging", "streams"),
    [
        ("auto", True, True),
        ("auto", False, False),
        ("always", False, True),
        ("always", True, True),
        ("never", True, False),
    ],
)
def test_the_policy_says_when(rule: Any, hedging: bool, streams: bool) -> None:
    """`auto` is for the sake of hedges."""
    assert upstream_call(call(), rule, hedging=hedging).stream is streams


def test_some_calls_stay_as_they_are() -> None:
    """A client's own stream, and embeddings."""
    stream = attrs.evolve(call(stream=True), stream=True)
    vectors = EmbedCall("m", ("Merhaba",), {})
    assert upstream_call(stream, "always", hedging=True) is stream
    assert upstream_call(vectors, "always", hedging=True) is vectors


@pytest.mark.parametrize(
    ("error", "refused"),
    [
        (RequestRejected("be verified", status=400, param="stream"), True),
        (RequestRejected("unknown", status=400, param="stream_options.include_usage"), True),
        (RequestRejected("bad", status=400, param="temperature"), False),
        (RequestRejected("bad", status=400), False),
        (RateLimited("slow", status=429, param="stream"), False),
    ],
)
def test_a_refusal_of_streaming_is_not_one_of_the_request(
    error: ProviderError, refused: bool
) -> None:
    """The same call whole would be answered: unverified organisations may use but not stream."""
    assert refuses_streaming(error) is refused
