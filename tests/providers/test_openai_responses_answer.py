"""Whole answers of the Responses API."""

import json
from typing import Any

import pytest

from providers.errors import BrokenAnswer, QuotaExhausted, UpstreamFailed
from providers.openai_responses_answer import Items, WholeResponse
from providers.reading import whole
from providers.types import (
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
)

USAGE = {
    "input_tokens": 9,
    "input_tokens_details": {"cached_tokens": 3, "cache_write_tokens": 1},
    "output_tokens": 5,
    "output_tokens_details": {"reasoning_tokens": 2},
    "total_tokens": 14,
}
CALL = {"type": "function_call", "id": "fc_1", "call_id": "c1", "name": "f", "arguments": "{}"}
SEALED = {
    "type": "reasoning",
    "id": "rs_1",
    "summary": [{"type": "summary_text", "text": t} for t in ("a", "b")],
    "encrypted_content": "xyz",
}


def message(*parts: Any) -> dict[str, Any]:
    return {"type": "message", "role": "assistant", "content": list(parts)}


def text(said: str, **more: Any) -> dict[str, Any]:
    return {"type": "output_text", "text": said, "annotations": [], **more}


def read(*output: Any, **members: Any) -> list[Event]:
    body = {"id": "resp_1", "model": "m", "status": "completed", "output": output, **members}
    decoder = whole(WholeResponse())
    return [*decoder.feed(json.dumps(body).encode()), *decoder.finish()]


def test_an_answer_is_its_text_its_finish_and_its_usage() -> None:
    """In chat's words."""
    assert read(message(text("Merhaba")), usage=USAGE) == [
        Started("resp_1", "m"),
        TextDelta("Merhaba"),
        Finished("stop"),
        UsageSeen(Usage(prompt=9, completion=5, total=14, cached=3, reasoning=2, written=1)),
        Ended(),
    ]


def test_usage_keeps_all_that_was_said_of_it() -> None:
    """Under the names that a chat has for it."""
    seen = next(event for event in read(usage=USAGE) if isinstance(event, UsageSeen))
    assert seen.usage.details == {
        "prompt_tokens_details": USAGE["input_tokens_details"],
        "completion_tokens_details": USAGE["output_tokens_details"],
    }


def test_calls_are_counted_and_named_by_their_call_ids() -> None:
    """Items have ids of their own, which nobody asks for again."""
    custom = {"type": "custom_tool_call", "call_id": "c2", "name": "g", "input": "x"}
    assert read(CALL, custom)[1:] == [
        ToolDelta(0, "{}", id="c1", name="f"),
        ToolDelta(1, "x", id="c2", name="g", kind="custom"),
        Finished("tool_calls"),
        Ended(),
    ]


def test_sealed_thoughts_stay_with_the_call_behind_them() -> None:
    """Their words are told; a thought that is not sealed need not come back."""
    events = read({"type": "reasoning", "summary": []}, SEALED, CALL, {**CALL, "call_id": "c2"})
    assert events[1] == TextDelta("a\n\nb", kind="reasoning")
    assert isinstance(events[2], ToolDelta)
    assert events[2].extra == {"openai": {"reasoning": [SEALED]}}
    assert isinstance(events[3], ToolDelta)
    assert events[3].extra is None


def test_refusals_citations_and_probabilities_have_their_places() -> None:
    """As a chat tells them."""
    note = {"type": "url_citation", "url": "https://x", "title": "X"}
    chosen = [{"token": "x", "logprob": -1.0}]
    events = read(
        message(
            text("x", annotations=[note], logprobs=chosen), {"type": "refusal", "refusal": "no"}
        )
    )
    cited = {"type": "url_citation", "url_citation": {"url": "https://x", "title": "X"}}
    assert events[1:4] == [
        TextDelta("x", logprobs={"content": chosen}),
        Extra({"annotations": [cited]}),
        TextDelta("no", kind="refusal"),
    ]


@pytest.mark.parametrize(
    ("why", "reason"),
    [("max_output_tokens", "length"), ("content_filter", "content_filter"), ("new", "length")],
)
def test_an_incomplete_answer_says_why(why: str, reason: str) -> None:
    """What nobody here knows is a cut."""
    events = read(status="incomplete", incomplete_details={"reason": why})
    assert [event.reason for event in events if isinstance(event, Finished)] == [reason]


def test_items_of_the_upstreams_own_tools_say_nothing_to_a_chat() -> None:
    """But are no fault."""
    events = read({"type": "web_search_call", "id": "ws_1"}, message(text("x")))
    assert [type(event) for event in events] == [Started, TextDelta, Finished, Ended]


def test_a_tier_that_was_chosen_is_told() -> None:
    """`auto` is what was asked."""
    assert read(service_tier="flex")[0] == Started("resp_1", "m", {"service_tier": "flex"})
    assert read(service_tier="auto")[0] == Started("resp_1", "m")


@pytest.mark.parametrize(
    ("members", "kind"),
    [
        ({"status": "failed", "error": {"code": "server_error", "message": "x"}}, UpstreamFailed),
        ({"error": {"code": "insufficient_quota", "message": "x"}}, QuotaExhausted),
        ({"status": "cancelled"}, UpstreamFailed),
        ({"output": None}, BrokenAnswer),
    ],
)
def test_an_answer_that_failed_is_an_error(members: Any, kind: Any) -> None:
    """Of the kind that its words tell."""
    [failed] = read(**members)
    assert isinstance(failed, Failed)
    assert isinstance(failed.error, kind)


def test_items_know_which_thoughts_wait() -> None:
    """Each is given once."""
    items = Items()
    items.seal(SEALED)
    assert items.call(CALL, "").extra is not None
    assert items.call(CALL, "").extra is None
    assert items.calls == 2
