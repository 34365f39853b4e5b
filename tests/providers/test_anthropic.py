"""The Anthropic dialect: requests, refusals, model lists."""

import json
from typing import Any, Literal, TypeAlias

import pytest

from providers.anthropic import Anthropic
from providers.base import Dialect, refusal
from providers.conversation import Message
from providers.errors import BrokenAnswer, RequestRejected
from providers.types import ChatCall, EmbedCall, ModelInfo, Native, Secret, Verbatim

Role: TypeAlias = Literal["system", "developer", "user", "assistant"]

dialect: Dialect = Anthropic()


def chat(*messages: tuple[Role, str], body: dict[str, Any] | None = None, **more: Any) -> ChatCall:
    said: tuple[tuple[Role, str], ...] = messages or (("user", "hi"),)
    return ChatCall("m", tuple(Message(role, text) for role, text in said), body or {}, **more)


def written(call: ChatCall) -> Any:
    return json.loads(dialect.encode(call, "claude").body)


def test_a_plain_call_has_the_limit_that_the_api_demands() -> None:
    """Nothing else is said that the client did not say."""
    request = dialect.encode(chat(), "claude")
    assert (request.method, request.path) == ("POST", "/v1/messages")
    assert dict(request.headers) == {
        "content-type": "application/json",
        "anthropic-version": "2023-06-01",
    }
    assert json.loads(request.body) == {
        "model": "claude",
        "max_tokens": 8192,
        "messages": [{"role": "user", "content": "hi"}],
    }


def test_every_parameter_has_its_place() -> None:
    """All that Anthropic can honour, under its names."""
    call = chat(
        body={"top_k": 5, "user": "u-1"},
        stream=True,
        max_tokens=7,
        temperature=0.0,
        top_p=0.9,
        stop=("END", "", "\nYou:"),
    )
    assert dialect.refuses(call) is None
    assert written(call) == {
        "model": "claude",
        "max_tokens": 7,
        "messages": [{"role": "user", "content": "hi"}],
        "temperature": 0.0,
        "top_p": 0.9,
        "top_k": 5,
        "stop_sequences": ["END", "\nYou:"],
        "metadata": {"user_id": "u-1"},
        "stream": True,
    }


def test_temperature_is_clamped_to_what_anthropic_knows() -> None:
    """OpenAI's scale goes to 2, Anthropic's ends at 1."""
    assert written(chat(temperature=1.7))["temperature"] == 1.0


def test_a_top_p_that_cuts_nothing_is_left_out_beside_a_temperature() -> None:
    """Many clients send both defaults; newer models refuse the pair."""
    assert "top_p" not in written(chat(temperature=0.3, top_p=1.0))
    assert written(chat(top_p=1.0))["top_p"] == 1.0


def test_instructions_are_lifted_out_and_joined() -> None:
    """System and developer messages, wherever they stand."""
    call = chat(
        ("system", "Sen yardımcı bir asistansın."), ("user", "Merhaba"), ("developer", "Kısa yaz.")
    )
    body = written(call)
    assert body["system"] == "Sen yardımcı bir asistansın.\n\nKısa yaz."
    assert body["messages"] == [{"role": "user", "content": "Merhaba"}]


def test_blank_messages_are_left_out() -> None:
    """Anthropic answers 400 to a text without a letter in it."""
    body = written(chat(("system", " "), ("user", "a"), ("assistant", ""), ("user", "\n")))
    assert body["messages"] == [{"role": "user", "content": "a"}]
    assert "system" not in body


def test_an_answer_to_be_continued_ends_in_a_word() -> None:
    """Only there is white space at the end refused."""
    body = written(chat(("assistant", "one \n"), ("user", "two "), ("assistant", " three \n")))
    assert [turn["content"] for turn in body["messages"]] == ["one \n", "two ", " three"]


def test_instructions_alone_become_the_users_turn() -> None:
    """Anthropic refuses a conversation without a turn."""
    body = written(chat(("system", "Say hi.")))
    assert body["messages"] == [{"role": "user", "content": "Say hi."}]
    assert "system" not in body


def test_of_an_empty_conversation_remains_a_space() -> None:
    """What Anthropic says of it is for the client to hear."""
    assert written(chat(("user", "")))["messages"] == [{"role": "user", "content": " "}]


@pytest.mark.parametrize(
    ("body", "refused"),
    [
        ({"n": 1, "presence_penalty": 0, "user": "u", "top_k": 2}, None),
        ({"n": 2}, "n"),
        ({"seed": 0}, "seed"),
        ({"presence_penalty": 0.5}, "presence_penalty"),
        ({"frequency_penalty": -0.5}, "frequency_penalty"),
        ({"prediction": {"type": "content"}}, "prediction"),
        ({"thinking": {"type": "enabled"}}, "thinking"),
    ],
)
def test_what_anthropic_cannot_honour_is_named(body: dict[str, Any], refused: str | None) -> None:
    """The general rules are in providers.parameters; here is what Anthropic lacks."""
    assert dialect.refuses(chat(body=body)) == refused


def test_a_stop_sequence_of_white_space_is_refused() -> None:
    """Anthropic has none, and leaving it out would run over the stop. An empty one asks for nothing."""
    assert dialect.refuses(chat(stop=("\n",))) == "stop"
    assert dialect.refuses(chat(stop=("", "\nEND"))) is None
    assert "stop_sequences" not in written(chat(stop=("\n",)))


def test_there_are_no_embeddings() -> None:
    """Refused before, and rejected if asked all the same."""
    call = EmbedCall("m", ("x",), {})
    assert dialect.refuses(call) == "input"
    with pytest.raises(RequestRejected):
        dialect.encode(call, "m")


def test_the_key_is_a_header_and_nothing_else() -> None:
    """The request itself may be shown."""
    assert dialect.credentials(Secret("sk-canary")) == (("x-api-key", "sk-canary"),)


def test_models_are_asked_for_page_by_page() -> None:
    """Listing wants the version header too."""
    first, next_one = dialect.list_models(), dialect.list_models("claude&x")
    assert (first.method, first.path) == ("GET", "/v1/models?limit=1000")
    assert dict(first.headers) == {"anthropic-version": "2023-06-01"}
    assert next_one.path == "/v1/models?limit=1000&after_id=claude%26x"


def test_models_are_listed_with_their_dates() -> None:
    """An unknown date is 0, be it absent, odd or the year 1970."""
    rows = [
        {"id": "a", "created_at": "2025-02-19T00:00:00Z", "type": "model"},
        {"id": "b", "created_at": "1970-01-01T00:00:00Z"},
        {"id": "c", "created_at": "soon"},
        {"id": "d"},
    ]
    body = {"data": rows, "has_more": True, "first_id": "a", "last_id": "d"}
    models, cursor = dialect.read_models(json.dumps(body).encode())
    assert [*models] == [
        ModelInfo("a", 1_739_923_200, "anthropic"),
        *(ModelInfo(name, 0, "anthropic") for name in "bcd"),
    ]
    assert cursor == "d"


def test_the_last_page_has_no_cursor() -> None:
    """last_id is given there as well."""
    body = {"data": [], "has_more": False, "last_id": "d"}
    assert dialect.read_models(json.dumps(body).encode()) == ([], None)


@pytest.mark.parametrize("body", [b"<html>", b"", b"{}", b'{"data": 3}', b"[]"])
def test_what_is_no_list_of_models_is_broken(body: bytes) -> None:
    """Discovery must not take an error page for an empty list."""
    with pytest.raises(BrokenAnswer):
        dialect.read_models(body)


def test_a_clients_own_message_goes_on_as_it_came() -> None:
    """But for the model; the versions and betas that the client wants are its own."""
    body = {
        "max_tokens": 5,
        "messages": [{"role": "user", "content": "hi"}],
        "unheard_of": {"a": 1},
    }
    native = Native("anthropic", {"model": "public", **body}, (("anthropic-beta", "b-1"),))
    call = chat(body={"n": 2}, n=2, native=native)
    request = dialect.encode(call, "claude")

    assert refusal(dialect, call) is None
    assert json.loads(request.body) == {"model": "claude", **body}
    assert dict(request.headers) == {
        "content-type": "application/json",
        "anthropic-version": "2023-06-01",
        "anthropic-beta": "b-1",
    }
    answer = b'{"id":"msg_1","content":[{"type":"text","text":"hi"}],"stop_reason":"end_turn"}'
    decoder = dialect.decoder(call)
    decoder.feed(answer)
    assert decoder.finish()[0] == Verbatim(answer)


def test_a_message_in_another_form_is_translated() -> None:
    """What is not Anthropic's own is no business of its dialect."""
    call = chat(native=Native("gemini", {"contents": []}))
    assert written(call)["messages"] == [{"role": "user", "content": "hi"}]
