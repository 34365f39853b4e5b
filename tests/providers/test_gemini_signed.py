"""Signatures that Google demands, in what its own client brings."""

import json
from typing import Any

import attrs
import pytest

from gateway.apis.api import Asked
from gateway.apis.generate_request import read_generate
from providers.gemini import Gemini
from providers.gemini_chat import UNSIGNED
from providers.types import ChatCall

NEW, OLD = "gemini-3-pro-preview", "gemini-2.5-flash"


def call(name: str, **beside: Any) -> dict[str, Any]:
    return {"functionCall": {"name": name, "args": {}}, **beside}


def asked(*contents: Any, kept: dict[int, str] | None = None) -> ChatCall:
    """A request of these contents; of some calls, told by their number, the signature is remembered."""
    made = read_generate(Asked({"contents": list(contents)}, {"model": "m"}), stream=False)
    signatures, messages = {**(kept or {})}, []
    uses = [use for message in made.messages for use in message.tool_calls]
    for message in made.messages:
        found = [
            attrs.evolve(use, extra={"google": {"thought_signature": signatures[uses.index(use)]}})
            if uses.index(use) in signatures
            else use
            for use in message.tool_calls
        ]
        messages.append(attrs.evolve(message, tool_calls=tuple(found)))
    return ChatCall(**{**vars(made), "messages": tuple(messages)})


def sent(call: ChatCall, model: str) -> Any:
    return json.loads(Gemini().encode(call, model).body)["contents"]


USER = {"role": "user", "parts": [{"text": "add"}]}
DONE = {
    "role": "user",
    "parts": [{"functionResponse": {"name": "a", "response": {"output": "1"}}}],
}


def test_the_first_call_of_a_turn_is_signed_where_that_is_demanded() -> None:
    """With the value that is documented for calls of others; every turn by itself."""
    turn = {"role": "model", "parts": [{"text": "hm"}, call("a"), call("b")]}
    contents = sent(asked(USER, turn, DONE, turn), NEW)
    first = call("a", thoughtSignature=UNSIGNED)
    assert contents[1]["parts"] == [{"text": "hm"}, first, call("b")]
    assert contents[3]["parts"] == contents[1]["parts"]
    assert [contents[0], contents[2]] == [USER, DONE]
    assert sent(asked(USER, turn), OLD) == [USER, turn]


def test_a_signature_that_was_kept_is_put_back() -> None:
    """Of whichever call it is, for older models too."""
    turn = {"role": "model", "parts": [call("a"), call("b")]}
    contents = sent(asked(USER, turn, kept={0: "mine", 1: "too"}), OLD)
    assert contents[1]["parts"] == [
        call("a", thoughtSignature="mine"),
        call("b", thoughtSignature="too"),
    ]


@pytest.mark.parametrize("name", ["thoughtSignature", "thought_signature"])
def test_what_the_client_has_signed_stays_as_it_is(name: str) -> None:
    """In either way of writing."""
    turn = {"role": "model", "parts": [call("a", **{name: "own"}), call("b")]}
    assert sent(asked(USER, turn, DONE, kept={0: "kept"}), NEW) == [USER, turn, DONE]


def test_calls_are_told_apart_however_a_turn_is_written() -> None:
    """A part alone is no array; what is said in the user's name is no call."""
    alone = {"role": "model", "parts": call("a")}
    odd = {"role": "user", "parts": [call("x"), {"text": "y"}]}
    snake = {"role": "model", "parts": [{"function_call": {"name": "b"}}]}
    contents = sent(asked(odd, alone, DONE, snake, kept={1: "second"}), NEW)
    assert contents[0] == odd
    assert contents[1]["parts"] == [call("a", thoughtSignature=UNSIGNED)]
    assert contents[3]["parts"][0]["thoughtSignature"] == "second"


def test_a_conversation_without_calls_is_not_touched() -> None:
    """Most are."""
    made = asked(USER, {"role": "model", "parts": [{"text": "x"}]})
    assert sent(made, NEW) == [USER, {"role": "model", "parts": [{"text": "x"}]}]
