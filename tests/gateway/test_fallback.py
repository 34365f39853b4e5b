"""Whole answers that are streamed upstream, where the upstream refuses to stream."""

from collections.abc import Sequence

import attrs
import pytest

from gateway.fallback import MOST, StreamedOrWhole, Unstreamed
from providers.errors import ProviderError, RequestRejected
from providers.types import Call, ChatCall, Event
from tests.gateway.asked import TARGET, chat
from tests.gateway.scripted import ScriptedExchange, spoken

REFUSED = RequestRejected(
    "Your organization must be verified to stream this model",
    status=400,
    code="unsupported_value",
    param="stream",
)
WRONG = RequestRejected("no such parameter", status=400, param="top_q")


@attrs.define(eq=False)
class Upstream:
    """One that answers whole calls, and streamed ones as the test says."""

    error: ProviderError | None
    opened: list[bool] = attrs.field(factory=list)
    closed: list[bool] = attrs.field(factory=list)

    def open(self, _target: object, call: Call) -> "Refusing":
        self.opened.append(call.stream)
        return Refusing(TARGET, [(0.0, spoken())], upstream=self, streams=call.stream)


@attrs.define(eq=False)
class Refusing(ScriptedExchange):
    """A call to it."""

    upstream: Upstream = attrs.field(kw_only=True)
    streams: bool = attrs.field(kw_only=True)

    async def start(self) -> None:
        if self.streams and self.upstream.error is not None:
            raise self.upstream.error

    async def __aexit__(self, *caught: object) -> None:
        self.upstream.closed.append(self.streams)


async def asked(upstream: Upstream, unstreamed: Unstreamed) -> Sequence[Event]:
    """The first events of a call that the client wants whole."""
    whole = chat()
    streamed = attrs.evolve(whole, stream=True)
    assert isinstance(streamed, ChatCall)
    made = StreamedOrWhole(TARGET, streamed, whole, upstream.open, unstreamed)
    async with made as exchange:
        await exchange.start()
        return await exchange.receive()


async def test_what_streams_is_streamed() -> None:
    """One call, and nothing is remembered."""
    upstream, unstreamed = Upstream(None), Unstreamed()
    assert await asked(upstream, unstreamed) == spoken()
    assert upstream.opened == upstream.closed == [True]
    assert TARGET not in unstreamed


async def test_a_model_that_refuses_to_stream_answers_whole() -> None:
    """In the same attempt; the next request does not try again."""
    upstream, unstreamed = Upstream(REFUSED), Unstreamed()
    assert await asked(upstream, unstreamed) == spoken()
    assert await asked(upstream, unstreamed) == spoken()

    assert upstream.opened == [True, False, False]
    assert sorted(upstream.closed) == [False, False, True]


async def test_another_refusal_is_told() -> None:
    """It is about the request, streamed or not."""
    upstream, unstreamed = Upstream(WRONG), Unstreamed()
    with pytest.raises(RequestRejected) as caught:
        await asked(upstream, unstreamed)

    assert caught.value is WRONG
    assert upstream.opened == upstream.closed == [True]


def test_what_is_remembered_is_bounded() -> None:
    """Clients may make up models."""
    unstreamed = Unstreamed()
    for n in range(MOST + 1):
        unstreamed.add(attrs.evolve(TARGET, model=f"m-{n}"))
    assert attrs.evolve(TARGET, model=f"m-{MOST}") in unstreamed
    assert attrs.evolve(TARGET, model="m-0") not in unstreamed
