"""Recorded traffic through the Responses API: what clients asked comes out as they asked it, whatever upstreams
said comes out as they said it.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from gateway.apis.api import Asked
from gateway.apis.responses_answer import INCOMPLETE
from gateway.apis.responses_request import read_responses
from gateway.apis.responses_stream import ResponseWriter, response_body
from gateway.whole import Heading
from providers.base import refusal
from providers.openai_responses import OpenAIResponses
from providers.types import ChatCall
from tests.gateway.apis.recorded import ANSWERED, Answered
from tests.gateway.apis.responses_told import component, heard, told
from tests.gateway.asked import refusal as refused
from tests.providers.corpus import SHARED, Exchange, load
from tests.schemas import OPENAI, faults

HEADING = Heading("resp_01ABC", 5, "m")
PROVIDERS = ("openai", "azure", "xai", "openrouter", "deepseek", "bedrock-mantle")
OTHER = ("/compact", "/input_tokens")
"""Ends of paths at which no answers are to be had."""

ASKED = [
    one
    for provider in PROVIDERS
    for one in load(SHARED, provider, "responses-*")
    if isinstance(one.request_body, dict) and not one.url.endswith(OTHER)
]
NAMED = [one for one in ASKED if "model" in one.request_body]
"""A stored prompt may name the model; here that is for the client to say, for it decides who is asked."""

ONLY: Mapping[str, str] = {
    "compact-stateful-mode-stream": "input[6]",
    "responses-builtin-tools": "tools[0]",
    "responses-stateful": "conversation",
}
"""What no chat can say, by the names of the recordings: what OpenAI has summed up, runs or keeps."""

GONE = ("store", "include", "stream_options", "context_management", "truncation")
"""Members that are ours in a translated request, or hints."""

dialect = OpenAIResponses()
TEXTS = {"output_text": "text", "refusal": "refusal", "summary_text": "text"}


@pytest.mark.parametrize("answered", ANSWERED, ids=str)
def test_whoever_answered_nothing_is_lost(answered: Answered) -> None:
    """Texts, thoughts, refusals, calls, finish and counts; whole, and the same at the end of a stream."""
    usage = answered.usage
    whole = json.loads(json.dumps(response_body(HEADING, {}, answered.events, usage)))
    writer = ResponseWriter(HEADING)
    assert heard(writer.write(answered.events) + writer.end(usage)) == whole
    assert said(whole) == expected(answered)


@pytest.mark.parametrize("answered", ANSWERED, ids=str)
def test_whoever_answered_it_is_as_published(answered: Answered) -> None:
    """The answer, and every kind of event of its stream."""
    writer = ResponseWriter(HEADING)
    events = told(writer.write(answered.events) + writer.end(answered.usage))
    kinds = {event["type"]: event for event in events}
    for event in kinds.values():
        assert faults(OPENAI, component(event), event) == []
    assert faults(OPENAI, "Response", events[-1]["response"]) == []


def said(response: dict[str, Any]) -> Any:
    texts = dict.fromkeys(TEXTS, "")
    calls = []
    for item in response["output"]:
        for part in (*item.get("content", ()), *item.get("summary", ())):
            texts[part["type"]] += part[TEXTS[part["type"]]]
        if "call_id" in item:
            calls.append([item["call_id"], item["name"], item.get("arguments", item.get("input"))])
    usage = response["usage"]
    read, wrote = usage["input_tokens_details"], usage["output_tokens_details"]
    counts = (usage["input_tokens"], usage["output_tokens"], usage["total_tokens"])
    details = (read["cached_tokens"], read["cache_write_tokens"], wrote["reasoning_tokens"])
    return tuple(texts.values()), calls, response["incomplete_details"], (*counts, *details)


def expected(answered: Answered) -> Any:
    outcome, usage = answered.outcome, answered.usage
    texts = (outcome.content[0], outcome.refusal[0], outcome.reasoning[0])
    calls = [[*call] for (choice, _), call in sorted(outcome.calls.items()) if choice == 0]
    for place, call in enumerate(calls):
        call[0] = call[0] or f"call_{HEADING.id}0{place:02x}"
    why = INCOMPLETE.get(outcome.finishes.get(0, "stop"))  # type: ignore[call-overload]
    counts = (usage.prompt, usage.completion, usage.total)
    details = (usage.cached, usage.written, usage.reasoning)
    return texts, calls, {"reason": why} if why else None, (*counts, *details)


@pytest.mark.parametrize("one", NAMED, ids=str)
def test_who_speaks_this_form_is_sent_what_the_client_asked(one: Exchange) -> None:
    """To the letter."""
    sent = dialect.encode(read_responses(Asked(one.request_body)), one.request_body["model"])
    assert json.loads(sent.body) == one.request_body


@pytest.mark.parametrize("one", [one for one in ASKED if one not in NAMED], ids=str)
def test_a_request_without_a_model_is_refused(one: Exchange) -> None:
    """And says what is missing."""
    assert refused(lambda: read_responses(Asked(one.request_body))).param == "model"


@pytest.mark.parametrize("one", NAMED, ids=str)
def test_a_translated_request_means_the_same(one: Exchange) -> None:
    """Through a chat and back it is what was recorded, in a normal form: instructions as a message, texts as
    strings, no ids of items, and defaults left out. What no chat can say is named."""
    call = read_responses(Asked(one.request_body))
    assert call.native is not None
    reason = next((why for name, why in ONLY.items() if name in one.name), None)
    assert call.native.only == reason
    if reason is None:
        chat = ChatCall(**{**vars(call), "native": None})
        assert refusal(dialect, chat) is None
        sent = json.loads(dialect.encode(chat, one.request_body["model"]).body)
        assert normal(sent) == normal(one.request_body)


def normal(body: Mapping[str, Any]) -> dict[str, Any]:
    """The request in its normal form."""
    made = {name: value for name, value in body.items() if name not in GONE}
    given = made["input"]
    items = [{"role": "user", "content": given}] if isinstance(given, str) else given
    said = made.pop("instructions", None)
    items = [*([{"role": "system", "content": said}] if said else []), *items]
    made["input"] = [told for item in items for told in bare(item)]
    made["tools"] = [lean(tool) for tool in made.get("tools") or ()]
    made["text"] = lean(made.get("text") or {}, {"verbosity": "medium", "format": {"type": "text"}})
    made["reasoning"] = lean(made.get("reasoning") or {}, {"summary": None})
    return lean(made, {"tools": [], "text": {}, "reasoning": {}, "stream": False})


def lean(value: Mapping[str, Any], usual: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The object without what says nothing."""
    defaults = usual or {}
    return {
        name: held
        for name, held in value.items()
        if held is not None and not (name in defaults and held == defaults[name])
    }


def bare(item: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The item with its texts as a string, unless it shows something; thoughts only if they are sealed."""
    if item.get("type") == "reasoning":
        if item.get("encrypted_content"):
            yield lean(item)
        return
    made = {name: value for name, value in item.items() if name not in ("id", "status", "phase")}
    if made.get("type") == "message":
        del made["type"]
    for name in ("content", "output"):
        made[name] = plain(made.get(name))
    shown = made["output"] if isinstance(made["output"], list) else []
    if shown:
        texts = [part["text"] for part in shown if part["type"] == "input_text"]
        made["output"] = "".join(texts)
    yield lean(made)
    if media := [part for part in shown if part["type"] != "input_text"]:
        yield {"role": "user", "content": media}


def plain(content: Any) -> Any:
    if not isinstance(content, list):
        return content
    if all("text" in part for part in content):
        return "".join(part["text"] for part in content)
    return [lean(part, {"detail": "auto"}) for part in content]


def test_the_recordings_are_there(shared: Path) -> None:
    """Without them, nothing above runs."""
    assert (shared / "wire").is_dir()
    assert len(ASKED) > 25
    assert len(ANSWERED) > 150
