"""What is sent."""

import json
import random
from typing import Any

from benchmarks.load.prompts import Asking, prompt
from benchmarks.load.schedule import Planned


def sent(asking: Asking) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(asking.body(Planned(0.0, 12, 34, True), random.Random(1)))
    return body


def test_a_request_asks_for_its_lengths_in_a_stream_with_usage() -> None:
    """As OpenAI has it."""
    body = sent(Asking("m"))

    assert body["model"] == "m"
    assert len(body["messages"][0]["content"].split()) == 12
    assert body["max_tokens"] == 34
    assert body["stream"] is True
    assert body["stream_options"] == {"include_usage": True}


def test_whole_answers_are_asked_for_without_a_word_of_streams() -> None:
    """Under the newer name of the limit, if need be."""
    body = sent(Asking("m", stream=False, limit="max_completion_tokens"))

    assert set(body) == {"model", "messages", "max_completion_tokens"}


def test_further_members_are_added_and_null_takes_one_away() -> None:
    """For servers that know more, or less."""
    body = sent(Asking("m", extra={"stream_options": None, "temperature": 0}))

    assert "stream_options" not in body
    assert body["temperature"] == 0


def test_no_two_prompts_begin_alike() -> None:
    """So no cache of prompts makes a server look quicker than it is."""
    rng = random.Random(1)
    assert len({prompt(30, rng)[:60] for _ in range(200)}) == 200
