"""A request of Google's Gemini API as the call that every upstream can be sent."""

from typing import Any

import pytest

from gateway.apis.api import Asked
from gateway.apis.generate_request import read_counted, read_embed, read_generate
from providers.conversation import ResponseFormat, ToolChoice
from providers.types import ChatCall, EmbedCall
from tests.gateway.asked import refusal

SAID = {"model": "m"}
ADD = {"name": "add", "description": "adds", "parameters": {"type": "OBJECT", "nullable": True}}
TOOLS = [{"functionDeclarations": [ADD, {**ADD, "name": "sub"}]}]


def body(**members: Any) -> dict[str, Any]:
    return {"contents": [{"role": "user", "parts": [{"text": "x"}]}], **members}


def read(**members: Any) -> ChatCall:
    return read_generate(Asked(body(**members), SAID), stream=False)


def choice(**config: Any) -> dict[str, Any]:
    return {"tools": TOOLS, "toolConfig": {"functionCallingConfig": config}}


def embed(**members: Any) -> EmbedCall:
    return read_embed(Asked(members, SAID))


def only(call: ChatCall | EmbedCall) -> str | None:
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


def test_googles_kind_of_schema_becomes_a_json_schema() -> None:
    """Types in small letters; what may be null says so in JSON's way."""
    call = read(tools=TOOLS)
    assert [tool.name for tool in call.tools] == ["add", "sub"]
    assert call.tools[0].parameters == {"type": ["object", "null"]}
    given = {"type": "object"}
    call = read(tools=[{"functionDeclarations": [{"name": "f", "parametersJsonSchema": given}]}])
    assert call.tools[0].parameters == given


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"mode": "AUTO"}, ToolChoice("auto")),
        ({"mode": "NONE"}, ToolChoice("none")),
        ({"mode": "ANY"}, ToolChoice("required")),
        ({"mode": "ANY", "allowedFunctionNames": ["add"]}, ToolChoice("required", "add")),
        (
            {"mode": "ANY", "allowedFunctionNames": ["add", "sub"]},
            ToolChoice("required", allowed=("add", "sub")),
        ),
        ({}, None),
    ],
)
def test_whether_functions_must_be_called(config: Any, expected: ToolChoice | None) -> None:
    """And which of them."""
    assert read(**choice(**config)).tool_choice == expected


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({}, None),
        ({"responseMimeType": "text/plain"}, None),
        ({"responseMimeType": "application/json"}, ResponseFormat()),
        ({"responseSchema": {"type": "OBJECT"}}, ResponseFormat({"type": "object"}, "answer")),
        ({"responseJsonSchema": {"type": "object"}}, ResponseFormat({"type": "object"}, "answer")),
    ],
)
def test_the_answer_may_have_to_be_json(config: Any, expected: ResponseFormat | None) -> None:
    """Of any kind, or by a schema."""
    assert read(generationConfig=config).response_format == expected


@pytest.mark.parametrize(
    ("thinking", "effort"),
    [
        ({"thinkingBudget": -1}, None),
        ({"thinkingBudget": 0}, "none"),
        ({"thinkingBudget": 1024}, "low"),
        ({"thinking_budget": 8192}, "medium"),
        ({"thinkingBudget": 20000}, "high"),
        ({"thinkingLevel": "HIGH"}, "high"),
        ({"includeThoughts": True}, None),
    ],
)
def test_how_long_to_think_is_a_word(thinking: Any, effort: str | None) -> None:
    """Whether it was a budget or a level before."""
    assert read(generationConfig={"thinkingConfig": thinking}).effort == effort


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
        ({"generationConfig": {"responseModalities": ["TEXT"]}}, None),
    ],
)
def test_what_only_google_understands_is_named(members: Any, place: str | None) -> None:
    """For whoever is asked in its stead."""
    assert only(read(**members)) == place


def test_a_text_is_embedded_alone_or_in_a_batch() -> None:
    """With the size that is wished for."""
    one = embed(content={"parts": [{"text": "a"}, {"text": "b"}]}, outputDimensionality=3)
    assert (one.inputs, one.dimensions, only(one)) == (("ab",), 3, None)
    request = {"model": "models/m", "content": {"parts": [{"text": "a"}]}}
    two = embed(requests=[request, request])
    assert (two.inputs, two.dimensions) == (("a", "a"), None)


@pytest.mark.parametrize(
    ("request_", "place"),
    [
        ({"taskType": "RETRIEVAL_QUERY"}, "taskType"),
        ({"title": "t"}, "title"),
        ({"outputDimensionality": 5}, "outputDimensionality"),
    ],
)
def test_what_only_googles_embeddings_know_is_named(request_: Any, place: str) -> None:
    """Tasks, titles, and texts of one batch in several sizes."""
    content = {"parts": [{"text": "a"}]}
    call = embed(requests=[{"content": content}, {"content": content, **request_}])
    assert only(call) == place


def test_what_is_counted_may_be_a_whole_request() -> None:
    """Or contents alone."""
    inner = body(systemInstruction={"parts": [{"text": "brief"}]})
    call = read_counted(Asked({"generateContentRequest": inner}, SAID))
    assert [message.role for message in call.messages] == ["system", "user"]
    assert call.native is not None
    assert call.native.body == {"generateContentRequest": inner}
    assert len(read_counted(Asked(body(), SAID)).messages) == 1


@pytest.mark.parametrize(
    ("members", "parameter"),
    [
        ({"generationConfig": 5}, "generationConfig"),
        ({"generationConfig": {"temperature": 3}}, "generationConfig.temperature"),
        ({"generationConfig": {"max_output_tokens": "x"}}, "generationConfig.maxOutputTokens"),
        ({"generationConfig": {"candidateCount": 1000}}, "generationConfig.candidateCount"),
        ({"generationConfig": {"responseSchema": []}}, "generationConfig.responseSchema"),
        ({"generationConfig": {"thinkingConfig": 5}}, "thinkingConfig"),
        ({"tools": 5}, "tools"),
        ({"tools": [{"functionDeclarations": [{}]}]}, "tools[0].functionDeclarations[0].name"),
        (choice(mode="SOME"), "toolConfig.functionCallingConfig.mode"),
        ({"systemInstruction": {"parts": [{}]}}, "systemInstruction.parts[0].text"),
    ],
)
def test_what_is_wrong_is_named(members: Any, parameter: str) -> None:
    """By the name that Google's clients know."""
    error = refusal(lambda: read(**members))
    assert (error.status, error.param) == (400, parameter)
    assert parameter in error.message


@pytest.mark.parametrize(
    ("members", "parameter"),
    [
        ({}, "content"),
        ({"content": 5}, "content"),
        ({"content": {"parts": [{}]}}, "content.parts[0].text"),
        ({"requests": 5}, "requests"),
        ({"requests": [{}]}, "requests[0].content"),
    ],
)
def test_what_is_wrong_with_texts_to_embed_is_named(members: Any, parameter: str) -> None:
    """Each in its place."""
    assert refusal(lambda: embed(**members)).param == parameter
