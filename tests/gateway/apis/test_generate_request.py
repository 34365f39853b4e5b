"""A request of Google's Gemini API as the call that every upstream can be sent."""

import copy
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from gateway.apis.api import Asked
from gateway.apis.generate_request import READ, read_counted, read_generate
from gateway.errors import ApiError
from providers.conversation import ToolChoice
from providers.kinds import KINDS
from providers.types import ChatCall
from tests.gateway.asked import refusal

SAID = {"model": "m"}
TOOLS = [{"functionDeclarations": [{"name": "add"}]}]


def body(**members: Any) -> dict[str, Any]:
    return {"contents": [{"role": "user", "parts": [{"text": "x"}]}]} | members


def read(**members: Any) -> ChatCall:
    return read_generate(Asked(body(**members), SAID), stream=False)


def only(call: ChatCall) -> str | None:
    assert call.native is not None
    return call.native.only


@pytest.mark.parametrize("snake", [False, True])
def test_every_parameter_has_its_place_in_the_call(snake: bool) -> None:
    """In either way of writing its name."""
    config = {
        "temperature": 0.5,
        "topP" if not snake else "top_p": 0.9,
        "topK" if not snake else "top_k": 40,
        "maxOutputTokens" if not snake else "max_output_tokens": 7,
        "stopSequences" if not snake else "stop_sequences": ["END"],
        "candidateCount" if not snake else "candidate_count": 2,
        "seed": 3,
        "presencePenalty" if not snake else "presence_penalty": 0.1,
        "frequencyPenalty" if not snake else "frequency_penalty": 0.2,
        "responseLogprobs" if not snake else "response_logprobs": True,
        "logprobs": 4,
    }
    call = read(**{"generation_config" if snake else "generationConfig": config})
    assert (call.model, call.max_tokens, call.stream) == ("m", 7, False)
    assert (call.temperature, call.top_p, call.body["top_k"]) == (0.5, 0.9, 40)
    assert (call.stop, call.n, call.seed, call.logprobs) == (("END",), 2, 3, 4)
    assert (call.presence_penalty, call.frequency_penalty) == (0.1, 0.2)
    assert only(call) is None


def test_what_was_asked_is_kept_as_it_came() -> None:
    """For Google itself."""
    asked = body(safetySettings=[{"category": "x"}])
    call = read_generate(Asked(asked, SAID), stream=True)
    assert call.native is not None
    assert (call.native.form, call.native.body, call.stream) == ("gemini", asked, True)


@pytest.mark.parametrize(
    ("members", "place"),
    [
        ({"tools": [{"googleSearch": {}}]}, "tools[0].googleSearch"),
        ({"cachedContent": "c"}, "cachedContent"),
        (
            {"generationConfig": {"responseModalities": ["AUDIO"]}},
            "generationConfig.responseModalities",
        ),
        ({"generationConfig": {"speechConfig": {}}}, "generationConfig.speechConfig"),
        ({"contents": [{"parts": [{"toolCall": {"id": "1"}}]}]}, "contents[0].parts[0]"),
        ({"store": True}, "store"),
        ({"store": False}, None),
        ({"serviceTier": "SERVICE_TIER_FLEX"}, None),
        ({"generationConfig": {"responseModalities": ["TEXT"]}}, None),
    ],
)
def test_what_only_google_understands_is_named(members: Any, place: str | None) -> None:
    """For whoever is asked in its stead."""
    assert only(read(**members)) == place


def test_what_is_counted_may_be_a_whole_request() -> None:
    """Or contents alone."""
    inner = body(systemInstruction={"parts": [{"text": "brief"}]})
    call = read_counted(Asked({"generateContentRequest": inner}, SAID))
    assert [message.role for message in call.messages] == ["system", "user"]
    assert call.native is not None
    assert call.native.body == {"generateContentRequest": inner}
    assert len(read_counted(Asked(body(), SAID)).messages) == 1


@pytest.mark.parametrize(
    ("written", "tier"),
    [
        ("SERVICE_TIER_FLEX", "flex"),
        ("priority", "priority"),
        ("SERVICE_TIER_STANDARD", "default"),
        ("SERVICE_TIER_UNSPECIFIED", None),
        ([], None),
    ],
)
def test_a_tier_is_a_word_of_openais(written: Any, tier: str | None) -> None:
    """As Google's enum has it, and as its SDK writes it."""
    assert read(serviceTier=written).body.get("service_tier") == tier


def test_there_is_no_choice_without_functions() -> None:
    """Clients send its default with every request."""
    choice = {"functionCallingConfig": {"mode": "AUTO"}}
    assert read(toolConfig=choice).tool_choice is None
    assert read(toolConfig=choice, tools=TOOLS).tool_choice == ToolChoice("auto")


@pytest.mark.parametrize(
    ("members", "parameter"),
    [
        ({"contents": []}, "contents"),
        ({"contents": [{"parts": []}]}, "contents[0].parts"),
        ({"contents": [{"parts": [{"text": "x"}]}] * 10_001}, "contents"),
        ({"contents": [{"role": ["user"], "parts": [{"text": "x"}]}]}, "contents[0].role"),
        ({"generationConfig": 5}, "generationConfig"),
        ({"generationConfig": {"temperature": 3}}, "generationConfig.temperature"),
        ({"generationConfig": {"max_output_tokens": "x"}}, "generationConfig.maxOutputTokens"),
        ({"generationConfig": {"candidateCount": 1000}}, "generationConfig.candidateCount"),
        ({"generationConfig": {"logprobs": 3}}, "generationConfig.logprobs"),
        ({"systemInstruction": {"parts": [{}]}}, "systemInstruction.parts[0].text"),
    ],
)
def test_what_is_wrong_is_named(members: Any, parameter: str) -> None:
    """By the name that Google's clients know, in the message too."""
    error = refusal(lambda: read(**members))
    assert (error.status, error.param) == (400, parameter)
    assert f"'{parameter}'" in error.message


FULL: dict[str, Any] = {
    "systemInstruction": {"parts": [{"text": "brief"}]},
    "contents": [
        {"role": "user", "parts": [{"text": "x"}, {"inlineData": {"mimeType": "a/b", "data": ""}}]},
        {"role": "model", "parts": [{"text": "hm", "thought": True}, {"text": "y"}]},
        {
            "role": "model",
            "parts": [{"functionCall": {"name": "f", "args": {"a": 1}}, "thoughtSignature": "s"}],
        },
        {
            "role": "user",
            "parts": [
                {"functionResponse": {"name": "f", "response": {"output": "1"}, "parts": []}},
                {"fileData": {"mimeType": "image/png", "fileUri": "https://x.example/a"}},
            ],
        },
    ],
    "tools": [
        {
            "functionDeclarations": [
                {
                    "name": "f",
                    "description": "d",
                    "parameters": {
                        "type": "OBJECT",
                        "nullable": True,
                        "properties": {"a": {"type": "ARRAY", "items": {"type": "STRING"}}},
                    },
                }
            ]
        }
    ],
    "toolConfig": {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["f"]}},
    "generationConfig": {
        "temperature": 1,
        "maxOutputTokens": 5,
        "stopSequences": ["a"],
        "responseMimeType": "application/json",
        "responseSchema": {"anyOf": [{"type": "STRING"}], "minItems": "1"},
        "responseLogprobs": True,
        "logprobs": 2,
        "responseModalities": ["TEXT"],
        "thinkingConfig": {"thinkingBudget": 5, "thinkingLevel": "HIGH"},
    },
    "serviceTier": "flex",
    "safetySettings": [],
}
VALUES: list[Any] = [None, True, -1, 0.5, "x", "", [], {}, [[]], [{}], [5], {"a": []}]


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place within a request."""
    named = value.items() if isinstance(value, dict) else enumerate(value)
    for name, inner in named:
        yield (*at, name)
        if isinstance(inner, dict | list):
            yield from places(inner, (*at, name))


def changed(place: tuple[Any, ...], value: Any) -> dict[str, Any]:
    """The full request with this value at this place."""
    asked = copy.deepcopy(FULL)
    holder: Any = asked
    for step in place[:-1]:
        holder = holder[step]
    holder[place[-1]] = value
    return asked


@pytest.mark.parametrize("place", [*places(FULL)], ids=lambda place: ".".join(map(str, place)))
def test_whatever_stands_wherever_is_understood_or_named(place: tuple[Any, ...]) -> None:
    """Never a bug of ours, never a name that Google's clients do not know; and what is understood can be told
    to every provider, to Google itself as it came."""
    for asked in (changed(place, value) for value in VALUES):
        call, error = outcome(asked)
        assert error is None or (error.param or "").split(".")[0].split("[")[0] in READ
        if call is None:
            continue
        translated = ChatCall(**{**vars(call), "native": None})
        for kind in ("gemini", "openai", "anthropic"):
            assert msgspec.json.decode(KINDS[kind].dialect.encode(translated, "m").body)
        assert msgspec.json.decode(KINDS["gemini"].dialect.encode(call, "m").body) == asked


def outcome(asked: Any) -> tuple[ChatCall | None, ApiError | None]:
    try:
        return read_generate(Asked(asked, SAID), stream=False), None
    except ApiError as error:
        return None, error
