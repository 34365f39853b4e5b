"""Tokens that many calls share: one fetch at a time, renewed in time, nobody's failure but their own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import attrs
import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from providers.errors import CredentialRejected, Unreachable
from providers.service_account import Token
from providers.tokens import AHEAD, FETCH_TIME, PAUSE, Tokens
from providers.types import Secret


@attrs.define(eq=False)
class Issuer:
    """Gives tokens `t1`, `t2`, ... after a second each; fails while `error` is set; hangs while `silent`."""

    error: Exception | None = None
    silent: bool = False
    lifetime: float = 3600.0
    asked: int = 0
    at_once: int = 0
    most: int = 0

    async def fetch(self) -> Token:
        self.asked += 1
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        name = f"t{self.asked}"
        try:
            await trio.sleep(float("inf") if self.silent else 1.0)
        finally:
            self.at_once -= 1
        if self.error is not None:
            raise self.error
        return Token(Secret(name), self.lifetime)


@asynccontextmanager
async def shared(issuer: Issuer) -> AsyncIterator[Tokens]:
    async with trio.open_nursery() as nursery:
        yield Tokens(issuer.fetch, nursery.start_soon)
        nursery.cancel_scope.cancel()


async def test_all_calls_share_one_fetch(autojump_clock: MockClock) -> None:
    """However many come before there is a token, and none after waits."""
    issuer, given = Issuer(), list[str]()

    async def call(tokens: Tokens) -> None:
        given.append((await tokens.get()).reveal)

    async with shared(issuer) as tokens:
        async with trio.open_nursery() as nursery:
            for _ in range(20):
                nursery.start_soon(call, tokens)
        before = trio.current_time()
        await call(tokens)
        assert trio.current_time() == before
    assert (given, issuer.asked) == (["t1"] * 21, 1)


async def test_a_call_that_is_cancelled_takes_no_other_calls_token(
    autojump_clock: MockClock,
) -> None:
    """The first of two leaves in the middle of the fetch that it began."""
    issuer, given = Issuer(), list[str]()

    async def patient(tokens: Tokens) -> None:
        given.append((await tokens.get()).reveal)

    async with shared(issuer) as tokens, trio.open_nursery() as nursery:
        with trio.move_on_after(0.5):
            nursery.start_soon(patient, tokens)
            await tokens.get()
            pytest.fail("it was cancelled before")
    assert (given, issuer.asked) == (["t1"], 1)


async def test_a_token_is_renewed_ahead_of_its_end_while_the_old_one_serves(
    autojump_clock: MockClock,
) -> None:
    """Nobody waits for it, and there is one fetch."""
    issuer = Issuer()
    async with shared(issuer) as tokens:
        assert (await tokens.get()).reveal == "t1"
        await trio.sleep(3600 - AHEAD - 1)
        assert (await tokens.get()).reveal == "t1"
        assert issuer.asked == 1
        await trio.sleep(2)
        assert [(await tokens.get()).reveal for _ in range(5)] == ["t1"] * 5
        await trio.sleep(2)
        assert (await tokens.get()).reveal == "t2"
    assert (issuer.asked, issuer.most) == (2, 1)


async def test_a_renewal_that_fails_costs_nothing_while_the_old_token_lasts(
    autojump_clock: MockClock,
) -> None:
    """It is tried again now and then; when the token ends, calls fail."""
    issuer = Issuer(lifetime=100.0)
    async with shared(issuer) as tokens:
        await tokens.get()
        issuer.error = Unreachable("gone")
        await trio.sleep(60)
        for _ in range(10):
            assert (await tokens.get()).reveal == "t1"
            await trio.sleep(1)
        assert 2 <= issuer.asked <= 2 + 10 / PAUSE
        await trio.sleep(40)
        with pytest.raises(Unreachable):
            await tokens.get()


async def test_a_failure_is_everybodys_own(autojump_clock: MockClock) -> None:
    """Each waiting call raises an error of its own, and the next call asks again."""
    issuer, seen = Issuer(error=CredentialRejected("no", status=401)), list[CredentialRejected]()

    async def call(tokens: Tokens) -> None:
        with pytest.raises(CredentialRejected) as refused:
            await tokens.get()
        seen.append(refused.value)

    async with shared(issuer) as tokens:
        async with trio.open_nursery() as nursery:
            for _ in range(3):
                nursery.start_soon(call, tokens)
        issuer.error = None
        assert (await tokens.get()).reveal == "t2"
    assert len({id(error) for error in seen}) == 3
    assert {(error.message, error.status) for error in seen} == {("no", 401)}


async def test_a_silent_issuer_is_given_up(autojump_clock: MockClock) -> None:
    """After its time; then it is asked anew."""
    issuer = Issuer(silent=True)
    async with shared(issuer) as tokens:
        with pytest.raises(Unreachable):
            await tokens.get()
        assert trio.current_time() == pytest.approx(FETCH_TIME)
        issuer.silent = False
        assert (await tokens.get()).reveal == "t2"


async def test_a_token_that_was_refused_is_dropped(autojump_clock: MockClock) -> None:
    """Once: what came in its place is not."""
    issuer = Issuer()
    async with shared(issuer) as tokens:
        first = await tokens.get()
        tokens.drop(first)
        second = await tokens.get()
        tokens.drop(first)
        assert (await tokens.get(), issuer.asked) == (second, 2)
        assert first != second


@pytest.mark.parametrize("lifetime", [0.5, 1.0, 3.0, 6.0])
async def test_tokens_of_a_moment_are_still_tokens(
    lifetime: float, autojump_clock: MockClock
) -> None:
    """However short they live, a call is given one that is valid, or told that there is none."""
    issuer = Issuer(lifetime=lifetime)
    async with shared(issuer) as tokens:
        for _ in range(20):
            assert (await tokens.get()).reveal.startswith("t")
            await trio.sleep(0.7)
    assert issuer.most == 1


async def test_calls_that_wait_when_all_ends_are_told() -> None:
    """Whoever fetches is cancelled: nobody waits for ever."""
    issuer = Issuer(silent=True)
    async with trio.open_nursery() as calls, trio.open_nursery() as nursery:
        tokens = Tokens(issuer.fetch, nursery.start_soon)

        async def call() -> None:
            with pytest.raises(Unreachable):
                await tokens.get()

        calls.start_soon(call)
        await wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
