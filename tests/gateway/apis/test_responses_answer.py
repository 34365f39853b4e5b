"""What a response has beside its output."""

from gateway.apis.responses_answer import (
    annotations_of,
    counts,
    empty_response,
    logprobs_of,
)
from gateway.whole import Heading
from providers.types import TextDelta, Usage

HEADING = Heading("resp_1", 5, "m")


def test_what_was_asked_is_told_again() -> None:
    """With the defaults of what was not; but never that it was stored, for it is not."""
    asked = {
        "temperature": 0.5,
        "metadata": {"a": "b"},
        "store": True,
        "top_p": None,
        "reasoning": {"effort": "low"},
        "text": {"verbosity": "low", "format": None},
    }
    response = empty_response(HEADING, asked, {})
    assert (response["id"], response["created_at"], response["model"]) == ("resp_1", 5, "m")
    assert (response["temperature"], response["top_p"]) == (0.5, 1.0)
    assert (response["metadata"], response["store"]) == ({"a": "b"}, False)
    assert response["reasoning"] == {"effort": "low", "summary": None}
    assert response["text"] == {"format": {"type": "text"}, "verbosity": "low"}


def test_the_upstreams_members_stand_beside_but_never_in_place_of_ours() -> None:
    """Its tier is one of the words that clients know."""
    members = {"provider": "P", "id": "theirs", "service_tier": "on_demand"}
    response = empty_response(HEADING, {}, members)
    assert (response["provider"], response["id"]) == ("P", "resp_1")
    assert response["service_tier"] == "auto"
    assert empty_response(HEADING, {}, {"service_tier": "flex"})["service_tier"] == "flex"


def test_counts_have_all_their_details() -> None:
    """Clients read them without asking whether they are there."""
    assert counts(Usage(prompt=1, completion=2, total=3)) == {
        "input_tokens": 1,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": 2,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": 3,
    }


def test_probabilities_are_those_of_the_kind_of_text() -> None:
    """A refusal has its own."""
    token = {"token": "n", "logprob": -1.0, "bytes": [110]}
    said = {"content": [], "refusal": [token]}
    assert logprobs_of(TextDelta("n", kind="refusal", logprobs=said)) == [
        {**token, "top_logprobs": []}
    ]
    assert logprobs_of(TextDelta("n", logprobs=said)) == []
    assert logprobs_of(TextDelta("n", logprobs="odd")) == []


def test_only_what_can_be_shown_is_cited() -> None:
    """A note without an address is none."""
    notes = [
        {"type": "url_citation", "url_citation": {}},
        {"type": "other"},
        {"type": "url_citation", "url_citation": {"url": "https://x", "end_index": 4}},
    ]
    assert list(annotations_of({"annotations": notes})) == [
        {"type": "url_citation", "url": "https://x", "title": "", "start_index": 0, "end_index": 4}
    ]
