"""Recorded traffic through the Responses API: whatever upstreams said comes out as they said it."""

import json
from pathlib import Path
from typing import Any

import pytest

from gateway.apis.responses_answer import INCOMPLETE
from gateway.apis.responses_stream import ResponseWriter, response_body
from gateway.whole import Heading
from tests.gateway.apis.recorded import ANSWERED, Answered
from tests.gateway.apis.responses_told import component, heard, told
from tests.schemas import OPENAI, faults

HEADING = Heading("resp_01ABC", 5, "m")
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


def test_the_recordings_are_there(shared: Path) -> None:
    """Without them, nothing above runs."""
    assert (shared / "wire").is_dir()
    assert len(ANSWERED) > 150
