"""Recordings, read from files."""

import base64
import json
from pathlib import Path

import pytest

from providers.simulator.recordings import BadRecording, Frame, load
from tests.providers.simulator.recorded import write


def test_an_exchange_is_what_was_asked_and_answered(tmp_path: Path):
    """Named by its place; headers of the way are not the answer's."""
    headers = {"Content-Type": "application/json", "X-Id": "1", "Transfer-Encoding": "chunked"}
    write(tmp_path, "groq/chat/one", "/v1/x?a=1", {"n": 1}, status=429, response_headers=headers)
    [recording] = load(tmp_path).exchanges.values()
    assert (recording.name, recording.provider) == ("groq/chat/one", "groq")
    assert (recording.method, recording.path, recording.asked) == ("POST", "/v1/x?a=1", {"n": 1})
    assert recording.headers == (("content-type", "application/json"), ("x-id", "1"))
    assert (recording.status, recording.body) == (429, b'{"from": "groq/chat/one"}')


def test_bytes_that_are_no_text_are_told_in_base64(tmp_path: Path):
    """As Amazon's streams and sound are."""
    encoded = base64.b64encode(b"\x00\xff").decode()
    write(tmp_path, "a/b/c", response_body_base64=encoded, response_body=None)
    assert load(tmp_path).exchanges["a/b/c"].body == b"\x00\xff"


@pytest.mark.parametrize(
    ("headers", "answer", "content_type"),
    [
        (None, "{}", "application/json"),
        ({}, "data: 1\n\n", "text/event-stream"),
        ({}, "event: a\n\n", "text/event-stream"),
        ({"Content-Type": "text/plain"}, "data: 1\n\n", "text/plain"),
    ],
)
def test_a_type_that_was_not_recorded_is_seen(tmp_path: Path, headers, answer, content_type):
    """By how the body begins."""
    write(tmp_path, "a/b/c", response_headers=headers, answer=answer)
    assert load(tmp_path).exchanges["a/b/c"].content_type == content_type


def test_a_session_is_its_frames(tmp_path: Path):
    """Messages both ways, and a close that has no direction; it is no exchange."""
    frames = [
        {"kind": "message", "direction": "received", "data": {"type": "session.created"}},
        {"kind": "message", "direction": "sent", "data": {"type": "response.create"}},
        {"kind": "close", "code": 1000, "reason": "done", "ok": None},
    ]
    write(tmp_path, "openai/realtime-ws/one", kind="websocket", frames=frames)
    corpus = load(tmp_path)
    assert corpus.exchanges == {}
    assert corpus.sessions["openai/realtime-ws/one"].frames == (
        Frame("message", "received", {"type": "session.created"}),
        Frame("message", "sent", {"type": "response.create"}),
        Frame("close", code=1000, reason="done"),
    )


def test_they_come_in_order(tmp_path: Path):
    """By name, whatever the file system says; what lies elsewhere is none of them."""
    for name in ("b/x/2", "b/x/10", "a/z/1"):
        write(tmp_path, name)
    (tmp_path / "SOURCES.json").write_text("?")
    corpus = load(tmp_path)
    assert [*corpus.exchanges] == ["a/z/1", "b/x/10", "b/x/2"]
    assert corpus.providers == ["a", "b"]


@pytest.mark.parametrize(
    "more",
    [
        {"kind": 1},
        {"status": 42},
        {"status": "200"},
        {"response_headers": {"x": "a\r\nb: c"}},
        {"response_headers": {"x": "ğ"}},
        {"response_body_base64": "?"},
        {"kind": "websocket", "frames": [{"kind": "wave"}]},
    ],
    ids=str,
)
def test_a_file_that_is_no_recording_is_named(tmp_path: Path, more):
    """One bad file is not left out in silence."""
    write(tmp_path, "a/b/good")
    write(tmp_path, "a/b/bad", **more)
    with pytest.raises(BadRecording, match=r"bad\.json"):
        load(tmp_path)


@pytest.mark.parametrize("text", ["", "[]", "{", "\ud800"])
def test_what_is_no_json_is_named_too(tmp_path: Path, text: str):
    """Whatever it is instead."""
    write(tmp_path, "a/b/bad")
    (tmp_path / "a/b/bad.json").write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(BadRecording, match=r"bad\.json"):
        load(tmp_path)


def test_an_empty_folder_is_a_mistake(tmp_path: Path):
    """So is one that does not exist: nothing would ever be answered."""
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(BadRecording, match="no recording"):
            load(folder)


def test_all_that_was_recorded_can_be_read(shared: Path):
    """The corpus beside the project: every file of it is an exchange or a session."""
    corpus = load(shared / "wire")
    files = {
        "/".join((*file.parts[-3:-1], file.stem)) for file in (shared / "wire").glob("*/*/*.json")
    }
    assert corpus.exchanges.keys() | corpus.sessions.keys() == files
    for name, session in corpus.sessions.items():
        told = json.loads((shared / "wire" / f"{name}.json").read_bytes())["frames"]
        assert [frame.data for frame in session.frames] == [frame.get("data") for frame in told]
