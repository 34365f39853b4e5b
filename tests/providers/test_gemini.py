"""The Gemini dialect: requests, refusals, model lists."""

import json
from typing import Any, Literal, TypeAlias

import pytest

from providers.base import Dialect, refusal
from providers.conversation import Message
from providers.errors import BrokenAnswer
from providers.gemini import Gemini
from providers.types import (
    ChatCall,
    EmbedCall,
    Ended,
    ModelInfo,
    Native,
    RateLimits,
    Secret,
    Verbatim,
)

Role: TypeAlias = Literal["system", "developer", "user", "assistant"]

dialect: Dialect = Gemini()


def chat(*messages: tuple[Role, str], body: dict[str, Any] | None = None, **more: Any) -> ChatCall:
    said: tuple[tuple[Role, str], ...] = messages or (("user", "hi"),)
    return ChatCall("m", tuple(Message(role, text) for role, text in said), body or {}, **more)


def written(call: ChatCall) -> Any:
    return json.loads(dialect.encode(call, "gemini-2.5-flash").body)


def test_a_plain_call_is_nothing_but_its_contents() -> None:
    """What the client did not ask for is not sent: some models refuse even defaults."""
    request = dialect.encode(chat(), "gemini-2.5-flash")
    assert request.path == "/models/gemini-2.5-flash:generateContent"
    assert request.method == "POST"
    assert json.loads(request.body) == {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]}


def test_a_streamed_call_asks_for_server_sent_events() -> None:
    """Without alt=sse the stream would be one JSON array."""
    request = dialect.encode(chat(stream=True), "models/gemini-2.5-flash")
    assert request.path == "/models/gemini-2.5-flash:streamGenerateContent?alt=sse"


def test_a_model_name_cannot_leave_its_place_in_the_path() -> None:
    """A name with slashes or a question mark is one path segment."""
    assert (
        dialect.encode(chat(), "a/../b?key=1").path
        == "/models/a%2F..%2Fb%3Fkey%3D1:generateContent"
    )


def test_instructions_are_lifted_out_and_roles_translated() -> None:
    """System and developer messages, wherever they stand, become the system instruction, in order."""
    call = chat(
        ("system", "Sen yardımcı bir asistansın."),
        ("user", "Merhaba"),
        ("assistant", "Selam 👋"),
        ("developer", "Kısa yaz."),
        ("user", "Nasılsın?"),
    )
    assert written(call) == {
        "systemInstruction": {
            "parts": [{"text": "Sen yardımcı bir asistansın."}, {"text": "Kısa yaz."}]
        },
        "contents": [
            {"role": "user", "parts": [{"text": "Merhaba"}]},
            {"role": "model", "parts": [{"text": "Selam 👋"}]},
            {"role": "user", "parts": [{"text": "Nasılsın?"}]},
        ],
    }


def test_empty_messages_are_left_out() -> None:
    """Gemini refuses a part without text."""
    assert written(chat(("system", ""), ("user", ""), ("user", "x"))) == {
        "contents": [{"role": "user", "parts": [{"text": "x"}]}]
    }


def test_instructions_alone_become_the_users_turn() -> None:
    """Gemini refuses a conversation without a turn."""
    assert written(chat(("system", "Say hi."), ("user", ""))) == {
        "contents": [{"role": "user", "parts": [{"text": "Say hi."}]}]
    }


def test_of_an_empty_conversation_remains_a_space() -> None:
    """Gemini refuses a conversation without a text."""
    assert written(chat(("user", ""))) == {"contents": [{"role": "user", "parts": [{"text": " "}]}]}


def test_every_parameter_has_its_place() -> None:
    """All that Gemini can honour goes into generationConfig under Gemini's names."""
    call = chat(
        body={"top_k": 40},
        max_tokens=9,
        temperature=0.0,
        top_p=0.5,
        stop=("a", "", "\n"),
        n=2,
        seed=0,
        presence_penalty=1.5,
        frequency_penalty=-1.0,
    )
    assert dialect.refuses(call) is None
    assert written(call)["generationConfig"] == {
        "maxOutputTokens": 9,
        "temperature": 0.0,
        "topP": 0.5,
        "topK": 40,
        "stopSequences": ["a", "\n"],
        "candidateCount": 2,
        "seed": 0,
        "presencePenalty": 1.5,
        "frequencyPenalty": -1.0,
    }


def test_penalties_of_zero_are_not_mentioned() -> None:
    """Models without penalties refuse the fields, and zero asks for nothing."""
    assert "generationConfig" not in written(chat(presence_penalty=0.0, frequency_penalty=0.0))


@pytest.mark.parametrize(
    ("body", "refused"),
    [
        ({"n": 2, "seed": 1, "presence_penalty": 1, "frequency_penalty": 1, "top_k": 3}, None),
        ({"response_format": {"type": "json_object"}, "reasoning_effort": "low"}, None),
        ({"tools": [{"type": "code_interpreter"}]}, "tools"),
        ({"top_k": "many"}, "top_k"),
        ({"top_k": True}, "top_k"),
        ({"user": "u", "logit_bias": {"1": 2}}, "logit_bias"),
        ({"safety_settings": []}, "safety_settings"),
    ],
)
def test_what_gemini_cannot_honour_is_named(body: dict[str, Any], refused: str | None) -> None:
    """The general rules are in providers.parameters; here is what is Gemini's own."""
    assert dialect.refuses(chat(body=body)) == refused


def test_a_sixth_stop_sequence_is_refused() -> None:
    """Gemini takes five; empty ones do not count."""
    assert dialect.refuses(chat(stop=("a", "b", "c", "d", "e", ""))) is None
    assert dialect.refuses(chat(stop=("a", "b", "c", "d", "e", "f"))) == "stop"


def test_candidates_may_be_streamed() -> None:
    """Several choices in one stream are Gemini's business, not refused here."""
    assert dialect.refuses(chat(stream=True, n=2, body={"n": 2})) is None


def test_the_key_is_a_header_and_nothing_else() -> None:
    """URLs end up in logs, headers do not."""
    secret = Secret("AIza-canary")
    assert dialect.credentials(secret) == (("x-goog-api-key", "AIza-canary"),)
    assert "canary" not in repr(dialect.encode(chat(), "m"))


def test_gemini_says_nothing_of_quotas_in_headers() -> None:
    """No such header was ever seen."""
    assert dialect.limits({"x-ratelimit-limit-requests": "1"}) == RateLimits()


def test_models_are_asked_for_page_by_page() -> None:
    """The cursor is escaped, since it is the upstream's."""
    assert dialect.list_models().path == "/models?pageSize=1000"
    assert dialect.list_models().method == "GET"
    assert dialect.list_models("a b&c").path == "/models?pageSize=1000&pageToken=a+b%26c"


def test_only_models_that_chat_or_embed_are_listed() -> None:
    """Names lose their prefix; odd rows are passed over; the cursor is handed on."""
    body = {
        "models": [
            {"name": "models/a", "supportedGenerationMethods": ["countTokens", "generateContent"]},
            {"name": "models/b", "supportedGenerationMethods": ["embedContent"]},
            {"name": "models/c", "supportedGenerationMethods": ["predict"]},
            {"name": "models/d"},
            None,
        ],
        "nextPageToken": "more",
    }
    models, cursor = dialect.read_models(json.dumps(body).encode())
    owner = "google ai studio"
    assert models == [ModelInfo("a", owned_by=owner), ModelInfo("b", owned_by=owner)]
    assert cursor == "more"


def test_an_empty_page_is_the_last() -> None:
    """Google leaves out empty fields."""
    assert dialect.read_models(b"{}") == ([], None)


@pytest.mark.parametrize("body", [b"<html>", b"", b'{"models": 3}'])
def test_what_is_no_list_of_models_is_broken(body: bytes) -> None:
    """Discovery must not take an error page for an empty list."""
    with pytest.raises(BrokenAnswer):
        dialect.read_models(body)


def test_embeddings_go_to_the_batch_endpoint() -> None:
    """One text or many: the same endpoint."""
    request = dialect.encode(EmbedCall("m", ("Merhaba dünya",), {}), "models/text-embedding-004")
    assert request.path == "/models/text-embedding-004:batchEmbedContents"
    assert json.loads(request.body) == {
        "requests": [
            {
                "model": "models/text-embedding-004",
                "content": {"parts": [{"text": "Merhaba dünya"}]},
            }
        ]
    }


def test_token_numbers_are_refused() -> None:
    """They are another model's tokens."""
    assert dialect.refuses(EmbedCall("m", ("a", (1, 2)), {"model": "m", "input": []})) == "input"


@pytest.mark.parametrize("stream", [True, False])
def test_a_clients_own_request_goes_on_as_it_came(stream: bool) -> None:
    """Unknown members too; the model stands in the path."""
    body = {"contents": [{"parts": [{"text": "hi"}]}], "unheardOf": {"a": 1}}
    call = chat(native=Native("gemini", body), stream=stream, body={"user": "u"}, n=99)
    request = dialect.encode(call, "gemini-x")

    assert refusal(dialect, call) is None
    assert json.loads(request.body) == body
    answer = b'{"candidates":[{"content":{"parts":[{"text":"hi"}]},"finishReason":"STOP"}]}'
    answer = b"data: " + answer + b"\r\n\r\n" if stream else answer
    decoder = dialect.decoder(call)
    events = [*decoder.feed(answer), *decoder.finish()]
    assert events[0] == Verbatim(answer)
    assert events[-1] == Ended()


@pytest.mark.parametrize(
    ("body", "method", "answer"),
    [
        ({"content": {}}, "embedContent", b'{"embedding": {"values": [1.5]}}'),
        (
            {"requests": [{"content": {}}]},
            "batchEmbedContents",
            b'{"embeddings":[{"values":[1.5]}]}',
        ),
    ],
)
def test_a_clients_own_embeddings_go_on_as_they_came(body: Any, method: str, answer: bytes) -> None:
    """But for the model, which every text of a batch names again."""
    call = EmbedCall("m", ("a",), {}, native=Native("gemini", {**body, "taskType": "X"}))
    request = dialect.encode(call, "up")
    sent = json.loads(request.body)
    assert request.path == f"/models/up:{method}"
    assert sent.get("model", sent.get("requests", [{}])[0].get("model")) == "models/up"
    decoder = dialect.decoder(call)
    decoder.feed(answer)
    assert decoder.finish()[0] == Verbatim(answer)
