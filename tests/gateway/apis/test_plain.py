"""Moderations, images, sound and ranks as APIs among others."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.apis.api import Asked
from gateway.apis.plain import PLAIN, USUAL
from gateway.hedgeable import unhedgeable
from gateway.tokens import prompt_tokens
from gateway.whole import Heading
from providers.errors import BrokenAnswer
from providers.multipart import Part, write_form
from providers.types import PlainCall, Usage
from tests.gateway.asked import refusal
from tests.gateway.running import running

FORM = {"content-type": "multipart/form-data; boundary=xyz"}
SOUND = Part("file", b"RIFF", "a.wav", "audio/wav")


def read(path: str, raw: bytes, headers: Mapping[str, str] | None = None) -> PlainCall:
    call = PLAIN[path].read(Asked({}, headers=headers or {}, raw=raw))
    assert isinstance(call, PlainCall)
    return call


def form(*parts: Part) -> bytes:
    return write_form(parts, "xyz")


def field(name: str, value: str) -> Part:
    return Part(name, value.encode())


@pytest.mark.parametrize(
    ("path", "raw", "model"),
    [
        ("/moderations", b'{"input":"a"}', USUAL["moderations"]),
        ("/moderations", b'{"input":"a","model":"m"}', "m"),
        ("/images/generations", b'{"prompt":"a"}', USUAL["images"]),
        ("/images/edits", b'{"prompt":"a","model":"m"}', "m"),
        ("/audio/speech", b'{"input":"a","voice":"v","model":"m"}', "m"),
        ("/rerank", b'{"query":"a","documents":["b"],"model":"m"}', "m"),
    ],
)
def test_a_request_is_read_no_further_than_its_model(path: str, raw: bytes, model: str) -> None:
    """Where OpenAI needs none, its own usual one is meant."""
    call = read(path, raw)
    assert (call.path, call.model, call.stream) == (path, model, False)
    assert PLAIN[path].name == call.operation


@pytest.mark.parametrize(
    ("wish", "kind"), [("", "audio/mpeg"), ("wav", "audio/wav"), ("opus", "audio/ogg")]
)
def test_speech_says_what_kind_of_sound_it_is(wish: str, kind: str) -> None:
    """By the format that was asked for."""
    raw = b'{"input":"a","voice":"v","model":"m","response_format":"%b"}' % wish.encode()
    assert read("/audio/speech", raw).answers == kind


def test_a_form_is_read_by_its_fields() -> None:
    """Its files are sent on as they are."""
    parts = (field("model", "m"), field("response_format", "srt"), field("stream", "true"), SOUND)
    call = read("/audio/transcriptions", form(*parts), FORM)
    assert (call.model, call.parts, call.stream) == ("m", parts, True)
    assert call.answers.startswith("text/plain")
    edit = read("/images/edits", form(field("prompt", "a"), Part("image[]", b"x", "x.png")), FORM)
    assert edit.model == USUAL["images"]
    assert edit.parts[-1] == field("model", USUAL["images"])


@pytest.mark.parametrize(
    ("path", "raw", "headers", "parameter"),
    [
        ("/moderations", b'{"model":"m"}', {}, "input"),
        ("/images/generations", b'{"prompt":""}', {}, "prompt"),
        ("/audio/speech", b'{"model":"m","input":"a"}', {}, "voice"),
        ("/audio/speech", b'{"voice":"v","input":"a"}', {}, "model"),
        (
            "/audio/speech",
            b'{"model":"m","voice":"v","input":"a","response_format":"midi"}',
            {},
            "response_format",
        ),
        ("/rerank", b'{"model":"m","query":"a"}', {}, "documents"),
        ("/audio/transcriptions", b"{}", {}, "file"),
        ("/audio/transcriptions", form(field("model", "m")), FORM, "file"),
        ("/audio/transcriptions", form(SOUND), FORM, "model"),
        ("/audio/transcriptions", b"nonsense", FORM, None),
        ("/moderations", form(SOUND), FORM, None),
        ("/moderations", b"{", {}, None),
    ],
)
def test_what_is_wrong_is_named(
    path: str, raw: bytes, headers: Mapping[str, str], parameter: str | None
) -> None:
    """A 400, never a traceback."""
    error = refusal(lambda: read(path, raw, headers))
    assert (error.status, error.param) == (400, parameter)


def test_what_is_dear_is_not_asked_for_twice() -> None:
    """Judging and ranking may be hedged."""
    speech = read("/audio/speech", b'{"input":"a","voice":"v","model":"m"}')
    assert unhedgeable(speech) == "speech"
    assert unhedgeable(read("/moderations", b'{"input":"a"}')) is None
    assert unhedgeable(read("/rerank", b'{"query":"a","documents":["b"],"model":"m"}')) is None


def test_what_is_asked_is_counted_by_its_text() -> None:
    """All of it."""
    one = read("/rerank", b'{"query":"abcd","documents":["abcd","abcd"],"model":"m"}')
    assert prompt_tokens(one) == 3


def test_nothing_is_made_up_where_nothing_came() -> None:
    """An answer without bytes is none."""
    api = PLAIN["/moderations"]
    call = read("/moderations", b'{"input":"a"}')
    with pytest.raises(BrokenAnswer):
        api.whole(call, Heading("1", 5, "m"), [], Usage())
    assert api.stream is not None
    writer = api.stream(call, Heading("1", 5, "m"))
    assert writer.write([]) + writer.end(Usage()) == b""


async def test_test_mode_answers_all_of_them_and_providers_without_them_say_so(
    tmp_path: Path,
) -> None:
    """The simulator's Gemini has none of these; test mode has all."""
    asked: dict[str, Any] = {
        "/moderations": {"input": "a"},
        "/images/generations": {"prompt": "a"},
        "/audio/speech": {"input": "a", "voice": "v"},
        "/rerank": {"query": "a", "documents": ["a"]},
    }
    async with running(tmp_path) as gateway:
        test, live = gateway.auth(gateway.test_key), gateway.auth()
        for path, body in asked.items():
            ask = {**body, "model": "gemini-2.0-flash"}
            made = await gateway.http.post(f"/v1{path}", json=ask, headers=test)
            none = await gateway.http.post(f"/v1{path}", json=ask, headers=live)
            assert made.status_code == 200, made.text
            assert none.status_code == 400
            assert PLAIN[path].name in none.json()["error"]["message"]
        heard = await _transcribe(gateway.http, test)
        streamed = await _transcribe(gateway.http, test, stream="true")
        metrics = await gateway.http.get("/metrics")

    assert heard.json()["text"]
    assert streamed.headers["content-type"].startswith("text/event-stream")
    assert streamed.text.endswith("data: [DONE]\n\n")
    assert 'operation="rerank"' in metrics.text


@pytest.mark.parametrize(
    ("path", "body", "kind"),
    [
        (
            "/audio/speech",
            {"input": "a", "voice": "v", "stream_format": "sse"},
            "text/event-stream",
        ),
        ("/images/generations", {"prompt": "a", "stream": True}, "text/event-stream"),
        ("/moderations", {"input": "a", "stream": True}, "application/json"),
    ],
)
async def test_test_mode_streams_what_can_be_streamed(
    tmp_path: Path, path: str, body: dict[str, Any], kind: str
) -> None:
    """What cannot is whole, and says so."""
    async with running(tmp_path) as gateway:
        ask = {"model": "gpt-4o-mini", **body}
        auth = gateway.auth(gateway.test_key)
        answer = await gateway.http.post(f"/v1{path}", json=ask, headers=auth)
        url = await gateway.http.post(
            "/v1/images/generations",
            json={"model": "gpt-4o-mini", "prompt": "a", "response_format": "url"},
            headers=auth,
        )
    assert answer.headers["content-type"].split(";")[0] == kind
    assert answer.content.endswith(b"data: [DONE]\n\n") == (kind == "text/event-stream")
    assert (url.status_code, url.json()["error"]["param"]) == (400, "response_format")


async def _transcribe(http: httpx.AsyncClient, auth: dict[str, str], **more: str) -> httpx.Response:
    files = {"file": ("a.wav", b"RIFF", "audio/wav")}
    data = {"model": "gemini-2.0-flash", **more}
    return await http.post("/v1/audio/transcriptions", data=data, files=files, headers=auth)
