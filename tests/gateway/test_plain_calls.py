"""Moderations, images, sound and ranks through a whole gateway, from an upstream of its own on loopback."""

import json
import os
import random
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import attrs
import httpx
import pytest
import trio

from gateway.calls import READ_HERE
from gateway.environment import load_config
from gateway.serve import serve
from providers.multipart import read_form
from tests.gateway.threads import no_thread_free
from tests.providers.cloud import Asked, Cloud, Said

MODELS = json.dumps({"object": "list", "data": [{"id": "m", "object": "model"}]}).encode()
SOUND = bytes(range(256)) * 200
FRAMES = (
    b'data: {"type":"transcript.text.delta","delta":"Hi"}\r\n\r\n'
    b'data: {"type":"transcript.text.done","text":"Hi","usage":{"total_tokens":4}}\r\n\r\n'
    b"data: [DONE]\r\n\r\n"
)
SAID = {
    "/moderations": Said(200, b'{ "results": [], "odd": 1 }'),
    "/images/generations": Said(
        200, b'{ "data": [], "usage": {"input_tokens": 3, "output_tokens": 40} }'
    ),
    "/audio/speech": Said(200, SOUND, "audio/ogg; codecs=opus"),
    "/audio/transcriptions": Said(200, b'{"text":"Hi","usage":{"type":"duration","seconds":1}}'),
    "/rerank": Said(200, b'{ "results": [{"index": 1, "relevance_score": 0.5}] }'),
}
BODIES: dict[str, Any] = {
    "/moderations": {"input": "a", "odd": 1},
    "/images/generations": {"prompt": "a cat"},
    "/audio/speech": {"input": "Merhaba", "voice": "v"},
    "/rerank": {"query": "a", "documents": ["b", "a"]},
}
FILE = {"file": ("a.wav", b"RIFF\r\n--not-a-boundary", "audio/wav")}


@attrs.frozen
class Reached:
    """A gateway that is asked, and the upstream behind it."""

    cloud: Cloud
    http: httpx.AsyncClient
    state: Path

    async def ask(self, path: str, **members: Any) -> httpx.Response:
        return await self.http.post(
            f"/v1{path}", json={"model": "m", **BODIES.get(path, {}), **members}
        )

    async def transcribe(self, **fields: str) -> httpx.Response:
        data = {"model": "m", **fields}
        return await self.http.post("/v1/audio/transcriptions", data=data, files=FILE)

    @property
    def calls(self) -> list[Asked]:
        return [asked for asked in self.cloud.asked if asked.method == "POST"]


@asynccontextmanager
async def reached(folder: Path, answer: Callable[[Asked], Said]) -> AsyncIterator[Reached]:
    """A gateway whose one key is for an upstream that answers so."""

    def said(asked: Asked) -> Said:
        return Said(200, MODELS) if asked.method == "GET" else answer(asked)

    cloud, words = Cloud(said), list[str]()
    async with trio.open_nursery() as nursery:
        url = await nursery.start(cloud.serve)
        config = folder / "hedgerow.toml"
        config.write_text(
            f'[server]\nbind = "127.0.0.1:0"\n[state]\nurl = "file:{folder / "state"}"\n'
            f'[providers.up]\nkind = "openai"\nbase_url = "{url}"\nkeys = ["one"]\n'
        )
        loaded = load_config(config, {"HEDGEROW_FAST": os.environ.get("HEDGEROW_FAST", "")}, folder)
        base = await nursery.start(partial(serve, loaded, words.append, rng=random.Random(1)))
        [live] = re.findall(r"(pk_live_\w+)   ", words[0])
        auth = {"authorization": f"Bearer {live}"}
        async with httpx.AsyncClient(base_url=base, headers=auth, trust_env=False) as http:
            yield Reached(cloud, http, folder / "state")
        nursery.cancel_scope.cancel()


def by_path(asked: Asked) -> Said:
    return SAID[asked.target]


@pytest.mark.parametrize("path", BODIES)
async def test_what_came_goes_up_and_what_comes_goes_down(tmp_path: Path, path: str) -> None:
    """The request to the member, the answer to the byte, with the type that the upstream gave it."""
    async with reached(tmp_path, by_path) as there:
        answer = await there.ask(path)
    assert answer.status_code == 200, answer.text
    assert answer.content == SAID[path].body
    assert answer.headers["content-type"] == SAID[path].type
    [call] = there.calls
    assert (call.target, json.loads(call.body)) == (path, {"model": "m", **BODIES[path]})


async def test_a_file_goes_up_as_it_came(tmp_path: Path) -> None:
    """With its name and its type, whatever is in it."""
    async with reached(tmp_path, by_path) as there:
        answer = await there.transcribe(language="tr")
    assert answer.json()["text"] == "Hi"
    [call] = there.calls
    parts = {part.name: part for part in read_form(call.fields["content-type"], call.body)}
    assert (parts["model"].text, parts["language"].text) == ("m", "tr")
    sent = parts["file"]
    assert (sent.filename, sent.data, sent.content_type) == FILE["file"]


async def test_sound_that_breaks_off_is_no_answer(tmp_path: Path) -> None:
    """Nothing in sound says where it ends: only the connection does."""
    cut = Said(200, SOUND, "audio/mpeg", {"content-length": str(2 * len(SOUND))})
    async with reached(tmp_path, lambda _asked: cut) as there:
        answer = await there.ask("/audio/speech")
    assert answer.status_code >= 500, "half of it must not look like all of it"


async def test_who_asked_for_a_stream_may_be_given_a_whole_answer(tmp_path: Path) -> None:
    """Whisper knows no streams, and answers as if none had been asked for."""
    async with reached(tmp_path, by_path) as there:
        whole = await there.transcribe(stream="true")
        assert whole.status_code == 200, whole.text
        assert whole.content == SAID["/audio/transcriptions"].body
        assert whole.headers["content-type"] == "application/json"


async def test_a_stream_goes_down_as_it_came(tmp_path: Path) -> None:
    """To the byte, line ends and marker included."""
    said = Said(200, FRAMES, "text/event-stream; charset=utf-8")
    async with reached(tmp_path, lambda _asked: said) as there:
        answer = await there.transcribe(stream="true")
    assert answer.content == FRAMES
    assert answer.headers["content-type"].startswith("text/event-stream")


async def test_an_upstreams_no_is_told_as_everywhere(tmp_path: Path) -> None:
    """In OpenAI's shape, with the status that it means."""
    no = Said(400, b'{"error":{"message":"No such voice","type":"x","param":"voice"}}')
    async with reached(tmp_path, lambda _asked: no) as there:
        answer = await there.ask("/audio/speech")
    assert answer.status_code == 400
    assert "No such voice" in answer.json()["error"]["message"]


async def test_usage_is_what_was_reported_and_else_estimated(tmp_path: Path) -> None:
    """Three tokens for three words, and none made that nobody told of."""
    async with reached(tmp_path, by_path) as there:
        await there.ask("/images/generations")
        await there.ask("/rerank")
        metrics = (await there.http.get("/metrics")).text
    found = re.findall(r'tokens_total.*name="(\w+)".*type="(\w+)"} (\d+)', metrics)
    assert set(found) == {
        ("images", "input", "3"),
        ("images", "output", "40"),
        ("rerank", "input", "3"),
        ("rerank", "output", "0"),
    }


async def test_coheres_own_clients_find_their_path(tmp_path: Path) -> None:
    """The same ranks, at `/v2/rerank`."""
    async with reached(tmp_path, by_path) as there:
        body = {"model": "m", **BODIES["/rerank"]}
        answer = await there.http.post("/v2/rerank", json=body)
    assert answer.content == SAID["/rerank"].body


async def test_a_big_file_holds_nobody_up(tmp_path: Path) -> None:
    """It is read in a thread, and while there is none to be had, small requests are answered."""
    heard: list[str] = []
    async with reached(tmp_path, by_path) as there, trio.open_nursery() as nursery:

        async def send() -> None:
            big = {"file": ("a.wav", bytes(READ_HERE), "audio/wav")}
            await there.http.post("/v1/audio/transcriptions", data={"model": "m"}, files=big)
            heard.append("big")

        await there.ask("/rerank")
        with no_thread_free():
            nursery.start_soon(send)
            await trio.sleep(0.3)
            assert (await there.ask("/rerank")).status_code == 200
            assert heard == []
    assert heard == ["big"]
