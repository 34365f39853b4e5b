"""Google's contents as OpenAI's messages; what is wrong is named where it stands."""

from typing import Any

import pytest

from gateway.apis.generate_contents import Contents
from tests.gateway.asked import refusal

PNG = {"inlineData": {"mimeType": "image/png", "data": "AA"}}
SHOWN = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA"}}
CALL = {"functionCall": {"name": "add", "args": {"a": 1}}}


def read(*contents: Any) -> Contents:
    made = Contents()
    made.read(list(contents))
    return made


def user(*parts: Any) -> dict[str, Any]:
    return {"role": "user", "parts": list(parts)}


def model(*parts: Any) -> dict[str, Any]:
    return {"role": "model", "parts": list(parts)}


def response(**members: Any) -> dict[str, Any]:
    return {"functionResponse": {"name": "add", "response": {"result": "2"}, **members}}


def call(call_id: str) -> dict[str, Any]:
    function = {"name": "add", "arguments": '{"a":1}'}
    return {"id": call_id, "type": "function", "function": function}


@pytest.mark.parametrize(
    "given",
    ["be brief", {"parts": [{"text": "be "}, {"text": "brief"}]}, {"parts": {"text": "be brief"}}],
)
def test_instructions_come_first(given: Any) -> None:
    """A text, or a content of texts."""
    made = Contents()
    made.instruct(given, "systemInstruction")
    made.read("x")
    assert made.messages == [
        {"role": "system", "content": "be brief"},
        {"role": "user", "content": "x"},
    ]


def test_text_is_a_string_and_media_are_parts() -> None:
    """A turn without a role is the user's."""
    made = read(
        {"parts": [{"text": "a"}, {"text": "b"}]},
        user(
            {"text": "c"},
            {"inline_data": {"mime_type": "image/png", "data": "AA"}},
            {"inlineData": {"mimeType": "audio/mpeg", "data": "BB"}},
            {"inlineData": {"mimeType": "application/pdf", "data": "CC"}},
            {"fileData": {"mimeType": "image/png", "fileUri": "https://x/y.png"}},
        ),
    )
    pdf = {"filename": "file", "file_data": "data:application/pdf;base64,CC"}
    assert made.messages == [
        {"role": "user", "content": "ab"},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "c"},
                SHOWN,
                {"type": "input_audio", "input_audio": {"data": "BB", "format": "mp3"}},
                {"type": "file", "file": pdf},
                {"type": "image_url", "image_url": {"url": "https://x/y.png"}},
            ],
        },
    ]
    assert made.only is None


def test_calls_without_ids_find_their_responses_by_name_and_order() -> None:
    """Two of one name are told apart by their places."""
    made = read(model(CALL, CALL), user(response(), response(response={"output": "3"}))).messages
    assert made[0] == {
        "role": "assistant",
        "content": "",
        "tool_calls": [call("call_at_0"), call("call_at_1")],
    }
    assert [(each["tool_call_id"], each["content"]) for each in made[1:]] == [
        ("call_at_0", "2"),
        ("call_at_1", "3"),
    ]


def test_calls_with_ids_keep_them() -> None:
    """Whatever the order of the responses; one that belongs to nothing keeps what it says."""
    one, two = ({"functionCall": {"id": n, "name": "add", "args": {"a": 1}}} for n in "ab")
    made = read(
        model(one, two), user(response(id="b"), response(id="a"), response(id="z"))
    ).messages
    assert [each["id"] for each in made[0]["tool_calls"]] == ["a", "b"]
    assert [each["tool_call_id"] for each in made[1:]] == ["b", "a", "z"]
    assert read(user(response())).messages[0]["tool_call_id"] == "call_none"
    own = read(model(CALL), user(response(id="b")))  # the client has made up an id for itself
    assert own.messages[1]["tool_call_id"] == "call_at_0"


def test_ids_that_are_made_up_fit_every_provider() -> None:
    """OpenAI allows forty characters, Anthropic neither points nor colons."""
    made = read(model({"functionCall": {"name": "a.b:c" * 12}})).messages
    assert made[0]["tool_calls"][0]["id"] == "call_at_0"


def test_a_response_is_its_text_or_its_json() -> None:
    """What it shows is the user's to show."""
    shown = response(response={"a": 1, "b": [2]}, parts=[PNG])
    made = read(model(CALL), user(shown, {"text": "go on"})).messages
    assert made[1:] == [
        {"role": "tool", "tool_call_id": "call_at_0", "content": '{"a":1,"b":[2]}'},
        {"role": "user", "content": [SHOWN, {"type": "text", "text": "go on"}]},
    ]
    assert read(user(response(response=None))).messages[0]["content"] == "{}"


def test_thoughts_and_signatures_travel_with_the_turn() -> None:
    """A call's with the call, a text's with the turn."""
    (made,) = read(
        model(
            {"text": "hm", "thought": True},
            {"text": "adding", "thoughtSignature": "t"},
            {**CALL, "thought_signature": "c"},
        )
    ).messages
    assert (made["content"], made["reasoning_content"]) == ("adding", "hm")
    assert made["extra_content"] == {"google": {"thought_signature": "t"}}
    assert made["tool_calls"][0]["extra_content"] == {"google": {"thought_signature": "c"}}


@pytest.mark.parametrize(
    "content",
    [
        user({"executableCode": {"code": "1"}}),
        user({"fileData": {"fileUri": "gs://x", "mimeType": "application/pdf"}}),
        user({"inlineData": {"data": "AA"}}),
        user({**PNG, "videoMetadata": {"fps": 1}}),
        model({"codeExecutionResult": {}}),
    ],
)
def test_what_openais_form_cannot_say_is_noted_by_its_place(content: Any) -> None:
    """It is no error: Google itself understands it."""
    assert read(content).only == "contents[0].parts[0]"


@pytest.mark.parametrize(
    ("contents", "place"),
    [
        (None, "contents"),
        ([], "contents"),
        ([5], "contents"),
        ([{"role": "boss"}], "contents[0].role"),
        ([{"role": ["user"]}], "contents[0].role"),
        ([{"parts": []}], "contents[0].parts"),
        ([{"parts": ["x"]}], "contents[0].parts"),
        ([model({"functionCall": 5})], "contents[0].parts[0].functionCall.args"),
        (
            [model({"functionCall": {"name": "f", "args": 5}})],
            "contents[0].parts[0].functionCall.args",
        ),
        ([model({"functionCall": {"args": {}}})], "contents[0].parts[0].functionCall.name"),
        ([user({"functionResponse": 5})], "contents[0].parts[0].functionResponse"),
        ([user({"functionResponse": {}})], "contents[0].parts[0].functionResponse.name"),
    ],
)
def test_what_is_wrong_is_named_where_it_stands(contents: Any, place: str) -> None:
    """In the client's own words."""
    error = refusal(lambda: Contents().read(contents))
    assert (error.status, error.param) == (400, place)
