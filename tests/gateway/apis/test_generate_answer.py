"""Events as answers of Google's, whole and streamed."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from gateway.apis.generate_answer import Elements, ResponseWriter, response_body
from gateway.whole import Heading
from providers.types import Event, Finished, Started, TextDelta, ToolDelta, Usage, UsageSeen

HEADING = Heading("1", 5, "m")
USAGE = Usage(prompt=9, completion=2, total=11)
BATCHES: tuple[Sequence[Event], ...] = (
    [Started()],
    [TextDelta("Bir"), UsageSeen(Usage(prompt=9, total=9))],
    [TextDelta(" gün"), ToolDelta(0, "{}", id="c", name="f")],
    [Finished("tool_calls")],
)


def pieces(*, array: bool = False) -> list[Any]:
    """The stream's responses, each written as its batch came, and then the end."""
    writer = ResponseWriter(HEADING, array)
    frames = [*(writer.write(batch) for batch in BATCHES), writer.end(USAGE)]
    if array:
        made: list[Any] = json.loads(b"".join(frames))
        return made
    events = b"".join(frames).split(b"\r\n\r\n")
    assert events.pop() == b""
    return [json.loads(event.removeprefix(b"data: ")) for event in events]


def test_a_whole_answer_is_its_events_joined() -> None:
    """The documented shape."""
    said = [TextDelta("Mer"), TextDelta("haba"), Finished("stop")]
    assert response_body(HEADING, said, USAGE) == {
        "candidates": [
            {
                "content": {"parts": [{"text": "Merhaba"}], "role": "model"},
                "index": 0,
                "finishReason": "STOP",
            }
        ],
        "usageMetadata": {
            "promptTokenCount": 9,
            "candidatesTokenCount": 2,
            "totalTokenCount": 11,
        },
        "modelVersion": "m",
        "responseId": "1",
    }


def test_every_piece_of_a_stream_is_a_response_with_what_is_new() -> None:
    """What says nothing makes no piece; the last has the calls, the reason and all usage."""
    first, second, last = pieces()
    assert first["candidates"][0]["content"]["parts"] == [{"text": "Bir"}]
    assert first["usageMetadata"]["promptTokenCount"] == 9
    assert second["candidates"][0]["content"]["parts"] == [{"text": " gün"}]
    assert "finishReason" not in second["candidates"][0]
    (call,) = last["candidates"][0]["content"]["parts"]
    assert call == {"functionCall": {"id": "c", "name": "f", "args": {}}}
    assert last["candidates"][0]["finishReason"] == "STOP"
    assert last["usageMetadata"]["totalTokenCount"] == 11


def test_an_array_is_json_and_begins_at_once() -> None:
    """So that an error can follow as an element, whenever it comes."""
    made = pieces(array=True)
    assert made[0] == {"modelVersion": "m", "responseId": "1"}
    assert made[1:] == pieces()
    assert ResponseWriter(HEADING, array=True).write([Started()]).startswith(b"[{")


@pytest.mark.parametrize("array", [True, False])
def test_an_answer_without_a_word_still_ends(array: bool) -> None:
    """With its usage."""
    writer = ResponseWriter(HEADING, array)
    data = writer.end(USAGE)
    text = data if array else data.removeprefix(b"data: ")
    made = json.loads(text)
    assert (made[0] if array else made)["usageMetadata"]["totalTokenCount"] == 11


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_googles_own_events_are_elements_letter_by_letter(end: bytes) -> None:
    """However they are written, several at once, the last without its blank line; comments are none."""
    elements = Elements()
    one, two = b'{"a": 1.0,  "\xc3\xbc": []}', b'{"b": {}}'
    data = elements.put(b"data: " + one + 2 * end + b": ping" + 2 * end + b"data: " + two + 2 * end)
    data += elements.put(b": ping" + 2 * end) + elements.put(b"data: " + one) + elements.end()
    assert data == b"[" + b",\r\n".join([one, two, one]) + b"]"
