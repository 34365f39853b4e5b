"""The canned upstream says what an OpenAI server would, and does not fall over."""

import json
import socket
from collections.abc import Iterator

import httpx
import pytest

from benchmarks.overhead.subjects import Subject
from benchmarks.overhead.upstream import MODELS
from tests.benchmarks.overhead.canned import canned, port_of


@pytest.fixture(scope="module")
def upstream() -> Iterator[Subject]:
    with canned() as running:
        yield running


def ask(upstream: Subject, model: str, *, stream: bool) -> httpx.Response:
    return httpx.post(f"{upstream.url}/chat/completions", json={"model": model, "stream": stream})


def test_a_whole_answer_has_the_words_its_model_is_named_for(upstream: Subject) -> None:
    """All at once, with usage."""
    answer = ask(upstream, "say-8x0", stream=False).json()

    assert answer["choices"][0]["message"]["content"] == " green" * 8
    assert answer["usage"]["completion_tokens"] == 8


@pytest.mark.parametrize("gap", [0, 1])
def test_a_stream_has_as_many(upstream: Subject, gap: int) -> None:
    """Apart or together: a role, the words, a reason, the usage, an end."""
    lines = ask(upstream, f"say-8x{gap}", stream=True).text.split("\n\n")

    events = [json.loads(line.removeprefix("data: ")) for line in lines[:-2]]
    deltas = [choice["delta"] for event in events for choice in event["choices"]]
    assert "".join(delta.get("content", "") for delta in deltas) == " green" * 8
    assert events[-2]["choices"][0]["finish_reason"] == "stop"
    assert events[-1]["usage"]["completion_tokens"] == 8
    assert lines[-2:] == ["data: [DONE]", ""]


def test_models_are_listed(upstream: Subject) -> None:
    """As a gateway asks at its start."""
    listed = httpx.get(f"{upstream.url}/models").json()["data"]
    assert [model["id"] for model in listed] == list(MODELS)


def test_who_leaves_amid_an_answer_harms_nobody(upstream: Subject) -> None:
    """The next one is answered."""
    for _ in range(20):
        body = b'{"model":"say-600x1","stream":true}'
        with socket.create_connection(("127.0.0.1", int(port_of(upstream)))) as leaving:
            leaving.send(b"POST / HTTP/1.1\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
            leaving.recv(10)
    assert ask(upstream, "say-1x0", stream=False).status_code == 200
