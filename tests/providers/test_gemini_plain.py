"""Plain responses of Gemini's, read cheaply: what they say is what the careful reader says."""

import json
from typing import Any

import pytest

from providers.gemini_answer import ChatReader
from providers.gemini_plain import read
from providers.types import Event

COUNTS = {
    "promptTokenCount": 9,
    "candidatesTokenCount": 3,
    "thoughtsTokenCount": 2,
    "totalTokenCount": 14,
    "cachedContentTokenCount": 4,
    "promptTokensDetails": [{"modality": "TEXT"}],
    "serviceTier": "standard",
}
FIRST = {"candidates": [{"content": {"parts": [{"text": "a"}], "role": "model"}}]}


def says(*parts: Any, **members: Any) -> dict[str, Any]:
    return {
        "candidates": [{"content": {"parts": list(parts), "role": "model"}, "index": 0}],
        **members,
    }


def events(value: Any, *, plainly: bool) -> list[Event] | None:
    reader = ChatReader()
    list(reader.read(FIRST))
    if not plainly:
        return [*reader.read(value)]
    return reader.plain(json.dumps(value))


@pytest.mark.parametrize(
    "value",
    [
        says({"text": "b"}),
        says({"text": ""}),
        says({"text": "hm", "thought": True}, {"text": "b"}),
        says({"text": "b"}, usageMetadata=COUNTS, modelVersion="m", responseId="r"),
        says({"text": "b"}, usageMetadata={"promptTokenCount": 1, "totalTokenCount": 0}),
        says({"text": "b"}, createTime="2026-11-23T00:00:00Z"),
    ],
)
def test_both_readers_say_the_same(value: Any) -> None:
    """In every form that is plain."""
    plain = events(value, plainly=True)
    assert plain is not None
    assert plain == events(value, plainly=False)


@pytest.mark.parametrize(
    "value",
    [
        says({"functionCall": {"name": "f"}}),
        says({"text": "b", "thoughtSignature": "s"}),
        says({"text": "b"}, promptFeedback={}),
        says({"text": "b"}, usageMetadata={"totalTokenCount": 5}),
        says({"text": "b"}, usageMetadata={"promptTokenCount": "1", "totalTokenCount": 5}),
        says({"text": "b"}, error={"code": 500}),
        {"candidates": [{**says({"text": "b"})["candidates"][0], "finishReason": "STOP"}]},
        {"candidates": [{**says({"text": "b"})["candidates"][0], "index": 1}]},
        {"candidates": []},
        {"usageMetadata": COUNTS},
        [says({"text": "b"})],
    ],
)
def test_what_says_anything_else_is_read_with_care(value: Any) -> None:
    """It is no plain response."""
    assert read(json.dumps(value)) is None


def test_the_first_response_is_read_with_care() -> None:
    """It starts the answer, with its name."""
    assert ChatReader().plain(json.dumps(says({"text": "a"}))) is None
    assert read("{") is None
