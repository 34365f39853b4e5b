"""Recorded traffic through Anthropic's form: what clients asked comes out as they asked it, whatever upstreams
said comes out as they said it.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs
import pytest

from gateway.apis.api import Asked
from gateway.apis.messages_answer import message_body
from gateway.apis.messages_request import read_messages
from gateway.apis.messages_stream import MessageWriter
from gateway.errors import ApiError
from gateway.whole import Heading
from providers.anthropic import Anthropic
from providers.base import refusal
from providers.types import ChatCall
from tests.gateway.apis.recorded import ANSWERED, Answered
from tests.gateway.apis.test_messages_stream import blocks_of, told
from tests.providers.corpus import SHARED, Exchange, load
from tests.providers.outcome import Outcome, outcome_of

ASKED = [
    one for one in load(SHARED, "anthropic", "messages*") if isinstance(one.request_body, dict)
]
HEADING = Heading("msg_1", 5, "m")
dialect = Anthropic()

BAD_REQUESTS = {
    "anthropic/messages-error/dd-anthropic-completion-error-0": "a role that there is not"
}
ONLY = {
    "messages-server-tools": "tools that Anthropic runs",
    "messages-document-stream/chatlas-test-anthropic-file": "a file that Anthropic keeps",
}
"""What no other form can say, by the names of the recordings."""

GONE = ("cache_control", "citations", "defer_loading", "title", "caller")
"""Members that no other form has: hints, and what was said of a document."""


@pytest.mark.parametrize("exchange", ASKED, ids=str)
def test_anthropic_is_sent_what_the_client_asked(exchange: Exchange) -> None:
    """To the letter, where it is asked itself; or the client is told what it is told there."""
    body = exchange.request_body
    if exchange.name in BAD_REQUESTS:
        with pytest.raises(ApiError):
            read_messages(Asked(body))
        assert exchange.status == 400
        return
    sent = dialect.encode(read_messages(Asked(body)), body["model"])
    assert (json.loads(sent.body), sent.path) == (body, exchange.url.partition("?")[0])


@pytest.mark.parametrize("exchange", ASKED, ids=str)
def test_a_translated_request_means_the_same(exchange: Exchange) -> None:
    """Through OpenAI's form and back it is what was recorded, in a normal form: texts joined to one, media of
    results behind them, hints gone, defaults left out, and how to think in our own words."""
    if exchange.name in BAD_REQUESTS:
        return
    call = read_messages(Asked(exchange.request_body))
    assert call.native is not None
    if call.native.only:
        assert any(name in exchange.name for name in ONLY)
        return
    call = ChatCall(**{**vars(call), "native": None})
    assert refusal(dialect, call) is None
    sent = json.loads(dialect.encode(call, exchange.request_body["model"]).body)
    assert normal(sent) == normal(exchange.request_body)


def normal(body: Mapping[str, Any]) -> dict[str, Any]:
    """The request in its normal form."""
    made = {name: value for name, value in bare(body).items() if value not in (None, False, [], "")}
    output, thinking = made.pop("output_config", {}), made.get("thinking", {})
    thinks = output.get("effort") or thinking.get("type") in ("enabled", "adaptive")
    schema = output.get("format") or made.pop("output_format", None)
    for name in ("thinking", *(("max_tokens", "temperature", "top_p") if thinks else ())):
        made.pop(name, None)
    if isinstance(made.get("system"), list):
        made["system"] = "".join(block["text"] for block in made["system"])
    made["messages"] = [
        {"role": message["role"], "content": list(flat(message))} for message in made["messages"]
    ]
    for tool in made.get("tools", ()):
        tool["description"] = tool.get("description") or ""
    return {**made, "schema": schema}


def bare(value: Any) -> Any:
    if isinstance(value, list):
        return [bare(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {name: bare(inner) for name, inner in value.items() if name not in GONE}


def flat(message: Mapping[str, Any]) -> Iterator[Any]:
    """The blocks of a turn: texts that follow one another are one, media stand behind the results."""
    blocks = parts(message["content"])
    calls = any(block["type"] == "tool_use" for block in blocks)
    media: list[Any] = []
    text = ""
    for block in blocks:
        if block["type"] in ("thinking", "redacted_thinking") and not calls:
            continue
        if block["type"] == "text":
            text += block["text"]
            continue
        if text:
            yield text
        text = ""
        if block["type"] == "tool_result":
            inner = parts(block.get("content") or [])
            media += [held for held in inner if held["type"] != "text"]
            said = "".join(held["text"] for held in inner if held["type"] == "text")
            yield {"result": block["tool_use_id"], "said": said.removeprefix("Error: ")}
        else:
            yield block
    yield from media
    if text:
        yield text


def parts(content: Any) -> list[Any]:
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return [
        {"type": "text", "text": block["source"]["data"]}
        if block["type"] == "document" and block["source"]["type"] == "text"
        else block
        for block in content
    ]


@pytest.mark.parametrize("answered", ANSWERED, ids=str)
def test_whoever_answered_nothing_is_lost_on_the_way_to_a_client_of_anthropics(
    answered: Answered,
) -> None:
    """Texts, thoughts, calls, finish and counts, as Anthropic's own reader finds them; whole and streamed."""
    usage = answered.usage
    whole = json.loads(json.dumps(message_body(HEADING, answered.events, usage)))
    writer = MessageWriter(HEADING)
    stream = writer.write(answered.events) + writer.end(usage)
    assert [block["type"] for block in blocks_of(told(stream))] == [
        block["type"] for block in whole["content"]
    ]
    first = expected(answered)
    assert heard(json.dumps(whole).encode(), stream=False) == first
    assert heard(stream, stream=True) == first


def expected(answered: Answered) -> Any:
    outcome, usage = answered.outcome, answered.usage
    said = outcome.content.get(0, "") + outcome.refusal.get(0, "")
    calls = [call[1:] for (choice, _), call in sorted(outcome.calls.items()) if choice == 0]
    # Who counts the cached beside the prompt says less of it than there was.
    prompt = max(usage.prompt, usage.cached + usage.written)
    counts = (prompt, usage.completion, usage.cached, usage.written)
    finish = outcome.finishes.get(0, "stop")
    return said, outcome.reasoning.get(0, ""), list(map(meant, calls)), finish, counts


def heard(data: bytes, *, stream: bool) -> Any:
    decoder = dialect.decoder(ChatCall("m", (), {}, stream=stream))
    outcome: Outcome = outcome_of([*decoder.feed(data), *decoder.finish()])
    assert outcome.error is None
    usage = outcome.usage
    assert usage is not None
    calls = [meant(call[1:]) for _, call in sorted(outcome.calls.items())]
    counts = (usage.prompt, usage.completion, usage.cached, usage.written)
    said, thought = outcome.content.get(0, ""), outcome.reasoning.get(0, "")
    return said, thought, calls, outcome.finishes[0], counts


def meant(call: list[str]) -> Any:
    """A call's name and what its arguments mean; those that are none are held by an object."""
    name, written = call
    try:
        value = json.loads(written or "{}")
    except ValueError:
        value = written
    return name, value if isinstance(value, dict) else {"input": value}


def test_the_recordings_are_there(shared: Path) -> None:
    """Without them, nothing above runs."""
    assert (shared / "wire").is_dir()
    assert len(ASKED) > 30
    assert len(ANSWERED) > 150
    assert all(attrs.has(type(one)) for one in ANSWERED)
