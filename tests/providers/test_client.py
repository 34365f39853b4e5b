"""One exchange with an upstream, over real sockets: the answer's events, or a named error."""

import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
import trio

from providers.anthropic import Anthropic
from providers.base import Dialect
from providers.client import Exchange, HttpClient, Upstream, list_models
from providers.conversation import Message
from providers.errors import (
    BrokenAnswer,
    CredentialRejected,
    ProviderError,
    RateLimited,
    TimedOut,
    Unreachable,
    UpstreamFailed,
)
from providers.gemini import Gemini
from providers.openai import OpenAI
from providers.simulator import INSTANT, Fault, KeyPlan, Simulator, refusing_address
from providers.types import ChatCall, Ended, Event, Failed, Secret, TextDelta

PLAN = KeyPlan(profile=INSTANT, words=8, words_sigma=0.0)
DIALECTS: Sequence[tuple[Dialect, str]] = (
    (OpenAI(), "/v1"),
    (Gemini(), "/v1beta"),
    (Anthropic(), ""),
)


def chat(*, stream: bool) -> ChatCall:
    """A small call."""
    body = {"model": "m", "messages": [{"role": "user", "content": "Merhaba"}], "stream": stream}
    return ChatCall("m", (Message("user", "Merhaba"),), body, stream=stream, max_tokens=8)


@asynccontextmanager
async def simulated() -> AsyncIterator[tuple[Simulator, str, HttpClient]]:
    """A simulator on a socket, and a client."""
    simulator = Simulator(default=PLAN, rng=random.Random(1))
    async with HttpClient() as http, trio.open_nursery() as nursery:
        url = await nursery.start(simulator.serve)
        yield simulator, url, http
        nursery.cancel_scope.cancel()


async def all_events(exchange: Exchange) -> list[Event]:
    """Everything until the exchange has no more."""
    events: list[Event] = []
    async with exchange:
        await exchange.start()
        while batch := await exchange.receive():
            events.extend(batch)
        assert await exchange.receive() == ()
    return events


def exchange(
    http: HttpClient, url: str, *, stream: bool = True, dialect: Dialect | None = None
) -> Exchange:
    """An exchange with the simulator's OpenAI, unless told otherwise."""
    upstream = Upstream(dialect or OpenAI(), url, Secret("key"))
    return Exchange(http, upstream, chat(stream=stream), "gpt-4o-mini", connect=2.0)


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
@pytest.mark.parametrize(("dialect", "path"), DIALECTS, ids=[d.name for d, _ in DIALECTS])
async def test_an_answer_comes_as_events_in_every_dialect(
    dialect: Dialect, path: str, stream: bool
) -> None:
    """Text, and an end that was said."""
    async with simulated() as (_, url, http):
        events = await all_events(exchange(http, url + path, stream=stream, dialect=dialect))

    assert isinstance(events[-1], Ended)
    assert "".join(event.text for event in events if isinstance(event, TextDelta))


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("unauthorized", CredentialRejected),
        ("rate_limited_retry_after", RateLimited),
        ("server_error", UpstreamFailed),
        ("overloaded", UpstreamFailed),
        ("refuse", Unreachable),
    ],
)
async def test_a_call_that_is_not_accepted_raises_what_it_means(
    fault: str, error: type[ProviderError]
) -> None:
    """Before the answer begins, a failure is an exception with a name."""
    async with simulated() as (simulator, url, http):
        simulator.script("key", [fault])
        with pytest.raises(error):
            await all_events(exchange(http, f"{url}/v1"))


@pytest.mark.parametrize("fault", ["cut", "reset_mid_body", "malformed_sse", "error_frame"])
async def test_an_answer_that_breaks_ends_in_a_failed_event(fault: str) -> None:
    """After the answer has begun, a failure is its last event."""
    async with simulated() as (simulator, url, http):
        simulator.script("key", [fault])
        events = await all_events(exchange(http, f"{url}/v1"))

    assert isinstance(events[-1], Failed)


async def test_nobody_listening_is_unreachable() -> None:
    """A refused connection is nobody's answer."""
    with refusing_address() as url:
        async with HttpClient() as http:
            with pytest.raises(Unreachable) as caught:
                await all_events(exchange(http, f"{url}/v1"))

    assert caught.value.__cause__ is not None


async def test_the_connect_clock_is_the_librarys() -> None:
    """No connection in time is `TimedOut` with the clock's name. The address is a full backlog's."""
    listener = trio.socket.socket()
    await listener.bind(("127.0.0.1", 0))
    listener.listen(0)
    host, port = listener.getsockname()
    fillers = [trio.socket.socket() for _ in range(4)]
    try:
        with trio.move_on_after(0.2):
            async with trio.open_nursery() as nursery:
                for filler in fillers:
                    nursery.start_soon(filler.connect, (host, port))
        upstream = Upstream(OpenAI(), f"http://{host}:{port}/v1", Secret("key"))
        async with HttpClient() as http:
            late = Exchange(http, upstream, chat(stream=True), "m", connect=0.1)
            with pytest.raises(TimedOut) as caught:
                await all_events(late)
    finally:
        for sock in (*fillers, listener):
            sock.close()

    assert caught.value.clock == "connect"


async def test_leaving_an_exchange_stops_the_call() -> None:
    """The upstream sees the connection close within a tenth of a second."""
    async with simulated() as (simulator, url, http):
        simulator.script("key", [Fault("stall", words=2)])
        async with exchange(http, f"{url}/v1") as call:
            await call.start()
            await call.receive()
            assert simulator.ledger.in_flight == 1
        with trio.fail_after(1.0):
            while simulator.ledger.in_flight:
                await trio.sleep(0.005)

    assert simulator.ledger.total.cancelled == 1


async def test_the_quota_headers_are_read() -> None:
    """What the answer says of the key's quota is known once it has begun."""
    async with simulated() as (_, url, http), exchange(http, f"{url}/v1") as call:
        await call.start()
        limits = call.limits

    assert limits is not None


@pytest.mark.parametrize(("dialect", "path"), DIALECTS, ids=[d.name for d, _ in DIALECTS])
async def test_models_are_listed_page_by_page(dialect: Dialect, path: str) -> None:
    """Discovery asks until there is no next page."""
    async with simulated() as (_, url, http):
        models = await list_models(http, Upstream(dialect, url + path, Secret("key")))

    assert models
    assert len({model.id for model in models}) == len(models)


async def test_a_model_list_that_is_refused_raises() -> None:
    """A bad credential shows at discovery already."""
    async with simulated() as (_, url, http):
        with pytest.raises(CredentialRejected):
            await list_models(http, Upstream(OpenAI(), f"{url}/v1", Secret("")))


async def test_a_secret_is_in_no_error(caplog: pytest.LogCaptureFixture) -> None:
    """Neither the message nor the log of a failed call shows the credential."""
    caplog.set_level(0)
    with refusing_address() as url:
        async with HttpClient() as http:
            upstream = Upstream(Gemini(), f"{url}/v1beta", Secret("AIza-canary-secret"))
            with pytest.raises(ProviderError) as caught:
                await all_events(Exchange(http, upstream, chat(stream=True), "m", connect=1.0))

    assert "canary" not in f"{caught.value!r} {upstream!r} {caplog.text}"


async def test_a_body_that_breaks_off_is_broken_and_not_short() -> None:
    """Fewer bytes than announced is a failure, also where it is one body."""
    async with simulated() as (simulator, url, http):
        simulator.script("key", ["cut"])
        events = await all_events(exchange(http, f"{url}/v1", stream=False))

    assert isinstance(events[-1], Failed)
    assert isinstance(events[-1].error, BrokenAnswer)


async def test_a_connection_is_used_again_after_a_stream_that_ended() -> None:
    """An answer that said its end leaves its connection for the next call; a stopped one closes it."""
    async with simulated() as (simulator, url, http):
        for _ in range(3):
            await all_events(exchange(http, f"{url}/v1"))
        assert http.idle == 1
        simulator.script("key", [Fault("stall", words=2)])
        async with exchange(http, f"{url}/v1") as call:
            await call.start()
            await call.receive()
        assert http.idle == 0
