"""Senders for credentials that no request can simply carry (see `providers.identity`).

They stand before the sender that sends, for the keys that need it alone: all others never meet them.
"""

from collections.abc import Callable
from http import HTTPStatus

import attrs
import httpx
import trio

from providers.aws import AwsKey
from providers.base import WireRequest
from providers.errors import Unreachable
from providers.sending import Answer, Sender, read_body
from providers.service_account import ServiceAccount, Token, read_token
from providers.tokens import Tokens

CLOSE_TIME = 1.0
TOKEN_LIMIT = 64 * 1024
"""Bytes that are read of an answer which should hold a token."""


@attrs.define(eq=False)
class Signed:
    """Signs every request. Implements `providers.sending.Sender`."""

    sender: Sender
    key: AwsKey
    base_url: str
    wall: Callable[[], float]

    @property
    def idle(self) -> int:
        return self.sender.idle

    async def send(self, wire: WireRequest, connect: float | None) -> Answer:
        fields = self.key.sign(wire, self.base_url, self.wall())
        return await self.sender.send(attrs.evolve(wire, headers=(*wire.headers, *fields)), connect)

    async def close(self) -> None:
        await self.sender.close()


@attrs.define(eq=False)
class WithToken:
    """Gives every request the token of the hour. Implements `providers.sending.Sender`.

    `issuer` is the way by which `tokens` are fetched.
    """

    sender: Sender
    issuer: Sender
    tokens: Tokens

    @property
    def idle(self) -> int:
        return self.sender.idle

    async def send(self, wire: WireRequest, connect: float | None) -> Answer:
        token = await self.tokens.get()
        bearer = ("authorization", f"Bearer {token.reveal}")
        answer = await self.sender.send(
            attrs.evolve(wire, headers=(*wire.headers, bearer)), connect
        )
        if answer.status == HTTPStatus.UNAUTHORIZED:
            self.tokens.drop(token)
        return answer

    async def close(self) -> None:
        await self.issuer.close()
        await self.sender.close()


async def fetch_token(sender: Sender, account: ServiceAccount, wall: Callable[[], float]) -> Token:
    """Asks the account's token server, to which `sender` is the way.

    Raises:
        ProviderError: it gave no token.
    """
    try:
        answer = await sender.send(account.request(wall()), None)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise Unreachable("The server of access tokens could not be reached") from error
    try:
        return read_token(answer.status, await read_body(answer, TOKEN_LIMIT))
    finally:
        with trio.move_on_after(CLOSE_TIME, shield=True):
            await answer.close()
