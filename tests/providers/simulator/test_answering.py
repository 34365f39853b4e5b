"""From requests to answers: every endpoint over real HTTP, read by an independent client."""

import random
import statistics

import httpx
import pytest
import trio

from providers.simulator import TIGHT, KeyPlan, RateLimit, Simulator, is_passage

every_language = pytest.mark.parametrize("dialect", ["openai", "gemini", "anthropic"])


@every_language
async def test_streams_are_read_by_an_ordinary_client(nursery, tools, dialect):
    """A real socket, httpx and httpx-sse: one uncut passage, every word of it."""
    url = await nursery.start(tools.instant(words=300).serve)
    asked = tools.question(dialect, stream=True)
    async with httpx.AsyncClient(base_url=url, trust_env=False) as http:
        response = await http.post(asked.path, json=asked.body, headers=asked.headers)
    assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
    text = tools.said(dialect, response.content)
    assert is_passage(text)
    assert len(text.split(" ")) == 300


@every_language
async def test_bodies_are_read_by_an_ordinary_client(nursery, tools, dialect):
    """JSON in one piece, on a connection that is kept."""
    url = await nursery.start(tools.instant().serve)
    asked = tools.question(dialect)
    async with httpx.AsyncClient(base_url=url, trust_env=False) as http:
        for _ in range(3):
            response = await http.post(asked.path, json=asked.body, headers=asked.headers)
            assert response.status_code == 200
            assert response.headers["content-type"] == "application/json"
            assert isinstance(response.json(), dict)


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/v1/models", {"authorization": "Bearer sk-1"}),
        ("/v1/models", {"x-api-key": "sk-1"}),
        ("/v1beta/models", {"x-goog-api-key": "sk-1"}),
    ],
)
@pytest.mark.parametrize("models", [None, ("gpt-4o", "my-model")])
async def test_models_are_the_keys_or_the_usual(nursery, tools, path, headers, models):
    """A key with a list shows it; listing is no call."""
    simulator = tools.instant(models=models)
    url = await nursery.start(simulator.serve)
    async with httpx.AsyncClient(base_url=url, trust_env=False) as http:
        body = (await http.get(path, headers=headers)).json()
    names = [
        one.get("id") or one["name"].removeprefix("models/")
        for one in body.get("data") or body["models"]
    ]
    assert tuple(names) == models if models else len(names) > 2
    assert simulator.ledger.total.started == 0


@every_language
async def test_no_credential_is_401(connect, tools, dialect):
    """In the provider's shape, and counted under no key."""
    simulator = tools.instant()
    client = connect(simulator)
    asked = tools.question(dialect, key="")
    answer = await client.ask(asked)
    assert answer.status == 401
    assert answer.json()["error"]["message"]
    assert simulator.ledger.snapshot()["keys"] == {}


@every_language
async def test_a_missing_model_is_404(connect, tools, dialect):
    """If the key has a list of models."""
    client = connect(tools.instant(models=("other",)))
    answer = await client.ask(tools.question(dialect))
    assert answer.status == 404
    assert answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("path", "shape"),
    [("/v1/nothing", "code"), ("/v1beta/nothing", "status"), ("/v1/messages/nothing", "type")],
)
async def test_an_unknown_path_is_404_in_its_surroundings_shape(connect, tools, path, shape):
    """Each provider's error has a member of its own."""
    client = connect(tools.instant())
    answer = await client.ask(tools.Question(path, {}, ("authorization", "Bearer sk-1")))
    assert answer.status == 404
    assert shape in answer.json()["error"]


@every_language
async def test_a_bad_body_is_400_and_a_failed_call(connect, tools, dialect):
    """It reached the key, so it counts."""
    simulator = tools.instant()
    client = connect(simulator)
    asked = tools.question(dialect, messages=7, contents=7)
    answer = await client.ask(asked)
    assert answer.status == 400
    assert answer.json()["error"]["message"]
    assert (simulator.ledger.key("sk-1").failed, simulator.ledger.key("sk-1").by_status) == (
        1,
        {400: 1},
    )


@every_language
async def test_a_limit_cuts_the_answer(connect, tools, dialect):
    """The finish reason says so, in each language."""
    limit = (
        {"generationConfig": {"maxOutputTokens": 4}} if dialect == "gemini" else {"max_tokens": 4}
    )
    client = connect(tools.instant())
    answer = await client.ask(tools.question(dialect, stream=True, **limit))
    assert len(tools.said(dialect, answer.body).split()) == 4
    reasons = {"openai": b'"length"', "gemini": b'"MAX_TOKENS"', "anthropic": b'"max_tokens"'}
    assert reasons[dialect] in answer.body


@pytest.mark.parametrize(
    ("path", "body", "size"),
    [
        ("/v1/embeddings", {"model": "text-embedding-3-small", "input": "a"}, 1536),
        (
            "/v1beta/models/text-embedding-004:embedContent",
            {"content": {"parts": [{"text": "a"}]}},
            768,
        ),
        (
            "/v1beta/models/gemini-embedding-001:batchEmbedContents",
            {"requests": [{"content": {"parts": [{"text": "a"}]}}]},
            3072,
        ),
    ],
)
async def test_embeddings_have_their_models_size(connect, tools, path, body, size):
    """Whichever endpoint they come from."""
    client = connect(tools.instant())
    answer = (await client.ask(tools.Question(path, body, ("x-goog-api-key", "k")))).json()
    found = answer.get("data") or answer.get("embeddings") or [answer["embedding"]]
    assert len(found[0].get("values") or found[0]["embedding"]) == size


@every_language
async def test_a_rate_limited_key_recovers(connect, tools, autojump_clock, dialect):
    """A burst passes, the next call waits as long as it is told, then passes."""
    simulator = tools.instant(rate=RateLimit(per_second=0.25, burst=2))
    client = connect(simulator)
    asked = tools.question(dialect)
    assert [(await client.ask(asked)).status for _ in range(3)] == [200, 200, 429]
    refused = await client.ask(asked)
    assert refused.headers["retry-after"] == "4"
    await trio.sleep(4)
    assert (await client.ask(asked)).status == 200


async def test_a_limited_key_tells_its_quota(connect, tools):
    """On every answer, in OpenAI's headers; an unlimited one says nothing."""
    limited = connect(tools.instant(rate=RateLimit(per_second=1.0, burst=5)))
    headers = (await limited.ask(tools.question("openai", stream=True))).headers
    assert headers["x-ratelimit-limit-requests"] == "5"
    assert headers["x-ratelimit-remaining-requests"] == "4"
    free = connect(tools.instant())
    assert "x-ratelimit-limit-requests" not in (await free.ask(tools.question("openai"))).headers


async def test_time_to_first_token_is_the_plans(connect, tools, autojump_clock):
    """Around its median, by the mock clock."""
    plan = KeyPlan(profile=TIGHT, median=2.0, scale=0.5, words=1, words_sigma=0.0)
    client = connect(Simulator(default=plan, rng=random.Random(1)))
    times = []
    for _ in range(200):
        start = trio.current_time()
        await client.ask(tools.question("openai", stream=True))
        times.append(trio.current_time() - start)
    assert statistics.median(times) == pytest.approx(1.0, rel=0.05)


async def test_a_whole_answer_takes_as_long_as_its_stream(connect, tools, autojump_clock):
    """The first token's time and all gaps, whichever way it is sent."""
    times = []
    for stream in (True, False):
        client = connect(Simulator(default=KeyPlan(scale=0.5), rng=random.Random(3)))
        start = trio.current_time()
        await client.ask(tools.question("openai", stream=stream))
        times.append(trio.current_time() - start)
    assert times[0] == pytest.approx(times[1], abs=0.01)


async def test_a_stream_that_hangs_by_chance_never_ends(connect, tools, autojump_clock):
    """Something is said, the rest never comes; whole answers are spared."""
    simulator = tools.instant(hang=1.0)
    client = connect(simulator)
    assert (await client.ask(tools.question("openai"))).status == 200
    with trio.move_on_after(3600) as hour:
        await client.ask(tools.question("openai", stream=True))
    assert hour.cancelled_caught
    assert simulator.ledger.in_flight == 1


async def test_the_same_seed_gives_the_same_bytes(connect, tools):
    """Two simulators, the same calls, the same answers."""
    bodies = []
    for _ in range(2):
        client = connect(tools.instant(words_sigma=1.0))
        bodies.append([(await client.ask(tools.question("openai"))).body for _ in range(5)])
    assert bodies[0] == bodies[1]
    assert len(set(bodies[0])) == 5
