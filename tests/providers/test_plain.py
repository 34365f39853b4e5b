"""Calls that are sent on as they came, and what their answers mean."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
import trio

from providers.anthropic import Anthropic
from providers.azure import Azure
from providers.base import refusal
from providers.client import Exchange as Call
from providers.client import HttpClient, Upstream
from providers.gemini import Gemini
from providers.kinds import KINDS
from providers.multipart import Part, read_form
from providers.openai import OpenAI
from providers.plain import PlainAnswer, encode_plain
from providers.types import (
    Ended,
    Event,
    Failed,
    Made,
    Operation,
    PlainCall,
    Secret,
    Usage,
    UsageSeen,
    Verbatim,
    is_semantic,
)
from tests.providers.cloud import Cloud, Said
from tests.providers.corpus import SHARED, Exchange, load

ASKED = PlainCall("moderations", "/moderations", "m", {"model": "m", "input": "a", "odd": 1})
SOUND = PlainCall("speech", "/audio/speech", "m", answers="audio/mpeg")
STREAM = PlainCall("speech", "/audio/speech", "m", stream=True)
OPERATIONS: dict[str, Operation] = {
    "/moderations": "moderations",
    "/images/generations": "images",
    "/audio/speech": "speech",
    "/rerank": "rerank",
}
RECORDED = [
    one
    for feature in ("moderations", "images-*", "audio-*")
    for one in load(SHARED, "openai", feature)
]


def decoded(call: PlainCall, *pieces: bytes, kind: str = "") -> list[Event]:
    decoder = PlainAnswer(call)
    decoder.headed(kind)
    return [*(event for piece in pieces for event in decoder.feed(piece)), *decoder.finish()]


def given_bytes(events: Sequence[Event]) -> bytes:
    return b"".join(event.data for event in events if isinstance(event, Verbatim))


def test_a_request_goes_on_with_the_upstreams_model() -> None:
    """Unknown members included."""
    wire = encode_plain(ASKED, "up", "/moderations")
    assert (wire.path, json.loads(wire.body)) == ("/moderations", {**ASKED.body, "model": "up"})


def test_a_form_goes_on_with_the_upstreams_model() -> None:
    """Every other part is the client's."""
    sound = Part("file", b"RIFF", "a.wav", "audio/wav")
    call = PlainCall(
        "transcriptions", "/audio/transcriptions", "m", parts=(Part("model", b"m"), sound)
    )
    wire = encode_plain(call, "up", call.path)
    kind = dict(wire.headers)["content-type"]
    assert read_form(kind, wire.body) == (Part("model", b"up"), sound)


def test_who_has_no_such_thing_refuses_it_by_name() -> None:
    """Whoever is OpenAI-compatible may have it."""
    assert refusal(OpenAI(), ASKED) is None
    assert refusal(OpenAI(paths={}), ASKED) == "moderations"
    assert refusal(Anthropic(), ASKED) == refusal(Gemini(), ASKED) == "moderations"
    wire = Azure().encode(ASKED, "deployed")
    assert wire.path.startswith("/openai/deployments/deployed/moderations?")


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        ({}, None),
        ({"type": "duration", "seconds": 3}, None),
        ({"input_tokens": 3, "output_tokens": 4, "total_tokens": 7}, Usage(3, 4, 7)),
        ({"prompt_tokens": 3, "total_tokens": 3}, Usage(3, 0, 3)),
        ({"total_tokens": 9}, Usage(9, 0, 9)),
    ],
)
def test_usage_is_read_by_whatever_name_it_has(usage: Any, expected: Usage) -> None:
    """The answer itself is not touched."""
    body = json.dumps({"data": [], "usage": usage}).encode()
    assert decoded(ASKED, body[:5], body[5:]) == [
        Verbatim(body, whole=True),
        Made(len(body)),
        *([] if expected is None else [UsageSeen(expected)]),
        Ended(),
    ]


def test_usage_is_found_where_cohere_has_it() -> None:
    """Its search units are no tokens."""
    meta = {"billed_units": {"search_units": 1}, "tokens": {"input_tokens": 7}}
    body = json.dumps({"results": [], "meta": meta}).encode()
    assert UsageSeen(Usage(7, 0, 7)) in decoded(ASKED, body)


def test_what_is_no_json_is_given_with_its_type() -> None:
    """Sound, or a plain transcript."""
    first, made, *_ = decoded(SOUND, b"\xff\xfb", b"\x00")
    assert first == Verbatim(b"\xff\xfb\x00", "audio/mpeg", whole=True)
    assert is_semantic(made)


@pytest.mark.parametrize(
    ("call", "kind", "opaque"),
    [
        (SOUND, "audio/wav", True),
        (SOUND, "", True),
        (SOUND, "application/json", False),
        (ASKED, "application/json; charset=utf-8", False),
        (ASKED, "", False),
        (STREAM, "audio/wav", True),
        (STREAM, "text/event-stream", False),
    ],
)
def test_only_the_connection_says_where_sound_ends(
    call: PlainCall, kind: str, opaque: bool
) -> None:
    """JSON and streams say so themselves."""
    answer = PlainAnswer(call)
    answer.headed(kind)
    assert answer.opaque is opaque


def test_the_type_is_the_upstreams() -> None:
    """Whatever was asked for."""
    [first, *_] = decoded(SOUND, b"RIFF", kind="Audio/WAV")
    assert first == Verbatim(b"RIFF", "Audio/WAV", whole=True)


def test_a_web_page_is_no_sound() -> None:
    """As proxies send them with status 200."""
    events = decoded(SOUND, b"<html>", kind="text/html; charset=utf-8")
    assert [type(event) for event in events] == [Failed]


@pytest.mark.parametrize("body", [b"", b"{", b'{"error": {"message": "no"}}'])
def test_an_answer_that_is_none_fails(body: bytes) -> None:
    """So that another key is asked."""
    events = decoded(ASKED, body)
    assert [type(event) for event in events] == [Failed]


@pytest.mark.parametrize(
    "frames",
    [
        [b'data: {"type":"speech.audio.delta","audio":"AA"}\n\n', b"data: [DONE]\n\n"],
        [
            b'data: {"type":"speech.audio.delta","audio":"AA"}\n\n',
            b'data: {"type":"speech.audio.done","usage":{"total_tokens":4}}\n\n',
        ],
    ],
)
def test_a_stream_goes_through_and_ends_as_it_ends(frames: list[bytes]) -> None:
    """By its marker, or behind the event that says so."""
    events = decoded(STREAM, *frames)
    assert given_bytes(events) == b"".join(frames)
    assert isinstance(events[1], Made)
    assert events[-1] == Ended()


@pytest.mark.parametrize(
    "frames",
    [
        [b'data: {"type":"speech.audio.delta"}\n\n'],
        [b'data: {"type":"error","error":{"message":"no"}}\n\n'],
        [],
    ],
)
def test_a_stream_without_its_end_has_failed(frames: list[bytes]) -> None:
    """However it stopped."""
    assert isinstance(decoded(STREAM, *frames)[-1], Failed)


@pytest.mark.parametrize("exchange", RECORDED, ids=str)
def test_recorded_answers_go_through_as_they_are(exchange: Exchange) -> None:
    """To the byte; and the request is the client's, to the letter."""
    body = exchange.request_body if isinstance(exchange.request_body, dict) else {}
    path = exchange.url.removeprefix("/v1")
    call = PlainCall("images", path, "m", body, stream=exchange.streamed)
    if body:
        sent = json.loads(OpenAI().encode(call, body["model"]).body)
        assert sent == body
    if exchange.status != 200:
        return
    events = decoded(call, exchange.response_body)
    assert given_bytes(events) == exchange.response_body
    assert events[-1] == Ended()


@pytest.mark.parametrize(
    ("kind", "path", "expected"),
    [
        ("openai", "/moderations", "/moderations"),
        ("groq", "/audio/speech", "/audio/speech"),
        ("groq", "/moderations", None),
        ("mistral", "/moderations", "/moderations"),
        ("mistral", "/images/generations", None),
        ("together", "/rerank", "/rerank"),
        ("deepseek", "/audio/speech", None),
        ("azure", "/moderations", None),
        ("cohere", "/images/generations", None),
        ("vllm", "/rerank", "/rerank"),
    ],
)
def test_a_kind_has_what_it_has(kind: str, path: str, expected: str | None) -> None:
    """What it has not is refused before anybody is asked."""
    operation: Operation = OPERATIONS[path]
    call = PlainCall(operation, path, "m", {"model": "m"})
    dialect = KINDS[kind].dialect
    assert refusal(dialect, call) == (None if expected else operation)
    if expected:
        assert dialect.encode(call, "m").path == expected


async def test_coheres_ranks_are_beside_its_compatible_part() -> None:
    """As its server gets the request, over a real socket."""
    kind = KINDS["cohere"]
    cloud = Cloud(lambda _asked: Said(200, b'{"results":[]}'))
    call = PlainCall("rerank", "/rerank", "m", {"model": "m", "query": "a", "documents": ["a"]})
    async with trio.open_nursery() as nursery:
        url = await nursery.start(cloud.serve)
        base = kind.base_url.replace("https://api.cohere.ai", url)
        for library in (False, True):
            async with HttpClient(library=library) as http:
                upstream = Upstream(kind.dialect, base, Secret("k"))
                async with Call(http, upstream, call, "up", connect=2.0) as exchange:
                    await exchange.start()
                    assert isinstance((await exchange.receive())[-1], Ended)
        nursery.cancel_scope.cancel()
    assert [asked.target for asked in cloud.asked] == ["/v2/rerank"] * 2
