"""Recorded answers of the Responses API, whoever gave them: decoded, cut anywhere, and passed on."""

import json
import random
from pathlib import Path
from typing import Any

import pytest

from providers.errors import (
    CredentialRejected,
    ModelMissing,
    ProviderError,
    QuotaExhausted,
    RequestRejected,
)
from providers.openai_responses import OpenAIResponses
from providers.openai_responses_wire import native_decoder, response_decoder
from providers.types import ChatCall, Failed, Native, UsageSeen, Verbatim
from tests.providers.corpus import SHARED, Exchange, load, splits
from tests.providers.outcome import Outcome, assert_splits_do_not_matter, outcome_of

PROVIDERS = ("openai", "azure", "xai", "openrouter", "deepseek", "bedrock-mantle")
ALL = [one for provider in PROVIDERS for one in load(SHARED, provider, "responses-*")]
OTHER = ("/compact", "/input_tokens")
"""Ends of paths at which no answers are to be had."""
ANSWERED = [one for one in ALL if one.status == 200 and not (one.url or "").endswith(OTHER)]
BROKEN = "responses-stream-error"
GOOD = [one for one in ANSWERED if one.feature != BROKEN]
STREAMED = [one for one in ANSWERED if one.streamed or b"event: " in one.response_body[:20]]
REFUSED = [one for one in ALL if one.status != 200]
dialect = OpenAIResponses()


def call(one: Exchange, *, native: bool = False) -> ChatCall:
    body = one.request_body if isinstance(one.request_body, dict) else {}
    own = Native("responses", body) if native else None
    return ChatCall("m", (), {}, stream=one in STREAMED, native=own)


def outcome(one: Exchange) -> Outcome:
    decoder = response_decoder(call(one))
    return outcome_of([*decoder.feed(one.response_body), *decoder.finish()])


def final(one: Exchange) -> dict[str, Any]:
    """The response itself; of a stream, as its last event has it."""
    text = one.response_body.decode()
    if one not in STREAMED:
        return dict(json.loads(text))
    frames = [line[6:] for line in text.splitlines() if line.startswith("data: {")]
    return dict(json.loads(frames[-1])["response"])


@pytest.mark.parametrize("one", GOOD, ids=str)
def test_an_answer_says_what_its_last_word_says(one: Exchange) -> None:
    """Texts, refusals, thoughts and calls, finish and counts; whole or put together from pieces."""
    response, found = final(one), outcome(one)
    parts = [part for item in response["output"] for part in item.get("content") or ()]
    thoughts = [item for item in response["output"] if item["type"] == "reasoning"]
    called = [item for item in response["output"] if "call_id" in item]
    assert found.error is None
    assert found.content[0] == joined(parts, "output_text", "text")
    assert found.refusal[0] == joined(parts, "refusal", "refusal")
    assert found.reasoning[0] == "".join(map(thought, thoughts))
    assert list(found.calls.values()) == [
        [item["call_id"], item["name"], item.get("arguments", item.get("input"))]
        for item in called
        if item["type"] in ("function_call", "custom_tool_call")
    ]
    cut = response["status"] == "incomplete"
    assert found.finishes[0] == ("length" if cut else "tool_calls" if found.calls else "stop")
    usage, told = found.usage, response["usage"]
    assert usage is not None
    counts = (told["input_tokens"], told["output_tokens"], told["total_tokens"])
    assert (usage.prompt, usage.completion, usage.total) == counts
    assert usage.cached == (told["input_tokens_details"] or {}).get("cached_tokens", 0)
    assert usage.reasoning == (told["output_tokens_details"] or {}).get("reasoning_tokens", 0)


def joined(parts: list[dict[str, Any]], kind: str, member: str) -> str:
    return "".join(part[member] for part in parts if part["type"] == kind)


def thought(item: dict[str, Any]) -> str:
    parts = [*(item.get("summary") or ()), *(item.get("content") or ())]
    return "\n\n".join(part["text"] for part in parts)


@pytest.mark.parametrize("one", GOOD, ids=str)
def test_sealed_thoughts_before_a_call_are_kept_with_it(one: Exchange) -> None:
    """All of them. OpenAI seals a thought anew each time it tells it: either seal will do."""
    kept = [extra["openai"]["reasoning"] for extra in outcome(one).kept.values()]
    assert all(item["encrypted_content"] for items in kept for item in items)
    waiting, expected = list[str](), []
    for item in final(one)["output"]:
        if item["type"] in ("function_call", "custom_tool_call"):
            expected += [waiting] if waiting else []
            waiting = []
        elif item.get("encrypted_content"):
            waiting.append(item["id"])
    assert [[item["id"] for item in items] for items in kept] == expected


@pytest.mark.parametrize("one", STREAMED, ids=str)
def test_a_stream_means_the_same_however_it_is_cut(one: Exchange) -> None:
    """At every byte, and where it is passed on as well."""
    assert_splits_do_not_matter(lambda: response_decoder(call(one)), one.response_body, most=20)


@pytest.mark.parametrize("one", GOOD, ids=str)
def test_what_is_passed_on_is_the_answer_to_the_byte(one: Exchange) -> None:
    """Up to its end, and with what it means."""
    for pieces in [[one.response_body], *list(splits(one.response_body, random.Random(1), 3))[1:]]:
        decoder = native_decoder(call(one, native=True))
        events = [event for piece in pieces for event in decoder.feed(piece)]
        events += decoder.finish()
        passed = b"".join(event.data for event in events if isinstance(event, Verbatim))
        assert passed.strip() == one.response_body.partition(b"data: [DONE]")[0].strip()
        assert any(isinstance(event, UsageSeen) for event in events)


@pytest.mark.parametrize("one", [one for one in ANSWERED if one.feature == BROKEN], ids=str)
def test_a_stream_that_breaks_is_told_in_our_words(one: Exchange) -> None:
    """Its own event may say more than a client should read."""
    assert isinstance(outcome(one).error, QuotaExhausted)
    decoder = native_decoder(call(one, native=True))
    events = [*decoder.feed(one.response_body), *decoder.finish()]
    assert isinstance(events[-1], Failed)
    assert b"quota" not in b"".join(e.data for e in events if isinstance(e, Verbatim))


@pytest.mark.parametrize("one", REFUSED, ids=str)
def test_a_refusal_is_whose_fault_it_is(one: Exchange) -> None:
    """The key's, the account's, or the request's."""
    error = dialect.error(one.status, one.response_headers, one.response_body)
    assert type(error) is fault(one.response_body.decode())
    assert error.message


def fault(body: str) -> type[ProviderError]:
    if "Incorrect API key" in body:
        return CredentialRejected
    if "insufficient_quota" in body:
        return QuotaExhausted
    return ModelMissing if "does not exist" in body else RequestRejected


def test_the_recordings_are_there(shared: Path) -> None:
    """Without them, nothing above runs."""
    assert (shared / "wire").is_dir()
    assert len(GOOD) > 25
    assert len(STREAMED) > 12
    assert len(REFUSED) > 6
