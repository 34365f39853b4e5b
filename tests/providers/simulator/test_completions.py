"""Completions of simulated models, as OpenAI's own are."""

import json

import pytest

from providers.simulator.completions import Completions
from providers.simulator.dialect import Chat, Target, Told
from providers.simulator.prose import Passage
from providers.simulator.requests import Request

TOLD = Told(b"1", (Passage(0, 3), Passage(5, 3)), cut=True)
SIDE = Completions()


def read(**body: object) -> Chat:
    data = json.dumps({"model": "m", **body}).encode()
    request = Request(b"POST", "/v1/completions", "", {}, data)
    chat = SIDE.read(Target("chat"), request)
    assert isinstance(chat, Chat)
    return chat


@pytest.mark.parametrize(
    ("prompt", "choices"), [("a", 1), (["a", "b"], 2), ([1, 2], 2), ([[1, 2], [3]], 2)]
)
def test_each_prompt_is_answered(prompt: object, choices: int) -> None:
    """As often as wished for."""
    assert read(prompt=prompt).choices == choices
    assert read(prompt=prompt, n=3).choices == 3 * choices


@pytest.mark.parametrize("include", [True, False])
def test_the_chunks_say_what_the_whole_says(include: bool) -> None:
    """And the usage where it is asked for."""
    chat = read(prompt="a", stream=True, stream_options={"include_usage": include})
    streamed = SIDE.streamed(chat, TOLD)
    data = streamed.opening + b"".join(streamed.words) + streamed.closing
    *chunks, done, rest = data.split(b"\n\n")
    texts = ["", ""]
    last = {}
    for chunk in (json.loads(each.removeprefix(b"data: ")) for each in chunks):
        last = chunk
        for choice in chunk["choices"]:
            texts[choice["index"]] += choice["text"]
    whole = json.loads(SIDE.whole(chat, TOLD).body)
    assert (done, rest) == (b"data: [DONE]", b"")
    assert texts == [choice["text"] for choice in whole["choices"]]
    assert [choice["finish_reason"] for choice in whole["choices"]] == ["length", "length"]
    assert last.get("usage") == (whole["usage"] if include else None)
