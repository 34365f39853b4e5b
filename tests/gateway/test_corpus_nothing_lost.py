"""Recorded answers in OpenAI's format, through the gateway in the same format: nothing gets lost on the way.

Whatever member a provider writes, known to us or not, is in what the client gets. What is left out on purpose
is listed here, with its reason.
"""

import json
from pathlib import Path
from typing import Any

import attrs
import pytest

from gateway.frames import DONE, ChunkWriter
from gateway.whole import Heading, chat_body
from providers.types import Ended, Event, Usage, UsageSeen
from tests.providers.corpus import Exchange
from tests.providers.test_corpus_openai import GOOD, chat_call, openai
from tests.schemas import OPENAI, faults

LEFT_OUT = {
    ".obfuscation": "padding against listeners, for this one connection",
    ".choices[].message": "Perplexity's streams repeat the whole answer so far in every chunk",
    ".choices[].delta": "Perplexity's whole answers hold an empty delta beside the message",
    ".choices[].delta.name": "a name for the role, which answers in OpenAI's format do not have",
    ".choices[].delta.index": "the index stands in the call as well",
    ".choices[].message.tool_calls[].index": "the place in the list says it",
    ".choices[].message.reasoning": "comes under the name `reasoning_content`",
    ".choices[].delta.reasoning": "comes under the name `reasoning_content`",
    ".choices[].message.function_call": "comes as a call of a tool, unless the client knows only functions",
    ".choices[].message.content[]": "Mistral's list of parts comes as text and `reasoning_content`",
    ".choices[].delta.content[]": "Mistral's list of parts comes as text and `reasoning_content`",
    ".choices[].logprobs": "of reasoning, which OpenAI has none of",
}
CHUNK, ANSWER = "CreateChatCompletionStreamResponse", "CreateChatCompletionResponse"
EMPTY = (None, "", [], {})
HEADING = Heading("chatcmpl-1", 5, "m")


def paths(value: Any, at: str = "") -> set[str]:
    """Where something is said in this JSON: names of members, `[]` for any place in a list."""
    if isinstance(value, dict):
        said = [(f"{at}.{name}", inner) for name, inner in value.items() if inner not in EMPTY]
        return {path for path, _ in said}.union(*(paths(inner, path) for path, inner in said))
    if isinstance(value, list):
        return set().union(*(paths(inner, at + "[]") for inner in value))
    return set()


def read(exchange: Exchange) -> tuple[list[Event], Usage]:
    call = attrs.evolve(chat_call(exchange), stream=exchange.streamed)
    decoder = openai.decoder(call)
    events = [*decoder.feed(exchange.response_body), *decoder.finish()]
    assert events[-1] == Ended()
    usages = [event.usage for event in events if isinstance(event, UsageSeen)]
    return events, usages[-1] if usages else Usage()


def chunks(stream: bytes) -> list[Any]:
    """What the events of a stream hold, whatever its line ends."""
    lines = stream.replace(b"\r\n", b"\n").split(b"\n")
    said = [line.removeprefix(b"data:").strip() for line in lines if line.startswith(b"data:")]
    return [json.loads(data) for data in said if data and data != b"[DONE]"]


def left_out(path: str) -> bool:
    return any(path == known or path.startswith((f"{known}.", f"{known}[")) for known in LEFT_OUT)


@pytest.mark.parametrize("exchange", GOOD, ids=str)
def test_every_member_of_a_recorded_answer_reaches_the_client(exchange: Exchange) -> None:
    """Of the answer, of its choices, of its usage."""
    events, usage = read(exchange)
    if exchange.streamed:
        writer = ChunkWriter(HEADING, include_usage=True)
        ours = writer.write(events) + writer.end(usage)
        told, given = paths(chunks(ours)), paths(chunks(exchange.response_body))
        assert ours.endswith(DONE)
    else:
        told = paths(chat_body(HEADING, events, usage))
        given = paths(json.loads(exchange.response_body))
    at = "[]" if exchange.streamed else ""
    lost = {path.removeprefix(at) for path in given - told}
    assert {path for path in lost if not left_out(path)} == set()


@pytest.mark.parametrize("exchange", GOOD, ids=str)
def test_what_the_client_gets_is_as_openai_has_published_it(exchange: Exchange) -> None:
    """Whoever the upstream is; but for the tiers that other providers have."""
    events, usage = read(exchange)
    if exchange.streamed:
        writer = ChunkWriter(HEADING, include_usage=True)
        made = chunks(writer.write(events) + writer.end(usage))
        wrong = [fault for chunk in made for fault in faults(OPENAI, CHUNK, chunk)]
    else:
        wrong = faults(OPENAI, ANSWER, json.loads(json.dumps(chat_body(HEADING, events, usage))))
    assert [fault for fault in wrong if not fault.startswith("$.service_tier")] == []


def test_the_recordings_are_there(shared: Path) -> None:
    """Without them, the test above says nothing."""
    assert (shared / "wire").is_dir()
    assert len(GOOD) > 60
