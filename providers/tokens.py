"""An access token that all calls of a key share: fetched when it is first needed, renewed before it expires.

Each fetch is a task of its own, one at a time, so that a call which is cancelled (every race has such) takes
no other call's token with it.
"""

from collections.abc import Awaitable, Callable
from copy import copy
from math import inf

import attrs
import trio

from providers.errors import ProviderError, Unreachable
from providers.service_account import Token
from providers.types import Secret

FETCH_TIME = 10.0
"""Seconds that a fetch may take."""

AHEAD = 300.0
"""Seconds before its end at which a token is renewed, but never in the first half of its life."""

PAUSE = 5.0
"""Seconds between attempts to renew a token that is still valid."""

Start = Callable[[Callable[[], Awaitable[None]]], None]


@attrs.define(eq=False)
class Fetch:
    """A fetch under way, and what became of it."""

    over: trio.Event = attrs.field(factory=trio.Event)
    error: ProviderError = attrs.Factory(lambda: Unreachable("No access token came in time"))


@attrs.define(eq=False)
class Tokens:
    """The tokens of one credential; `start` has a task run beside the calls. Times are on Trio's clock.

    From `_renew` on another token is fetched, until `_expires` this one may be used; never the other way round.
    """

    fetch: Callable[[], Awaitable[Token]]
    start: Start
    _secret: Secret = attrs.Factory(lambda: Secret(""))
    _renew: float = -inf
    _expires: float = -inf
    _underway: Fetch | None = None

    async def get(self) -> Secret:
        """A token that is valid; waits only where there is none.

        Raises:
            ProviderError: none could be fetched.
        """
        now = trio.current_time()
        if now >= self._renew and self._underway is None:
            self._underway = Fetch()
            self.start(self._run)
        if now >= self._expires:
            assert self._underway is not None, "what has expired is being renewed"
            await self._wait(self._underway)
        return self._secret

    def drop(self, secret: Secret) -> None:
        """This token was refused before its time: the next call fetches another."""
        if secret == self._secret:
            self._renew = self._expires = -inf

    async def _wait(self, fetch: Fetch) -> None:
        await fetch.over.wait()
        if trio.current_time() >= self._expires:
            raise copy(fetch.error) from fetch.error  # every call its own: each gets a traceback

    async def _run(self) -> None:
        fetch = self._underway
        assert fetch is not None
        try:
            with trio.move_on_after(FETCH_TIME):
                self._keep(await self.fetch())
        except ProviderError as error:
            fetch.error = error
        finally:
            soon = trio.current_time() + PAUSE
            self._renew = min(max(self._renew, soon), self._expires)
            self._underway = None
            fetch.over.set()

    def _keep(self, token: Token) -> None:
        self._secret = token.secret
        self._expires = trio.current_time() + token.lifetime
        self._renew = self._expires - min(AHEAD, token.lifetime / 2)
