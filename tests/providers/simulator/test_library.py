"""Which recording answers which request."""

import json
from pathlib import Path
from typing import Any

import pytest

from providers.simulator.library import Library, NotRecorded
from providers.simulator.requests import Request
from tests.providers.simulator.recorded import asked, library, write

PATH = "/v1/chat/completions"


def find(found: Library, path: str, body: Any = None, **headers: str) -> str:
    """The name of the recording that answers."""
    bare, _, query = path.partition("?")
    raw = b"" if body is None else json.dumps(body).encode()
    told = {name.replace("_", "-").encode(): value.encode() for name, value in headers.items()}
    return found.find(found.question(Request(b"POST", bare, query, told, raw))).name


def test_the_same_request_has_its_own_answer(tmp_path: Path):
    """However its JSON is written and whatever stands before its path."""
    write(tmp_path, "groq/chat/cold", "/openai/v1/chat/completions", asked(temperature=0))
    write(tmp_path, "groq/chat/warm", "/openai/v1/chat/completions", asked(temperature=0.5))
    found = library(tmp_path)
    for path in ("/groq/openai/v1/chat/completions", "/chat/completions", PATH):
        for name, temperature in (("cold", 0.0), ("warm", 0.5)):
            body = {**asked(temperature=temperature), "stream_options": {}, "n": 1}
            assert find(found, path, body) == f"groq/chat/{name}"


def test_else_the_gist_decides_and_then_likeness(tmp_path: Path):
    """A client of another make sends more or less than the recorded one."""
    tools = [{"type": "function"}]
    write(tmp_path, "a/chat/1-plain", PATH, asked(max_tokens=7))
    write(tmp_path, "a/chat/2-tools", PATH, asked(tools=tools))
    write(tmp_path, "a/chat/3-stream", PATH, asked(stream=True))
    write(tmp_path, "a/chat/4-other", PATH, asked(text="Selam"))
    found = library(tmp_path)
    assert find(found, PATH, asked(seed=1, max_tokens=9)) == "a/chat/1-plain"
    assert find(found, PATH, asked(seed=1, tools=tools)) == "a/chat/2-tools"
    assert find(found, PATH, asked(seed=1, tools=[{}])) == "a/chat/2-tools"
    assert find(found, PATH, asked(seed=1, stream=True)) == "a/chat/3-stream"
    assert find(found, PATH, asked(seed=1, text="Selam")) == "a/chat/4-other"


def test_a_conversation_goes_on(tmp_path: Path):
    """The same last text, but results have come: another answer, or none, but not the first again."""
    turns = asked()["messages"]
    call = {"role": "assistant", "tool_calls": []}
    result = {"role": "tool", "content": "x"}
    write(tmp_path, "a/chat/1", PATH, asked())
    write(tmp_path, "a/chat/2", PATH, {"model": "m", "messages": [*turns, call, result]})
    found = library(tmp_path)
    again = {"model": "m", "messages": [*turns, call, {**result, "content": "y"}], "seed": 1}
    assert find(found, PATH, asked()) == "a/chat/1"
    assert find(found, PATH, again) == "a/chat/2"
    with pytest.raises(NotRecorded, match=r"a/chat/2 \(other results"):
        find(found, PATH, {"model": "m", "messages": [*again["messages"], call, result]})


def test_of_equal_ones_the_very_path_and_then_the_first_name_counts(tmp_path: Path):
    """So that the same question always has the same answer."""
    write(tmp_path, "a/chat/1", "/v1/chat/completions", asked())
    write(tmp_path, "b/chat/1", "/openai/v1/chat/completions", asked())
    write(tmp_path, "b/chat/2", "/openai/v1/chat/completions", asked())
    found = library(tmp_path)
    assert find(found, "/v1/chat/completions", asked()) == "a/chat/1"
    assert find(found, "/openai/v1/chat/completions", asked()) == "b/chat/1"
    assert find(found, "/chat/completions", asked()) == "a/chat/1"


def test_a_provider_can_be_asked_by_name(tmp_path: Path):
    """Then nobody else answers; a path that merely begins with such a name goes on as it was recorded."""
    write(tmp_path, "openai/chat/1", "/v1/chat/completions", asked())
    write(tmp_path, "groq/chat/1", "/openai/v1/chat/completions", asked())
    write(tmp_path, "azure/chat/1", "/openai/deployments/m/chat/completions", asked("x"))
    write(tmp_path, "mistral/chat/1", "/v1/chat/completions", asked("y"))
    found = library(tmp_path)
    assert find(found, "/groq/openai/v1/chat/completions", asked()) == "groq/chat/1"
    assert find(found, "/groq/chat/completions", asked()) == "groq/chat/1"
    assert find(found, "/openai/v1/chat/completions", asked()) == "groq/chat/1"
    assert find(found, "/openai/chat/completions", asked(seed=1)) == "groq/chat/1"
    assert find(found, "/azure/openai/deployments/m/chat/completions", asked("z")) == "azure/chat/1"
    assert find(found, "/openai/deployments/m/chat/completions", asked("z")) == "azure/chat/1"
    with pytest.raises(
        NotRecorded, match="None of 3 recordings of POST chat/completions by openai"
    ):
        find(found, "/openai/v1/chat/completions", asked("y"))


def test_a_model_in_the_path_counts(tmp_path: Path):
    """Google's, Amazon's and Azure's requests say it nowhere else."""
    body = {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]}
    for name in ("one", "two"):
        write(tmp_path, f"gemini/g/{name}", f"/v1beta/models/{name}:generateContent", body)
        write(tmp_path, f"bedrock/c/{name}", f"/model/{name}%3A0/converse", body)
    found = library(tmp_path)
    for name in ("one", "two"):
        google, amazon = f"/v1beta/models/{name}:generateContent", f"/model/{name}:0/converse"
        assert find(found, google, body) == f"gemini/g/{name}"
        assert find(found, google, {**body, "tools": []}) == f"gemini/g/{name}"
        assert find(found, f"/bedrock{amazon}", body) == f"bedrock/c/{name}"


@pytest.mark.parametrize(
    ("path", "body", "headers"),
    [
        ("/any/path", None, {"x_replay": "a/b/quoted"}),
        ("/any/path?x=1&replay=a/b/quoted", None, {}),
        ("/any/path?replay=a%2Fb%2Fquoted", None, {}),
        (PATH, asked("replay/a/b/quoted"), {}),
        ("/b/v1/chat/completions", asked("replay/a/b/quoted"), {}),
        ("/v1beta/models/replay%2Fa%2Fb%2Fquoted:generateContent", {}, {}),
        ("/model/replay/a/b/quoted/converse", {}, {}),
        (PATH, asked("m"), {"x_replay": "replay/a/b/quoted"}),
    ],
    ids=str,
)
def test_any_recording_can_be_asked_for_by_name(
    tmp_path: Path, path: str, body: Any, headers: dict[str, str]
):
    """Of some nobody knows what was asked: a name is all they have."""
    write(tmp_path, "a/b/quoted")
    write(tmp_path, "a/b/other", PATH, asked("m"))
    assert find(library(tmp_path), path, body, **headers) == "a/b/quoted"


def test_what_is_no_json_is_the_same_if_its_bytes_are(tmp_path: Path):
    """Else one form is as good as another: of what was in it, nothing is known."""
    for name in ("one", "two"):
        write(tmp_path, f"a/audio/{name}", "/v1/audio/transcriptions", f"(form {name}, dropped)")
    found = library(tmp_path)
    for raw, name in ((b"(form two, dropped)", "two"), (b"--x\r\n", "one")):
        request = Request(b"POST", "/v1/audio/transcriptions", body=raw)
        assert found.find(found.question(request)).name == f"a/audio/{name}"


def test_who_finds_nothing_is_told_what_there_is(tmp_path: Path):
    """How many there are, which are nearest, and in what they differ; at most three."""
    for number in range(5):
        write(tmp_path, f"a/chat/{number}", PATH, asked(text=f"What is {number}?"))
    write(tmp_path, "b/chat/1", PATH, asked(text="What is 8?"))
    found = library(tmp_path)
    with pytest.raises(NotRecorded) as nothing:
        find(found, "/a/v1/chat/completions", asked("n", "What is 3?"))
    said = str(nothing.value)
    assert "None of 5 recordings of POST chat/completions by a answers" in said
    assert "nearest: a/chat/3 (other model), " in said
    assert said.count("a/chat/") == 3
    assert "b/chat" not in said
    with pytest.raises(
        NotRecorded, match="None of 0 recordings of POST nothing answers; nearest: none"
    ):
        find(found, "/nothing/v9/nothing/", None)
    with pytest.raises(NotRecorded, match="no recording 'a/chat/7'; nearest: a/chat/"):
        find(found, "/?replay=a/chat/7")


def test_models_are_those_of_the_recordings_and_their_names(tmp_path: Path):
    """A provider's own, or everybody's."""
    write(tmp_path, "a/chat/1", PATH, asked("m"))
    write(tmp_path, "a/chat/2", PATH, asked("l"))
    write(tmp_path, "ab/chat/3", "/v1beta/models/g:generateContent", {})
    write(tmp_path, "ab/chat/4")
    found = library(tmp_path)
    assert found.models("a") == ["l", "m", "replay/a/chat/1", "replay/a/chat/2"]
    assert found.models("ab") == ["g", "replay/ab/chat/3", "replay/ab/chat/4"]
    assert len(found.models("")) == 7
