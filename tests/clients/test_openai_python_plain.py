"""The official Python SDK through a gateway to an upstream on loopback: it is given what the upstream made."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import openai
import pytest

from tests.gateway_process import gateway

SOUND = b"ID3" + bytes(range(256)) * 400
DELTAS = (
    b'data: {"type":"transcript.text.delta","delta":"Mer"}\n\n'
    b'data: {"type":"transcript.text.delta","delta":"haba"}\n\n'
    b'data: {"type":"transcript.text.done","text":"Merhaba"}\n\ndata: [DONE]\n\n'
)
CHUNKS = (
    b'data: {"id":"c","object":"text_completion","created":1,"model":"m",'
    b'"choices":[{"text":"Bir","index":0,"finish_reason":"stop"}]}\n\n'
    b'data: {"id":"c","object":"text_completion","created":1,"model":"m","choices":[],'
    b'"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}\n\ndata: [DONE]\n\n'
)
VERDICT = (
    b'{"id":"modr-1","model":"m","results":[{"flagged":true,"categories":{},"category_scores":{}}]}'
)
JSON, EVENTS = "application/json", "text/event-stream"
ANSWERS = {
    "/moderations": (JSON, VERDICT),
    "/images/generations": (JSON, b'{"created":1,"data":[{"b64_json":"QUJD"}]}'),
    "/images/edits": (JSON, b'{"created":1,"data":[{"b64_json":"REVG"}]}'),
    "/audio/speech": ("audio/mpeg", SOUND),
    "/audio/transcriptions": (JSON, b'{"text":"Merhaba","usage":{"type":"duration","seconds":2}}'),
    "/audio/translations": (JSON, b'{"text":"Hello"}'),
    "/completions": (JSON, CHUNKS),
}


class Upstream(BaseHTTPRequestHandler):
    """Answers by path; by an event stream where the body asks for one."""

    def do_GET(self) -> None:
        self._say(JSON, b'{"object":"list","data":[{"id":"m","object":"model"}]}')

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        kind, answer = ANSWERS[self.path]
        if self.path == "/audio/transcriptions" and b'name="stream"' in body:
            kind, answer = EVENTS, DELTAS
        if self.path == "/completions":
            kind = EVENTS
        self._say(kind, answer)

    def _say(self, kind: str, body: bytes) -> None:
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture(scope="module")
def sdk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[openai.OpenAI]:
    """The SDK, its gateway, and the gateway's upstream."""
    home = tmp_path_factory.mktemp("plain")
    with ThreadingHTTPServer(("127.0.0.1", 0), Upstream) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        config = home / "hedgerow.toml"
        url = f"http://127.0.0.1:{server.server_address[1]}"
        config.write_text(
            f'[providers.up]\nkind = "openai"\nbase_url = "{url}"\nkeys = ["sk-one"]\n'
        )
        try:
            with gateway("--config", str(config), home=home) as running:
                base = f"{running.base_url}/v1"
                with openai.OpenAI(base_url=base, api_key=running.live_key, max_retries=0) as made:
                    yield made
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    """A file to be heard."""
    file = tmp_path / "a.mp3"
    file.write_bytes(SOUND)
    return file


def test_a_verdict_comes_back(sdk: openai.OpenAI) -> None:
    """The upstream's, not test mode's."""
    assert sdk.moderations.create(model="m", input="a").results[0].flagged is True


def test_images_come_back(sdk: openai.OpenAI) -> None:
    """Made anew, and from a file."""
    new = sdk.images.generate(model="m", prompt="a cat")
    edited = sdk.images.edit(model="m", prompt="greener", image=("a.png", b"\x89PNG", "image/png"))
    assert [image.data and image.data[0].b64_json for image in (new, edited)] == ["QUJD", "REVG"]


def test_speech_comes_back_whole_and_in_pieces(sdk: openai.OpenAI) -> None:
    """To the byte, with its type."""
    whole = sdk.audio.speech.create(model="m", voice="alloy", input="Merhaba")
    assert whole.content == SOUND
    assert whole.response.headers["content-type"] == "audio/mpeg"
    speech = sdk.audio.speech.with_streaming_response
    with speech.create(model="m", voice="alloy", input="Merhaba") as streamed:
        assert b"".join(streamed.iter_bytes()) == SOUND


def test_a_file_is_heard(sdk: openai.OpenAI, sound: Path) -> None:
    """Whole, piece by piece, and in English."""
    with sound.open("rb") as file:
        heard = sdk.audio.transcriptions.create(model="m", file=file)
    with sdk.audio.transcriptions.create(model="m", file=sound, stream=True) as stream:
        events = list(stream)
    with pytest.deprecated_call():  # by the SDK, not by who still has them
        english = sdk.audio.translations.create(model="m", file=sound)
    assert (heard.text, english.text) == ("Merhaba", "Hello")
    deltas = [event.delta for event in events if event.type == "transcript.text.delta"]
    assert deltas == ["Mer", "haba"]
    assert events[-1].type == "transcript.text.done"


def test_a_completion_streams_without_usage_nobody_asked_for(sdk: openai.OpenAI) -> None:
    """Whose chunk has no choices, at which older clients stumble."""
    with sdk.completions.create(model="m", prompt="Once", stream=True) as stream:
        assert [chunk.choices[0].text for chunk in stream] == ["Bir"]
