"""OpenAI's format from the server's side."""

import base64
import json
import struct
from typing import Any

import msgspec
import pytest

from providers.simulator.dialect import CREATED, Chat, Embed, Problem, Refused, Target, Told
from providers.simulator.openai import OpenAI
from providers.simulator.prose import Passage
from providers.simulator.requests import Request
from providers.simulator.vectors import vector

OPENAI = OpenAI()
TOLD = Told(b"abc", (Passage(0, 4),))
TWICE = Told(b"abc", (Passage(0, 3), Passage(9, 3)), cut=True)


def read(operation: Any = "chat", **body: Any) -> Chat | Embed:
    usual = {"model": "m", "messages": [{"role": "user", "content": "12345678"}]}
    body = {**usual, **body} if operation == "chat" else {"model": "m", **body}
    return OPENAI.read(Target(operation), Request(b"POST", "/", body=msgspec.json.encode(body)))


def test_a_question_is_read():
    """Everything that matters to the answer; the rest is ignored."""
    parts = [{"type": "text", "text": "1234"}, {"type": "image_url", "image_url": {"url": "x"}}]
    messages = [{"role": "system", "content": "1234"}, {"role": "user", "content": parts}]
    chat = read(
        messages=messages,
        stream=True,
        stream_options={"include_usage": True},
        n=2,
        max_tokens=9,
        x=1,
    )
    assert chat == Chat("m", True, prompt_tokens=10, max_tokens=9, choices=2, usage=True)
    assert read(max_completion_tokens=7, max_tokens=9).max_tokens == 7
    assert read(stream=None, stream_options=None, n=None) == Chat("m", False, prompt_tokens=6)


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"model": 1}, "model"),
        ({"messages": []}, "messages"),
        ({"messages": "hello"}, "messages"),
        ({"messages": [{"role": "robot", "content": "x"}]}, "messages[0].role"),
        ({"temperature": 2.5}, "temperature"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"stream": "yes"}, "stream"),
    ],
)
def test_wrong_parameters_are_named(body: dict[str, Any], param: str):
    """A 400 that says which parameter is wrong."""
    with pytest.raises(Refused) as refused:
        read(**body)
    error = json.loads(OPENAI.error(refused.value.problem).body)["error"]
    assert error["param"] == param
    assert error["type"] == "invalid_request_error"


def test_a_whole_answer():
    """A chat.completion with one choice a passage, and usage that adds up."""
    body = json.loads(OPENAI.whole(Chat('m"', False, 5), TWICE).body)
    assert (body["object"], body["id"], body["model"], body["created"]) == (
        "chat.completion",
        "chatcmpl-abc",
        'm"',
        CREATED,
    )
    assert [choice["message"]["content"] for choice in body["choices"]] == [
        passage.text for passage in TWICE.passages
    ]
    assert [choice["index"] for choice in body["choices"]] == [0, 1]
    assert {choice["finish_reason"] for choice in body["choices"]} == {"length"}
    usage = body["usage"]
    assert (usage["prompt_tokens"], usage["completion_tokens"], usage["total_tokens"]) == (5, 6, 11)


def test_a_stream_goes_role_words_finish_done(tools: Any):
    """Without being asked, no usage anywhere."""
    answer = OPENAI.streamed(Chat("m", True, 5), TOLD)
    *chunks, done = tools.events(answer.opening + b"".join(answer.words) + answer.closing)
    assert done.data == "[DONE]"
    role, *words, finish = [json.loads(chunk.data) for chunk in chunks]
    assert role["choices"][0]["delta"] == {"role": "assistant", "content": "", "refusal": None}
    assert (
        "".join(word["choices"][0]["delta"]["content"] for word in words) == TOLD.passages[0].text
    )
    assert len(words) == len(answer.words) == 4
    assert finish["choices"][0] == {
        "index": 0,
        "delta": {},
        "logprobs": None,
        "finish_reason": "stop",
    }
    assert all("usage" not in chunk for chunk in (role, *words, finish))


def test_usage_comes_in_a_chunk_of_its_own(tools: Any):
    """With no choices, after the finish; null in all other chunks."""
    answer = OPENAI.streamed(Chat("m", True, 5, usage=True), TOLD)
    *chunks, done = tools.events(answer.opening + b"".join(answer.words) + answer.closing)
    assert done.data == "[DONE]"
    *others, last = [json.loads(chunk.data) for chunk in chunks]
    assert last["choices"] == []
    assert last["usage"]["total_tokens"] == 9
    assert all(chunk["usage"] is None for chunk in others)


def test_choices_are_told_side_by_side(tools: Any):
    """Each with its index, its text and its finish."""
    answer = OPENAI.streamed(Chat("m", True, 5, choices=2), TWICE)
    chunks = tools.events(answer.opening + b"".join(answer.words) + answer.closing)
    texts, reasons = ["", ""], ["", ""]
    for chunk in chunks[:-1]:
        (choice,) = json.loads(chunk.data)["choices"]
        texts[choice["index"]] += choice["delta"].get("content", "")
        reasons[choice["index"]] = choice["finish_reason"]
    assert texts == [passage.text for passage in TWICE.passages]
    assert reasons == ["length", "length"]
    assert len(answer.words) == 3


@pytest.mark.parametrize(
    ("given", "texts"),
    [("a", ("a",)), (["a", "b"], ("a", "b")), ([1, 2], ("[1, 2]",)), ([[1], [2]], ("[1]", "[2]"))],
)
def test_embedding_input_has_four_forms(given: Any, texts: tuple[str, ...]):
    """One text, several, one list of tokens, several."""
    embed = read("embed", input=given)
    assert isinstance(embed, Embed)
    assert (embed.texts, embed.dimensions, embed.base64) == (texts, 1536, False)


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"input": []}, "input"),
        ({"input": ""}, "input"),
        ({"input": ["a", ""]}, "input"),
        ({"input": "a", "dimensions": 1537}, "dimensions"),
        ({"input": "a", "dimensions": 0}, "dimensions"),
        ({"input": "a", "encoding_format": "hex"}, "encoding_format"),
        ({}, "input"),
    ],
)
def test_wrong_embedding_parameters_are_named(body: dict[str, Any], param: str):
    """Emptiness and too many dimensions too."""
    with pytest.raises(Refused) as refused:
        read("embed", **body)
    assert refused.value.problem.param == param


def test_vectors_come_as_floats_or_base64():
    """The same numbers in both."""
    floats = json.loads(OPENAI.vectors(read("embed", input=["a", "b"], dimensions=8)).body)
    packed = json.loads(
        OPENAI.vectors(read("embed", input=["a", "b"], dimensions=8, encoding_format="base64")).body
    )
    assert floats["data"][1]["embedding"] == pytest.approx(vector("b", 8))
    raw = base64.b64decode(packed["data"][1]["embedding"])
    assert struct.unpack("<8f", raw) == pytest.approx(vector("b", 8))
    assert [item["index"] for item in floats["data"]] == [0, 1]
    assert floats["usage"] == {"prompt_tokens": 1, "total_tokens": 1}
    assert floats["object"] == "list"


def test_models_are_listed():
    """In OpenAI's form."""
    listed = json.loads(OPENAI.model_list(["a"]).body)
    assert listed["object"] == "list"
    assert listed["data"][0]["id"] == "a"
    assert listed["data"][0]["object"] == "model"


def test_advice_is_in_both_headers():
    """Whole seconds for everybody, milliseconds for those who know."""
    answer = OPENAI.error(Problem("rate_limited", retry_after=0.25))
    assert answer.status == 429
    assert answer.headers == b"retry-after: 1\r\nretry-after-ms: 250\r\n"
    assert OPENAI.error(Problem("rate_limited", retry_after=1, details=True)).headers == b""


def test_quota_is_told_as_openai_does():
    """The reset is a duration."""
    assert OPENAI.quota(10, 3, 1.5).split(b"\r\n")[:3] == [
        b"x-ratelimit-limit-requests: 10",
        b"x-ratelimit-remaining-requests: 3",
        b"x-ratelimit-reset-requests: 1500ms",
    ]
