"""Gemini's format from the server's side."""

import json
from typing import Any

import msgspec
import pytest

from providers.simulator.dialect import Chat, Embed, Problem, Refused, Target, Told
from providers.simulator.gemini import Gemini
from providers.simulator.prose import Passage
from providers.simulator.requests import Request
from providers.simulator.vectors import vector

GEMINI = Gemini()
TOLD = Told(b"abc", (Passage(0, 4),))
HELLO = {"contents": [{"role": "user", "parts": [{"text": "12345678"}]}]}


def read(operation: Any = "chat", body: Any = None, query: str = "alt=sse") -> Any:
    encoded = msgspec.json.encode(HELLO if body is None else body)
    return GEMINI.read(Target(operation, "m"), Request(b"POST", "/", query, body=encoded))


def test_a_question_is_read():
    """The model is the path's, streaming the method's."""
    body = {
        **HELLO,
        "systemInstruction": {"parts": [{"text": "1234"}]},
        "generationConfig": {"maxOutputTokens": 9, "candidateCount": 2, "stopSequences": ["x"]},
    }
    assert read("chat", body) == Chat("m", False, prompt_tokens=3, max_tokens=9, choices=2)
    assert read("stream") == Chat("m", True, prompt_tokens=2)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"contents": []},
        {"contents": [{"role": "user", "parts": []}]},
        {"contents": [{"role": "system", "parts": [{"text": "x"}]}]},
        {**HELLO, "messages": []},
        {**HELLO, "generationConfig": {"maxTokens": 1}},
        {**HELLO, "generationConfig": {"temperature": 3}},
        {**HELLO, "generationConfig": {"stopSequences": ["a"] * 6}},
    ],
)
def test_what_google_refuses_is_refused(body: Any):
    """Unknown names above all: a request must be built from what is known."""
    with pytest.raises(Refused) as refused:
        read("chat", body)
    error = json.loads(GEMINI.error(refused.value.problem).body)["error"]
    assert (error["code"], error["status"]) == (400, "INVALID_ARGUMENT")


def test_only_events_are_streamed():
    """The other form of streaming is refused rather than sent wrongly."""
    with pytest.raises(Refused):
        read("stream", query="")


def test_a_whole_answer():
    """A candidate a passage, usage that adds up."""
    told = Told(b"abc", (Passage(0, 3), Passage(9, 3)), cut=True)
    body = json.loads(GEMINI.whole(Chat("m", False, 5), told).body)
    assert [one["content"]["parts"][0]["text"] for one in body["candidates"]] == [
        passage.text for passage in told.passages
    ]
    assert {one["finishReason"] for one in body["candidates"]} == {"MAX_TOKENS"}
    assert body["usageMetadata"]["totalTokenCount"] == 11
    assert (body["responseId"], body["modelVersion"]) == ("abc", "m")


def test_a_stream_has_crlf_and_running_usage(tools: Any):
    """The finish reason is in the last event only, and nothing marks the end."""
    answer = GEMINI.streamed(Chat("m", True, 5), TOLD)
    body = answer.opening + b"".join(answer.words) + answer.closing
    assert body.endswith(b"}\r\n\r\n")
    assert body.count(b"\n") == body.count(b"\r\n")
    chunks = [json.loads(event.data) for event in tools.events(body)]
    texts = [chunk["candidates"][0]["content"]["parts"][0]["text"] for chunk in chunks]
    assert "".join(texts) == TOLD.passages[0].text
    assert [chunk["candidates"][0].get("finishReason") for chunk in chunks] == [
        None,
        None,
        None,
        "STOP",
    ]
    assert [chunk["usageMetadata"]["candidatesTokenCount"] for chunk in chunks] == [1, 2, 3, 4]


def test_one_text_is_embedded():
    """In the form of :embedContent, with as many dimensions as asked for."""
    body = {"content": {"parts": [{"text": "a"}, {"text": "b"}]}, "outputDimensionality": 8}
    embed = read("embed", body)
    assert embed == Embed("m", ("ab",), 1, 8, batch=False)
    found = json.loads(GEMINI.vectors(embed).body)
    assert found["embedding"]["values"] == pytest.approx(vector("ab", 8))
    assert found["usageMetadata"] == {"promptTokenCount": 1}


def test_many_texts_are_embedded_in_order():
    """In the form of :batchEmbedContents."""
    requests = [{"model": "models/m", "content": {"parts": [{"text": text}]}} for text in "ab"]
    embed = read("batch_embed", {"requests": requests})
    found = json.loads(GEMINI.vectors(embed).body)
    assert [one["values"] for one in found["embeddings"]] == [
        pytest.approx(vector(text, 1536)) for text in "ab"
    ]


@pytest.mark.parametrize(
    "body",
    [
        {"requests": []},
        {"requests": [{"model": "models/other", "content": {"parts": [{"text": "a"}]}}]},
        {"requests": [{"content": {"parts": [{"text": "a"}]}, "outputDimensionality": 9999}]},
    ],
)
def test_wrong_batches_are_refused(body: Any):
    """Empty, for another model, or with too many dimensions."""
    with pytest.raises(Refused):
        read("batch_embed", body)


def test_models_are_listed_with_their_methods():
    """Embedders embed, the others speak."""
    listed = json.loads(GEMINI.model_list(["gemini-2.0-flash", "text-embedding-004"]).body)
    speaker, embedder = listed["models"]
    assert speaker["name"] == "models/gemini-2.0-flash"
    assert "generateContent" in speaker["supportedGenerationMethods"]
    assert "embedContent" in embedder["supportedGenerationMethods"]


def test_advice_is_in_the_details():
    """RetryInfo beside the quota that was violated; in the header only when it is asked for there."""
    answer = GEMINI.error(Problem("rate_limited", retry_after=2.5, details=True))
    error = json.loads(answer.body)["error"]
    assert error["status"] == "RESOURCE_EXHAUSTED"
    kinds = {detail["@type"].rpartition(".")[2]: detail for detail in error["details"]}
    assert kinds["RetryInfo"]["retryDelay"] == "2.5s"
    assert "PerMinute" in kinds["QuotaFailure"]["violations"][0]["quotaId"]
    assert answer.headers == b""
    header = GEMINI.error(Problem("rate_limited", retry_after=2.5))
    assert header.headers == b"retry-after: 3\r\n"
    assert "details" not in json.loads(header.body)["error"]


def test_an_invalid_key_is_a_400_with_google():
    """The reason is in the details."""
    answer = GEMINI.error(Problem("invalid_key"))
    assert answer.status == 400
    assert json.loads(answer.body)["error"]["details"][0]["reason"] == "API_KEY_INVALID"
    assert GEMINI.error(Problem("unauthorized")).status == 401


def test_an_exhausted_quota_is_the_days():
    """So that it can be told from a busy minute."""
    error = json.loads(GEMINI.error(Problem("quota_exhausted")).body)["error"]
    assert "PerDay" in error["details"][0]["violations"][0]["quotaId"]


def test_google_tells_no_quota():
    """No header says how much is left."""
    assert GEMINI.quota(10, 3, 1.5) == b""
