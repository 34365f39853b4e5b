"""The ready-made simulators."""

import random
import statistics

import pytest
import trio

from providers.simulator import EMBEDDED_KEYS, EMBEDDED_MODELS, PROFILES, embedded, standalone


async def first_byte(connect, tools, key: str, calls: int) -> list[tuple[int, float]]:
    """Statuses and times to the first byte, call after call."""
    client, seen = connect(embedded(random.Random(1))), []
    for _ in range(calls):
        start = trio.current_time()
        await client.send(tools.question("openai", key=key, stream=True, max_tokens=1))
        head = await client.head()
        seen.append((head.status_code, trio.current_time() - start))
        await client.rest()
    return seen


async def test_the_steady_key_is_pleasant(connect, tools, autojump_clock):
    """A quarter of a second to the first token, and hardly ever a second."""
    seen = await first_byte(connect, tools, "steady", 300)
    times = sorted(time for _, time in seen)
    assert statistics.median(times) == pytest.approx(0.25, rel=0.05)
    assert times[285] < 0.5


async def test_the_spiky_key_is_spiky(connect, tools, autojump_clock):
    """The same median, but some calls take many times as long."""
    seen = await first_byte(connect, tools, "spiky", 300)
    times = sorted(time for _, time in seen)
    assert statistics.median(times) == pytest.approx(0.25, rel=0.07)
    assert times[-3] > 1.0


async def test_the_limited_key_is_limited(connect, tools, autojump_clock):
    """Some calls pass, the rest gets a 429."""
    statuses = [status for status, _ in await first_byte(connect, tools, "limited", 10)]
    assert statuses.count(200) >= 3
    assert statuses.count(429) >= 3


async def test_answers_are_about_sixty_words(connect, tools, autojump_clock):
    """Long enough to see the streaming, short enough to wait for."""
    client = connect(embedded(random.Random(1)))
    lengths = []
    for _ in range(100):
        answer = await client.ask(tools.question("openai", key="steady"))
        lengths.append(answer.json()["usage"]["completion_tokens"])
    assert statistics.median(lengths) == pytest.approx(60, rel=0.1)


async def test_embedded_keys_share_their_models(connect, tools):
    """In any language, and nothing else."""
    assert EMBEDDED_KEYS == ("steady", "spiky", "limited")
    client = connect(embedded(random.Random(1)))
    answer = await client.ask(tools.question("openai", key="steady", model="gpt-9"))
    assert answer.status == 404
    assert "gemini-2.0-flash" in EMBEDDED_MODELS


@pytest.mark.parametrize("profile", list(PROFILES))
async def test_every_profile_can_be_served(nursery, tools, profile):
    """Under the name that the command line takes."""
    url = await nursery.start(standalone(profile, 1).serve)
    stream = await trio.open_tcp_stream("127.0.0.1", int(url.rpartition(":")[2]))
    async with stream:
        asked = tools.Question("/v1/nothing", {}, ("authorization", "Bearer sk-1"))
        assert (await tools.RawClient(stream).ask(asked)).status == 404


async def test_a_standalone_simulator_can_be_hurried(connect, tools, autojump_clock):
    """All of its times are multiplied, and nothing else changes."""
    times = []
    for scale in (1.0, 0.01):
        client, start = connect(standalone("heavy", seed=1, scale=scale)), trio.current_time()
        await client.ask(tools.question("openai"))
        times.append(trio.current_time() - start)
    assert times[1] == pytest.approx(times[0] * 0.01)


def test_an_unknown_profile_is_an_error():
    """Before anything is served."""
    with pytest.raises(KeyError):
        standalone("sluggish", 1)
