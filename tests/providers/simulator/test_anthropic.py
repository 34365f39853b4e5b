"""Anthropic's format from the server's side."""

import json
from typing import Any

import msgspec
import pytest

from providers.simulator.anthropic import Anthropic
from providers.simulator.dialect import Chat, Embed, Problem, Refused, Target, Told
from providers.simulator.prose import Passage
from providers.simulator.requests import Request

ANTHROPIC = Anthropic()
TOLD = Told(b"abc", (Passage(0, 4),))
USUAL = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "12345678"}]}
VERSION = {b"anthropic-version": b"2023-06-01"}


def read(headers: dict[bytes, bytes] = VERSION, **body: Any) -> Chat:
    encoded = msgspec.json.encode({**USUAL, **body})
    return ANTHROPIC.read(Target("chat"), Request(b"POST", "/", "", headers, encoded))


def test_a_question_is_read():
    """The system's text counts, in both of its forms."""
    assert read() == Chat("m", False, prompt_tokens=2, max_tokens=9)
    blocks = [{"type": "text", "text": "1234"}]
    messages = [{"role": "user", "content": [*blocks, {"type": "image", "source": {}}]}]
    assert read(system="1234", messages=messages, stream=True) == Chat("m", True, 2, 9)
    assert read(system=blocks).prompt_tokens == 3


@pytest.mark.parametrize(
    "body",
    [
        {"max_tokens": None},
        {"messages": []},
        {"messages": [{"role": "system", "content": "x"}]},
        {"messages": [{"role": "user", "content": ""}]},
        {"messages": [{"role": "user", "content": [{"type": "text", "text": ""}]}]},
        {"temperature": 1.5},
        {"stop": ["x"]},
        {"n": 2},
    ],
)
def test_what_anthropic_refuses_is_refused(body: dict[str, Any]):
    """Unknown names, empty text, OpenAI's habits."""
    with pytest.raises(Refused) as refused:
        read(**body)
    error = json.loads(ANTHROPIC.error(refused.value.problem).body)
    assert (error["type"], error["error"]["type"]) == ("error", "invalid_request_error")


def test_no_version_is_refused():
    """The header is required."""
    with pytest.raises(Refused, match="bad_request"):
        read(headers={})


def test_a_whole_answer():
    """A message of one text block."""
    body = json.loads(ANTHROPIC.whole(Chat("m", False, 5), TOLD).body)
    assert body["content"] == [{"type": "text", "text": TOLD.passages[0].text}]
    assert (body["type"], body["role"], body["id"]) == ("message", "assistant", "msg_abc")
    assert body["stop_reason"] == "end_turn"
    assert (body["usage"]["input_tokens"], body["usage"]["output_tokens"]) == (5, 4)


def test_a_stream_has_its_events_in_order(tools: Any):
    """Start, block, ping, deltas, stop; the names stand in the data too."""
    answer = ANTHROPIC.streamed(Chat("m", True, 5), Told(b"abc", TOLD.passages, cut=True))
    events = tools.events(answer.opening + b"".join(answer.words) + answer.closing)
    assert [event.event for event in events] == [
        "message_start",
        "content_block_start",
        "ping",
        *["content_block_delta"] * 4,
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]
    data = [json.loads(event.data) for event in events]
    assert [one["type"] for one in data] == [event.event for event in events]
    assert data[0]["message"]["usage"]["input_tokens"] == 5
    assert data[0]["message"]["content"] == []
    assert data[0]["message"]["stop_reason"] is None
    assert "".join(one["delta"]["text"] for one in data[3:7]) == TOLD.passages[0].text
    assert data[8]["delta"]["stop_reason"] == "max_tokens"
    assert data[8]["usage"]["output_tokens"] == 4


def test_data_is_padded_with_spaces():
    """As the real server does, on some lines and not on others."""
    answer = ANTHROPIC.streamed(Chat("m", True, 5), Told(b"abc", (Passage(0, 50),)))
    padded = [word.endswith(b" \n\n") for word in answer.words]
    assert any(padded)
    assert not all(padded)


def test_models_are_listed():
    """On one page."""
    listed = json.loads(ANTHROPIC.model_list(["a", "b"]).body)
    assert [one["id"] for one in listed["data"]] == ["a", "b"]
    assert (listed["has_more"], listed["first_id"], listed["last_id"]) == (False, "a", "b")


def test_a_key_without_models_has_an_empty_page():
    """No first, no last."""
    listed = json.loads(ANTHROPIC.model_list([]).body)
    assert (listed["data"], listed["first_id"], listed["last_id"]) == ([], None, None)


def test_errors_say_whether_to_try_again():
    """Not with what is wrong for good; with a 429 the header says when."""
    wrong = ANTHROPIC.error(Problem("bad_request"))
    assert b"x-should-retry: false\r\n" in wrong.headers
    busy = ANTHROPIC.error(Problem("rate_limited", retry_after=1.5))
    assert (busy.status, b"retry-after: 2\r\n" in busy.headers) == (429, True)
    assert b"x-should-retry" not in busy.headers
    full = ANTHROPIC.error(Problem("overloaded"))
    assert (full.status, json.loads(full.body)["error"]["type"]) == (529, "overloaded_error")


def test_there_are_no_embeddings():
    """Anthropic has none."""
    assert ANTHROPIC.vectors(Embed("m", ("a",), 1, 8)).status == 404


def test_quota_is_told_without_the_reset():
    """Limit and what remains of it."""
    assert ANTHROPIC.quota(10, 3, 1.5).split(b"\r\n")[:2] == [
        b"anthropic-ratelimit-requests-limit: 10",
        b"anthropic-ratelimit-requests-remaining: 3",
    ]
