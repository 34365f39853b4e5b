"""Blocks of Converse's answers, whole and in pieces, mean the same."""

from typing import Any

import attrs
import pytest

from providers.bedrock_blocks import ConverseBlocks
from providers.types import Ended, Event, Finished, Started
from tests.providers.outcome import Outcome, outcome_of

THOUGHT = {"reasoningContent": {"reasoningText": {"text": "hmm", "signature": "sig"}}}
CALL = {"toolUse": {"toolUseId": "t", "name": "f", "input": {}}}
KEPT = {"anthropic": {"thinking": [{"type": "thinking", "thinking": "hmm", "signature": "sig"}]}}
PIECES: list[Any] = [
    {"delta": {"reasoningContent": {"text": "h"}}},
    {"delta": {"reasoningContent": {"text": "mm"}}},
    {"delta": {"reasoningContent": {"signature": "sig"}}},
    {},
    {"delta": {"text": "so"}},
    {},
    {"start": {"toolUse": {"toolUseId": "t", "name": "f"}}},
    {},
]


def meant(*events: Event) -> Outcome:
    return outcome_of([Started(), *events, Finished("stop"), Ended()])


def told(*blocks: Any) -> Outcome:
    reader = ConverseBlocks()
    return meant(*(event for block in blocks for event in reader.whole(block)))


def pieced(*pieces: Any) -> Outcome:
    """`{}` ends a block."""
    reader, events = ConverseBlocks(), list[Event]()
    for piece in pieces:
        if "start" in piece:
            events += reader.begin(piece["start"])
        elif "delta" in piece:
            events += reader.go_on(piece["delta"])
        else:
            events += reader.stop()
    return meant(*events)


def test_whole_and_in_pieces_is_the_same() -> None:
    """Thought, text, and a call, with which the signed thought is kept as Anthropic tells it."""
    whole = told(THOUGHT, {"text": "so"}, CALL)
    assert attrs.asdict(whole) == attrs.asdict(pieced(*PIECES))
    assert (whole.reasoning[0], whole.content[0]) == ("hmm", "so")
    assert whole.calls == {(0, 0): ["t", "f", "{}"]}
    assert whole.kept == {(0, 0): KEPT}


def test_a_hidden_thought_is_kept_and_not_told() -> None:
    """Whole, and in its one piece."""
    hidden = {"reasoningContent": {"redactedContent": "aGlk"}}
    kept = {"anthropic": {"thinking": [{"type": "redacted_thinking", "data": "aGlk"}]}}
    for outcome in (told(hidden, CALL), pieced({"delta": hidden}, {}, *PIECES[-2:])):
        assert outcome.kept == {(0, 0): kept}
        assert not outcome.reasoning


def test_a_thought_that_nobody_signed_is_told_and_not_kept() -> None:
    """Other models' than Claude's: nobody wants them back."""
    unsigned = {"reasoningContent": {"reasoningText": {"text": "hmm"}}}
    for outcome in (told(unsigned, CALL), pieced(*PIECES[:2], {}, *PIECES[-2:])):
        assert outcome.reasoning[0] == "hmm"
        assert not outcome.kept


def test_what_runs_at_the_providers_is_no_call() -> None:
    """Its own tools; and what they gave is not the model's text."""
    own = {"toolUse": {**CALL["toolUse"], "type": "server_tool_use"}}
    start = {"start": {"toolUse": {"toolUseId": "t", "name": "f", "type": "server_tool_use"}}}
    piece = {"delta": {"toolUse": {"input": "{}"}}}
    result = {"toolResult": {"toolUseId": "t", "content": [{"text": "x"}]}}
    for outcome in (told(own, result, CALL), pieced(start, piece, {}, *PIECES[-2:])):
        assert list(outcome.calls) == [(0, 0)]
        assert not outcome.content


def test_citations_are_annotations() -> None:
    """Of pages; other sources have no address."""
    page = {"title": "T", "location": {"web": {"url": "https://a.example"}}}
    document = {"title": "D", "location": {"documentPage": {"documentIndex": 0}}}
    cited = {"citationsContent": {"content": [{"text": "so"}], "citations": [page, document]}}
    pieces = [
        {"delta": {"text": "so"}},
        {"delta": {"citation": page}},
        {"delta": {"citation": document}},
    ]
    for outcome in (told(cited), pieced(*pieces, {})):
        [note] = outcome.members["annotations"]
        assert note["url_citation"]["url"] == "https://a.example"
        assert outcome.content[0] == "so"


def test_an_image_is_given_as_data() -> None:
    """Under the member in which others give theirs."""
    image = {"format": "jpeg", "source": {"bytes": "AAAA"}}
    pieces = [
        {"start": {"image": {"format": "jpeg"}}},
        {"delta": {"image": {"source": image["source"]}}},
    ]
    for outcome in (told({"image": image}), pieced(*pieces, {})):
        [found] = outcome.members["images"]
        assert found["image_url"]["url"] == "data:image/jpeg;base64,AAAA"


@pytest.mark.parametrize(
    "block", [{}, {"text": 5}, {"toolUse": []}, {"novelty": {}}, {"image": {}}]
)
def test_what_is_not_known_says_nothing(block: Any) -> None:
    """Blocks of tomorrow, and of other shapes."""
    outcome = told(block)
    assert (dict(outcome.content), outcome.calls, outcome.members) == ({}, {}, {})
    assert not pieced({"delta": block}, {}).content
