"""Every recorded answer and request of Gemini and Vertex, against what a plain reading of it says.

What is expected is computed here from the raw recordings, by other means than the dialect's.
"""

import json
import re
from pathlib import Path
from typing import Any, Literal

import pytest

from providers.base import Decoder
from providers.conversation import Message
from providers.errors import (
    CredentialRejected,
    ModelMissing,
    ProviderError,
    RateLimited,
    RequestRejected,
    UpstreamFailed,
)
from providers.gemini import Gemini
from providers.types import ChatCall, EmbedCall, Usage
from tests.providers.corpus import SHARED, Exchange, events_of, load
from tests.providers.outcome import (
    assert_splits_do_not_matter,
    assert_truncation_shows,
    outcome_of,
)

ALL = [*load(SHARED, "gemini"), *load(SHARED, "vertex")]
CHATS = [one for one in ALL if one.feature.startswith("generate") and one.status == 200]
ERRORS = [one for one in ALL if one.status >= 400]
EMBEDS = [one for one in ALL if one.feature == "embed" and one.status == 200]
MODELS = [one for one in ALL if one.feature == "models"]
STREAMS = [one for one in CHATS if one.response_body.startswith(b"data:")]

FINISH = {
    "STOP": "stop",
    "MAX_TOKENS": "length",
    1: "stop",
    2: "length",
    "SAFETY": "content_filter",
    "PROHIBITED_CONTENT": "content_filter",
    "RECITATION": "content_filter",
    "OTHER": "stop",
    "IMAGE_SAFETY": "content_filter",
}
FAULTS = {"MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS"}
STATUS = {
    400: RequestRejected,
    401: CredentialRejected,
    403: CredentialRejected,
    404: ModelMissing,
    429: RateLimited,
    500: UpstreamFailed,
    503: UpstreamFailed,
}

dialect = Gemini()


def decoder_of(exchange: Exchange) -> Decoder:
    stream = exchange in STREAMS
    return dialect.decoder(ChatCall("m", (Message("user", "hi"),), {}, stream=stream))


def blocks_of(exchange: Exchange) -> list[bytes]:
    return [block for block in re.split(rb"(?<=\r\n\r\n)", exchange.response_body) if block]


def responses_of(exchange: Exchange) -> list[Any]:
    """The JSON objects in a recorded answer, however they are framed."""
    if exchange not in STREAMS:
        whole = json.loads(exchange.response_body)
        return whole if isinstance(whole, list) else [whole]
    return [json.loads(block.removeprefix(b"data:")) for block in blocks_of(exchange)]


def parts_of(responses: list[Any]) -> list[Any]:
    return [
        part
        for response in responses
        for candidate in response.get("candidates", [])
        for part in candidate.get("content", {}).get("parts", [])
    ]


def calls_of(parts: list[Any]) -> list[list[Any]]:
    """Id, name and arguments of each call; those in pieces have flat arguments in the recordings."""
    found: list[list[Any]] = []
    for call in (part["functionCall"] for part in parts if "functionCall" in part):
        if "name" in call:
            found.append([call.get("id", ""), call["name"], call.get("args", {})])
        for piece in call.get("partialArgs", ()):
            name = piece["jsonPath"].removeprefix("$.")
            found[-1][2][name] = found[-1][2].get(name, "") + piece["stringValue"]
    return found


def texts_of(parts: list[Any], *, thought: bool) -> str:
    return "".join(part.get("text", "") for part in parts if part.get("thought", False) == thought)


def usage_of(responses: list[Any]) -> Usage | None:
    counts = [one["usageMetadata"] for one in responses if "usageMetadata" in one]
    if not counts:
        return None
    last = counts[-1]
    thoughts = last.get("thoughtsTokenCount", 0)
    return Usage(
        prompt=last["promptTokenCount"] + last.get("toolUsePromptTokenCount", 0),
        completion=last.get("candidatesTokenCount", 0) + thoughts,
        total=last["totalTokenCount"],
        cached=last.get("cachedContentTokenCount", 0),
        reasoning=thoughts,
    )


def finish_of(responses: list[Any]) -> str:
    reasons = [
        candidate["finishReason"]
        for response in responses
        for candidate in response.get("candidates", [])
        if "finishReason" in candidate
    ]
    if not reasons:
        assert any(response["promptFeedback"]["blockReason"] for response in responses)
        return "content_filter"
    assert len(reasons) == 1
    finish = FINISH[reasons[0]]
    called = any("functionCall" in part for part in parts_of(responses))
    return "tool_calls" if called and finish == "stop" else finish


def breaks(exchange: Exchange) -> bool:
    return b'"error":' in exchange.response_body or any(
        fault.encode() in exchange.response_body for fault in FAULTS
    )


def test_the_recordings_are_here(shared: Path) -> None:
    """CI has them: without them the tests below would pass by not running."""
    assert shared == SHARED
    assert len(CHATS) >= 30
    assert ERRORS
    assert EMBEDS


@pytest.mark.parametrize("exchange", [one for one in CHATS if not breaks(one)], ids=str)
def test_an_answer_means_what_the_recording_says(exchange: Exchange) -> None:
    """Text, reasoning, finish reason, usage, model and id of every recorded answer are read right."""
    responses = responses_of(exchange)
    outcome = outcome_of(events_of(decoder_of(exchange), [exchange.response_body]))
    parts = parts_of(responses)
    assert outcome.ended, outcome.error
    assert outcome.content.get(0, "") == texts_of(parts, thought=False)
    assert outcome.reasoning.get(0, "") == texts_of(parts, thought=True)
    called = [[*named, json.loads(given)] for *named, given in outcome.calls.values()]
    assert called == calls_of(parts)
    assert [kept["google"]["thought_signature"] for kept in outcome.kept.values()] == [
        part["thoughtSignature"]
        for part in parts
        if "functionCall" in part and "thoughtSignature" in part
    ]
    signed = [
        part["thoughtSignature"]
        for part in parts
        if "functionCall" not in part and part.get("thoughtSignature")
    ]
    if signed:
        assert outcome.members["extra_content"]["google"]["thought_signature"].endswith(signed[-1])
    assert len(outcome.members.get("images", ())) == sum("inlineData" in part for part in parts)
    assert outcome.finishes == {0: finish_of(responses)}
    assert outcome.usage == usage_of(responses)
    assert outcome.started is not None
    assert outcome.started.id == responses[0].get("responseId")
    assert outcome.started.model == responses[0].get("modelVersion")
    withheld = outcome.finishes[0] == "content_filter" and not parts
    assert bool(outcome.refusal) == withheld


@pytest.mark.parametrize("exchange", [one for one in CHATS if breaks(one)], ids=str)
def test_an_answer_that_breaks_is_never_a_success(exchange: Exchange) -> None:
    """Errors inside a 200, whatever their framing, and model faults end as `Failed`."""
    outcome = outcome_of(events_of(decoder_of(exchange), [exchange.response_body]))
    assert isinstance(outcome.error, ProviderError)
    if found := re.search(rb'"error":\s*{\s*"code":\s*(\d+)', exchange.response_body):
        status = int(found[1])
        assert isinstance(outcome.error, STATUS[status])
        assert outcome.error.status == status


@pytest.mark.parametrize("exchange", CHATS, ids=str)
def test_no_split_of_the_bytes_changes_the_events(exchange: Exchange) -> None:
    """One byte at a time, in two halves anywhere, in random pieces: the same events."""
    most = 20 if len(exchange.response_body) > 4000 else 60
    assert_splits_do_not_matter(lambda: decoder_of(exchange), exchange.response_body, most=most)


@pytest.mark.parametrize("exchange", STREAMS, ids=str)
def test_a_stream_that_is_cut_short_never_ends_well(exchange: Exchange) -> None:
    """Without its last event, or with half an event at the end, a stream is broken."""
    assert_truncation_shows(lambda: decoder_of(exchange), blocks_of(exchange))


@pytest.mark.parametrize("exchange", [one for one in CHATS if one not in STREAMS], ids=str)
def test_a_body_that_is_cut_short_never_ends_well(exchange: Exchange) -> None:
    """Half of a JSON body is broken, wherever it is cut."""
    body = exchange.response_body.rstrip()
    for cut in range(0, len(body), max(1, len(body) // 40)):
        assert not outcome_of(events_of(decoder_of(exchange), [body[:cut]])).ended


@pytest.mark.parametrize("exchange", ERRORS, ids=str)
def test_an_error_has_its_class_and_advice(exchange: Exchange) -> None:
    """Class by status, but a bad key is the key's fault though Gemini calls it 400."""
    headers, body = exchange.response_headers, exchange.response_body
    error = dialect.error(exchange.status, headers, body)
    bad_key = b"API_KEY_INVALID" in body
    assert type(error) is (CredentialRejected if bad_key else STATUS[exchange.status])
    assert error.status == exchange.status
    assert error.message
    delay = re.search(rb'"retryDelay":\s*"([\d.]+)s"', body)
    assert error.retry_after == (float(delay[1]) if delay else None)


@pytest.mark.parametrize("exchange", [one for one in EMBEDS if one.request_body], ids=str)
def test_embeddings_are_read_in_order(exchange: Exchange) -> None:
    """Every vector of every recorded embedding, and the tokens where Gemini counted them."""
    raw = json.loads(exchange.response_body)
    found = raw.get("embeddings") or [raw["embedding"]]
    call = EmbedCall("m", ("text",) * len(found), {})
    outcome = outcome_of(events_of(dialect.decoder(call), [exchange.response_body]))
    assert outcome.ended, outcome.error
    assert outcome.vectors == tuple(tuple(map(float, one["values"])) for one in found)
    counted = raw.get("usageMetadata", {}).get("promptTokenCount")
    assert (outcome.usage.prompt if outcome.usage else None) == counted


@pytest.mark.parametrize(
    "exchange", [one for one in EMBEDS if "requests" in (one.request_body or {})], ids=str
)
def test_embedding_requests_are_written_as_recorded(exchange: Exchange) -> None:
    """The same texts, model and dimensions make the recorded request, but for its task type."""
    wanted = exchange.request_body["requests"]
    plain = [{name: row[name] for name in row if name != "taskType"} for row in wanted]
    texts = tuple(row["content"]["parts"][0]["text"] for row in wanted)
    model = wanted[0]["model"].removeprefix("models/")
    call = EmbedCall(model, texts, {}, dimensions=wanted[0].get("outputDimensionality"))
    request = dialect.encode(call, model)
    assert request.path == exchange.url.removeprefix("/v1beta")
    assert json.loads(request.body) == {"requests": plain}


@pytest.mark.parametrize("exchange", MODELS, ids=str)
def test_models_that_can_chat_or_embed_are_listed(exchange: Exchange) -> None:
    """The recorded list without the models that this gateway has no use for."""
    raw = json.loads(exchange.response_body)
    served = [
        model["name"].split("/")[1]
        for model in raw["models"]
        if {"generateContent", "embedContent"} & {*model["supportedGenerationMethods"]}
    ]
    models, cursor = dialect.read_models(exchange.response_body)
    assert [model.id for model in models] == served
    assert {model.owned_by for model in models} <= {"google ai studio"}
    assert cursor == raw.get("nextPageToken")


def is_text_only(exchange: Exchange) -> bool:
    body = exchange.request_body
    if not isinstance(body, dict) or "contents" not in body or "tools" in body:
        return False
    parts = [part for turn in body["contents"] for part in turn["parts"]]
    roles = {turn.get("role", "user") for turn in body["contents"]}
    return roles <= {"user", "model"} and all(
        [*part] == ["text"] and part["text"] for part in parts
    )


OPENAI_NAMES = {
    "maxOutputTokens": "max_tokens",
    "temperature": "temperature",
    "topP": "top_p",
    "stopSequences": "stop",
    "seed": "seed",
    "presencePenalty": "presence_penalty",
    "frequencyPenalty": "frequency_penalty",
    "candidateCount": "n",
}


def call_of(exchange: Exchange) -> ChatCall:
    """The OpenAI request that a client would have sent for the recorded one."""
    raw = exchange.request_body
    config = raw.get("generationConfig", {})
    named: dict[str, Any] = {
        ours: config[theirs] for theirs, ours in OPENAI_NAMES.items() if theirs in config
    }
    if "stop" in named:
        named["stop"] = tuple(named["stop"])
    system = raw.get("systemInstruction", {"parts": []})
    messages = [Message("system", part["text"]) for part in system["parts"]]
    for turn in raw["contents"]:
        role: Literal["assistant", "user"] = "assistant" if turn.get("role") == "model" else "user"
        messages += [Message(role, part["text"]) for part in turn["parts"]]
    body = {"top_k": config["topK"]} if "topK" in config else {}
    return ChatCall("m", tuple(messages), body, stream=exchange in STREAMS, **named)


@pytest.mark.parametrize("exchange", [one for one in ALL if is_text_only(one)], ids=str)
def test_text_requests_are_written_as_recorded(exchange: Exchange) -> None:
    """The OpenAI equivalent of a recorded request says the same again, as far as OpenAI has words."""
    raw, call = exchange.request_body, call_of(exchange)
    assert dialect.refuses(call) is None
    written = json.loads(dialect.encode(call, "m").body)
    assert _turns(written) == _turns(raw)
    assert _system(written) == _system(raw)
    kept = {*OPENAI_NAMES, "topK"}
    config = {name: raw["generationConfig"][name] for name in raw.get("generationConfig", {})}
    wanted = {name: value for name, value in config.items() if name in kept}
    if wanted.get("candidateCount") == 1:
        del wanted["candidateCount"]
    assert written.get("generationConfig", {}) == wanted


def _turns(body: Any) -> list[tuple[str, str]]:
    return [
        (turn.get("role", "user"), part["text"])
        for turn in body["contents"]
        for part in turn["parts"]
    ]


def _system(body: Any) -> str:
    return "".join(part["text"] for part in body.get("systemInstruction", {"parts": []})["parts"])
