"""Embeddings of many inputs, in as many calls as the provider wants: one answer, in order."""

import json
from typing import Any

import attrs
import pytest

from providers.base import Dialect
from providers.batches import exchange_for, merged, split
from providers.client import HttpClient, Upstream
from providers.errors import BrokenAnswer, RateLimited
from providers.gemini import Gemini
from providers.openai import OpenAI
from providers.types import (
    EmbedCall,
    Ended,
    Event,
    Failed,
    Native,
    Secret,
    Usage,
    UsageSeen,
    Vectors,
)
from providers.vertex import Vertex
from tests.providers.cloud import Asked, Cloud, Said
from tests.providers.test_authorized import served

CALL = EmbedCall("m", tuple(str(n) for n in range(250)), {"model": "m", "input": []})


def texts_of(asked: Asked) -> list[str]:
    body = json.loads(asked.body)
    contents = [row["content"] for row in body.get("requests", [body])]
    return [content["parts"][0]["text"] for content in contents]


def embedding(asked: Asked) -> Said:
    """Each text is a number, and its vector too."""
    rows = [{"values": [float(text)]} for text in texts_of(asked)]
    told: Any = {"embedding": rows[0]} if "embedContent" in asked.target else {"embeddings": rows}
    told["usageMetadata"] = {"promptTokenCount": len(rows), "totalTokenCount": len(rows)}
    return Said(200, json.dumps(told).encode())


async def embedded(http: HttpClient, url: str, dialect: Dialect, call: EmbedCall) -> list[Event]:
    upstream = Upstream(dialect, url, Secret("k"))
    events: list[Event] = []
    async with exchange_for(http, upstream, call, "gemini-embedding-2", connect=2.0) as exchange:
        await exchange.start()
        while batch := await exchange.receive():
            events += batch
        assert await exchange.receive() == ()
    return events


@pytest.mark.parametrize(
    ("dialect", "calls"), [(Gemini(), 3), (Vertex("p"), 250)], ids=["gemini", "vertex"]
)
async def test_many_inputs_are_several_calls_and_one_answer(dialect: Dialect, calls: int) -> None:
    """Vectors in the order of the inputs, tokens summed, one end."""
    cloud = Cloud(embedding)
    async with served(cloud) as (url, http):
        events = await embedded(http, url, dialect, CALL)
    vectors = tuple((float(n),) for n in range(250))
    assert events == [Vectors(vectors), UsageSeen(Usage(prompt=250, total=250)), Ended()]
    assert len(cloud.asked) == calls


async def test_many_inputs_in_geminis_own_form_are_several_calls_too() -> None:
    """Each with its part of what the client said; and the answer is one that has to be written here."""
    rows = [{"content": {"parts": [{"text": text}]}, "taskType": "t"} for text in CALL.inputs]
    call = attrs.evolve(CALL, native=Native("gemini", {"requests": rows}))
    cloud = Cloud(embedding)
    async with served(cloud) as (url, http):
        events = await embedded(http, url, Gemini(), call)
    assert [type(event) for event in events] == [Vectors, UsageSeen, Ended]
    assert isinstance(events[0], Vectors)
    assert events[0].items == tuple((float(n),) for n in range(250))
    assert len(cloud.asked) == 3
    assert all(b'"taskType":"t"' in asked.body for asked in cloud.asked)


async def test_few_inputs_are_one_call() -> None:
    """As ever."""
    cloud = Cloud(embedding)
    async with served(cloud) as (url, http):
        await embedded(http, url, Gemini(), EmbedCall("m", CALL.inputs[:100], {}))
    assert len(cloud.asked) == 1


@pytest.mark.parametrize("bad", [0, 1, 2])
async def test_a_batch_that_is_refused_is_the_failure_of_all(bad: int) -> None:
    """And those behind it are not sent."""

    def answer(asked: Asked) -> Said:
        refused = texts_of(asked)[0] == str(100 * bad)
        return Said(429, b"{}") if refused else embedding(asked)

    cloud = Cloud(answer)
    async with served(cloud) as (url, http):
        with pytest.raises(RateLimited):
            await embedded(http, url, Gemini(), CALL)
    assert len(cloud.asked) == bad + 1


async def test_a_batch_that_breaks_is_the_failure_of_all() -> None:
    """Told as an answer's last event, and nothing else of it."""
    cloud = Cloud(lambda _: Said(200, b'{"embeddings":[]}'))
    async with served(cloud) as (url, http):
        [last] = await embedded(http, url, Gemini(), CALL)
    assert isinstance(last, Failed)
    assert isinstance(last.error, BrokenAnswer)
    assert len(cloud.asked) == 1


def test_a_call_is_split_where_it_must_be() -> None:
    """Its body says the same as its inputs."""
    parts = split(CALL, 100)
    assert [len(part.inputs) for part in parts] == [100, 100, 50]
    assert [*parts[2].body["input"]] == [*parts[2].inputs] == [str(n) for n in range(200, 250)]
    assert split(CALL, None) == split(CALL, 250) == [CALL]
    assert not hasattr(OpenAI(), "most_inputs")


def test_answers_without_tokens_have_none_together() -> None:
    """Not zero, which would be a number that somebody said."""
    assert merged([Vectors(((1.0,),), "m"), Ended()]) == [Vectors(((1.0,),), "m"), Ended()]
