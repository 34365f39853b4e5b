"""What a choice says, as parts of Google's contents."""

from typing import Any

from gateway.apis.generate_parts import Candidates, counts
from gateway.whole import Heading
from providers.types import Event, Extra, Finished, TextDelta, ToolDelta, Usage

HEADING = Heading("1", 5, "m")
SIGNED = {"google": {"thought_signature": "s"}}


def read(*events: Event) -> Candidates:
    made = Candidates(HEADING)
    made.read(events)
    return made


def test_pieces_of_one_kind_are_one_part() -> None:
    """Thoughts are told apart from what is said."""
    (made,) = read(
        TextDelta("h", kind="reasoning"),
        TextDelta("m", kind="reasoning"),
        TextDelta("a"),
        TextDelta("b"),
    ).taken()
    assert made["content"]["parts"] == [{"text": "hm", "thought": True}, {"text": "ab"}]


def test_what_was_taken_is_not_told_again() -> None:
    """And a choice with nothing new is left out."""
    made = read(TextDelta("a"), TextDelta("b", choice=1))
    assert [one["index"] for one in made.taken()] == [0, 1]
    assert made.taken() == []
    made.read([TextDelta("c", choice=1)])
    assert [one["index"] for one in made.taken()] == [1]


def test_calls_come_whole_and_last_with_their_signatures() -> None:
    """In the order of their places; arguments that are no object are held by one."""
    made = read(
        ToolDelta(1, "oops", id="b", name="g"),
        ToolDelta(0, '{"x"', id="a", name="f", extra=SIGNED),
        ToolDelta(0, ":1}"),
        Finished("tool_calls"),
    )
    assert made.taken() == []
    (closed,) = made.closed()
    assert closed["content"]["parts"] == [
        {"functionCall": {"id": "a", "name": "f", "args": {"x": 1}}, "thoughtSignature": "s"},
        {"functionCall": {"id": "b", "name": "g", "args": {"input": "oops"}}},
    ]
    assert closed["finishReason"] == "STOP"


def test_images_pages_and_signatures_are_noted() -> None:
    """Each in Google's place for it."""
    image = {"image_url": {"url": "data:image/png;base64,AA"}}
    page = {"url_citation": {"url": "https://x", "title": "X"}}
    made = read(
        Extra({"images": [image, {"image_url": {"url": "https://y"}}]}),
        Extra({"annotations": [page]}),
        Extra({"extra_content": SIGNED}),
        Extra({"prompt_filter_results": []}, place="answer"),
    )
    (closed,) = made.closed()
    assert closed["content"]["parts"] == [
        {"inlineData": {"mimeType": "image/png", "data": "AA"}},
        {"text": "", "thoughtSignature": "s"},
    ]
    chunks: Any = closed["groundingMetadata"]["groundingChunks"]
    assert chunks == [{"web": {"uri": "https://x", "title": "X"}}]


def test_probabilities_are_told_with_the_end() -> None:
    """The chosen ones and the alternatives."""
    token = {"token": "a", "logprob": -0.5, "top_logprobs": [{"token": "b", "logprob": -1.0}]}
    (closed,) = read(TextDelta("a", logprobs={"content": [token]}), Finished("length")).closed()
    assert closed["logprobsResult"] == {
        "chosenCandidates": [{"token": "a", "logProbability": -0.5}],
        "topCandidates": [{"candidates": [{"token": "b", "logProbability": -1.0}]}],
    }
    assert closed["finishReason"] == "MAX_TOKENS"


def test_thoughts_are_counted_beside_the_answer() -> None:
    """OpenAI counts them in; the sum is the same."""
    assert counts(Usage(prompt=9, completion=5, total=14, cached=4, reasoning=3)) == {
        "promptTokenCount": 9,
        "candidatesTokenCount": 2,
        "totalTokenCount": 14,
        "thoughtsTokenCount": 3,
        "cachedContentTokenCount": 4,
    }
    assert counts(Usage()) == {
        "promptTokenCount": 0,
        "candidatesTokenCount": 0,
        "totalTokenCount": 0,
    }
