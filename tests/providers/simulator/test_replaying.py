"""Recorded answers over real sockets, as they were."""

import json
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import trio

from gateway.wire import read_chat
from providers.anthropic import Anthropic
from providers.client import Exchange, HttpClient, Upstream
from providers.simulator import Simulator, Tape
from providers.types import Secret
from tests.providers.outcome import outcome_of
from tests.providers.simulator.recorded import SSE, asked, client, library, write

PATH = "/v1/chat/completions"
STREAM = 'data: {"a":"ğ"}\r\n\r\ndata: [DONE]\r\n\r\n'
EVENTS = {"content-type": SSE}


def replaying(folder: Path, gap: float = 0.0, split: int | None = None) -> Simulator:
    return Simulator(tape=Tape(library(folder), gap, split), rng=random.Random(1))


@asynccontextmanager
async def served(simulator: Simulator) -> AsyncIterator[httpx.AsyncClient]:
    async with trio.open_nursery() as nursery:
        url = await nursery.start(simulator.serve)
        async with client(url) as http:
            yield http
        nursery.cancel_scope.cancel()


async def test_an_answer_is_the_recorded_one(tmp_path: Path):
    """Status, headers and bytes, on a connection that is kept."""
    headers = {"content-type": "application/json; x=y", "x-id": "7", "retry-after": "3"}
    body = '{\n  "error": "ğ" }\n'
    write(tmp_path, "a/b/c", PATH, asked(), status=429, response_headers=headers, answer=body)
    async with served(replaying(tmp_path)) as http:
        for _ in range(2):
            response = await http.post(PATH, json=asked())
            assert (response.status_code, response.text) == (429, body)
            assert response.headers.items() >= headers.items()
            assert response.headers["content-length"] == str(len(body.encode()))


async def test_a_stream_comes_an_event_at_a_time(connect, tools, tmp_path: Path, autojump_clock):
    """With the gap between two, and none before the first."""
    write(tmp_path, "a/b/c", PATH, asked(), answer=STREAM, response_headers=EVENTS)
    asking = connect(replaying(tmp_path, gap=0.25))
    await asking.send(tools.Question(PATH, asked(), ("x-api-key", "k")))
    start, seen = trio.current_time(), []
    assert (await asking.head()).status_code == 200
    while hasattr(event := await asking.event(), "data"):
        seen.append((trio.current_time() - start, bytes(event.data)))
    first, second = STREAM.encode().split(b"\r\n\r\n")[:2]
    assert seen == [(0.0, first + b"\r\n\r\n"), (0.25, second + b"\r\n\r\n")]


@pytest.mark.parametrize("split", [1, 7, 10_000])
@pytest.mark.parametrize("headers", [EVENTS, {"content-type": "application/json"}], ids=str)
async def test_a_body_can_be_cut_anywhere(
    connect, tools, tmp_path: Path, autojump_clock, split: int, headers: dict[str, str]
):
    """Streamed or not; put together, it is the same."""
    write(tmp_path, "a/b/c", PATH, asked(), answer=STREAM, response_headers=headers)
    asking = connect(replaying(tmp_path, gap=0.5, split=split))
    start = trio.current_time()
    answer = await asking.ask(tools.Question(PATH, asked(), ("x-api-key", "k")))
    assert answer.body == STREAM.encode()
    assert trio.current_time() - start == 0.5 * ((len(STREAM.encode()) - 1) // split)


async def test_a_stream_that_is_an_error_is_no_stream(tmp_path: Path):
    """Google labels such bodies as events."""
    write(tmp_path, "a/b/c", PATH, asked(), status=404, answer='{"e":1}', response_headers=EVENTS)
    async with served(replaying(tmp_path)) as http:
        response = await http.post(PATH, json=asked())
    assert (response.status_code, response.text) == (404, '{"e":1}')
    assert "transfer-encoding" not in response.headers


async def test_an_empty_answer_is_empty(tmp_path: Path):
    """A stream of nothing too."""
    for name, headers in (("one", EVENTS), ("two", {})):
        write(tmp_path, f"a/b/{name}", answer="", response_headers=headers)
    async with served(replaying(tmp_path, split=3)) as http:
        for name in ("one", "two"):
            response = await http.post(f"/?replay=a/b/{name}")
            assert (response.status_code, response.content) == (200, b"")


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/v1/chat/completions", lambda body: body["error"]["message"]),
        ("/openai/v1/responses", lambda body: body["error"]["message"]),
        ("/gemini/v1beta/models/g:generateContent", lambda body: body["error"]["message"]),
        ("/v1beta/models/g:generateContent", lambda body: body["error"]["message"]),
        ("/anthropic/v1/messages", lambda body: body["error"]["message"]),
        ("/v1/messages", lambda body: body["error"]["message"]),
        ("/bedrock/model/g/converse", lambda body: body["message"]),
    ],
)
async def test_what_is_not_recorded_is_not_found_in_its_providers_words(
    tmp_path: Path, path: str, said: Any
):
    """A client can show why."""
    for provider in ("openai", "gemini", "anthropic", "bedrock"):
        write(tmp_path, f"{provider}/b/c")
    async with served(replaying(tmp_path)) as http:
        response = await http.post(path, json=asked())
    assert response.status_code == 404
    assert said(response.json()).startswith("None of 0 recordings of POST ")


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("/openai/v1/models", {"m", "replay/openai/chat/1"}),
        (
            "/gemini/v1beta/models",
            {"models/g", "models/replay/gemini/g/1", "models/replay/gemini/models/1"},
        ),
        ("/models", {"m", "g"}),
    ],
)
async def test_models_can_be_listed(tmp_path: Path, path: str, names: set[str]):
    """In the provider's words; that is no call."""
    write(tmp_path, "openai/chat/1", PATH, asked())
    write(tmp_path, "gemini/g/1", "/v1beta/models/g:generateContent", {})
    write(tmp_path, "gemini/models/1", "/v1alpha/models", "", method="GET", status=500)
    simulator = replaying(tmp_path)
    async with served(simulator) as http:
        body = (await http.get(path)).json()
    if path == "/models":
        assert body == {"from": "gemini/models/1"}, "a recorded list goes before ours"
        return
    listed = {one.get("id") or one["name"] for one in body.get("data") or body["models"]}
    assert listed == names
    assert simulator.ledger.total.started == 0


async def test_calls_are_counted_by_credential(tmp_path: Path):
    """Without one too; a recorded error is a failed call."""
    write(tmp_path, "a/b/good", PATH, asked())
    write(tmp_path, "a/b/bad", PATH, asked(text="x"), status=500)
    simulator = replaying(tmp_path)
    async with served(simulator) as http:
        await http.post(PATH, json=asked(), headers={"authorization": "Bearer sk-1"})
        await http.post(PATH, json=asked(text="x"))
        told = (await http.get("/_sim/ledger")).json()["keys"]
    assert told["sk-1"]["by_status"] == {"200": 1}
    assert told["anybody"]["by_status"] == {"500": 1}


async def test_recorded_answers_can_go_wrong(tmp_path: Path):
    """The same faults as made-up ones: an error instead, or a stream that is cut."""
    write(tmp_path, "a/b/c", PATH, asked(), answer=STREAM, response_headers=EVENTS)
    simulator = replaying(tmp_path)
    async with served(simulator) as http:
        simulator.script("anybody", ["rate_limited", "cut", "refuse"])
        assert (await http.post(PATH, json=asked())).status_code == 429
        assert (await http.post(PATH, json=asked())).text == STREAM[: STREAM.index("data: [")]
        with pytest.raises(httpx.ReadError):
            await http.post(PATH, json=asked())
        assert (await http.post(PATH, json=asked())).text == STREAM


async def test_another_dialects_client_gets_its_answer_by_the_gist(tmp_path: Path):
    """A request in OpenAI's words, told in Anthropic's: not the recorded one, but it means the same."""
    call = [
        {
            "type": "message_start",
            "message": {"id": "msg_1", "model": "m", "usage": {"input_tokens": 5}},
        },
        {
            "type": "content_block_start",
            "index": 0,
            "content_block": {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {}},
        },
        {
            "type": "content_block_delta",
            "index": 0,
            "delta": {"type": "input_json_delta", "partial_json": '{"at":"hedge"}'},
        },
        {"type": "content_block_stop", "index": 0},
        {
            "type": "message_delta",
            "delta": {"stop_reason": "tool_use"},
            "usage": {"output_tokens": 9},
        },
        {"type": "message_stop"},
    ]
    stream = "".join(f"event: {one['type']}\ndata: {json.dumps(one)}\n\n" for one in call)
    body = {**asked(stream=True), "max_tokens": 1, "metadata": {"user_id": "somebody"}}
    write(
        tmp_path,
        "anthropic/tools/1",
        "/v1/messages?beta=true",
        body,
        answer=stream,
        response_headers=EVENTS,
    )
    tool = {"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}
    told = read_chat(asked(stream=True, tools=[tool]))
    events: list[Any] = []
    async with trio.open_nursery() as nursery, HttpClient() as http:
        url = await nursery.start(replaying(tmp_path, split=3).serve)
        upstream = Upstream(Anthropic(), f"{url}/anthropic", Secret("key"))
        async with Exchange(http, upstream, told, "m", connect=2.0) as exchange:
            await exchange.start()
            while batch := await exchange.receive():
                events.extend(batch)
        nursery.cancel_scope.cancel()
    outcome = outcome_of(events)
    assert outcome.calls == {(0, 0): ["toolu_1", "look", '{"at":"hedge"}']}
    assert outcome.finishes == {0: "tool_calls"}


async def test_all_that_was_recorded_can_be_asked_for_again(shared: Path):
    """Each exchange beside the project: at its provider's place by what was asked, and by its name."""
    corpus = (tape := Tape.read(shared / "wire", gap=0.0)).library.corpus
    wrong = []
    async with served(Simulator(tape=tape, rng=random.Random(1))) as http:
        for name, recording in corpus.exchanges.items():
            asks: list[tuple[str, bytes]] = [(f"/?replay={name}", b"")]
            path = "/" + recording.path.removeprefix("/")
            if recording.path:
                asks.append((path, _body(recording.asked)))
            if (
                recording.path and recording.method == "POST"
            ):  # its models are those of its recordings
                asks.append((f"/{recording.provider}{path}", _body(recording.asked)))
            for path, body in asks:
                response = await http.request(recording.method, path, content=body)
                if (response.status_code, response.content) != (recording.status, recording.body):
                    wrong.append((path, response.status_code, response.text[:200]))
    assert wrong == []
    assert len(corpus.exchanges) > 300


def _body(asked: Any) -> bytes:
    if asked is None or isinstance(asked, str):
        return (asked or "").encode()
    return json.dumps(asked, indent=1).encode()
