"""The shell around the dialects, and the only place that knows the HTTP library.

One `Exchange` is one upstream call: it sends what the dialect encoded, feeds the answer's bytes to the
dialect's decoder, and translates every failure of the network into a `ProviderError`. It holds no
deadline but `connect`, which only the library can keep: deadlines belong to the caller, who cancels.
Leaving the exchange before its end closes the connection: that is how a losing call is stopped at the
provider.
"""

import logging
import ssl
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial
from types import TracebackType
from typing import Self

import attrs
import httpx
import trio

from providers import detour
from providers.authorized import Signed, WithToken, fetch_token
from providers.aws import AwsKey
from providers.base import Decoder, Dialect, WireRequest
from providers.connections import Connections
from providers.errors import BrokenAnswer, ProviderError, TimedOut, Unreachable
from providers.identity import identity_of
from providers.plain import PlainAnswer
from providers.sending import Answer, Direct, Library, Sender, read_body
from providers.tokens import Tokens
from providers.transport import Origin, Pool
from providers.transport.spares import Spares
from providers.types import Call, Ended, Event, Failed, ModelInfo, RateLimits, Secret
from providers.way import STRAIGHT, Way

CLOSE_GRACE = 2.0
"""Seconds that closing a connection may take before it is abandoned."""

DRAIN = 0.1
"""Seconds in which an answer that said its end may deliver the rest of its framing."""

ERROR_BODY_LIMIT = 64 * 1024
"""Bytes of an error answer that are read; what is beyond cannot hold a reason anybody reads."""

IDLE_CONNECTIONS = 32
"""Connections a key that are kept open for calls to come."""

IDLE_TIME = 45.0
"""Seconds for which they are."""

STANDING = (("accept", "*/*"), ("accept-encoding", "identity"), ("user-agent", "hedgerow"))
"""Fields that are sent with every request."""

_NETWORK = (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError)

MODEL_LIST_LIMIT = 16 * 1024 * 1024
MODEL_PAGES = 50

# httpx logs whole URLs at INFO, and some people put credentials into URLs.
for _noisy in ("httpx", "httpcore"):
    logging.getLogger(_noisy).setLevel(logging.WARNING)


@attrs.frozen(cache_hash=True)  # every call looks its connections up by it
class Upstream:
    """Where one pooled key's calls go, by which way and in which dialect.

    `headers` are sent with every call.
    """

    dialect: Dialect
    base_url: str
    secret: Secret
    headers: tuple[tuple[str, str], ...] = attrs.field(default=(), repr=False)
    way: Way = STRAIGHT


class HttpClient:
    """What upstream calls are sent with: connections of its own for each key. To be used with `async with`.

    What one key does to its connections is no other key's business. Their number is not bounded: how many
    calls a key may have is decided before they are sent. HTTP/1.1 only: cancelling an HTTP/2 stream does not
    stop it at the provider. No redirects, and nothing is taken from the environment here, so a credential goes
    where the configuration says and nowhere else. What is not reached straight is reached by httpx.

    `library` has httpx do it all, over `transport` if there is one. `wall` gives the Unix time, for signatures.
    While `run` runs, keys in use have a connection waiting, and those that need tokens are given them.
    """

    def __init__(
        self,
        *,
        library: bool = False,
        transport: httpx.AsyncBaseTransport | None = None,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._library = library or transport is not None
        self._transport = transport
        self._wall = wall
        self._beside: trio.Nursery | None = None
        self._senders: dict[Upstream, Sender] = {}
        self._spares = Spares()
        self._tls: ssl.SSLContext | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with trio.move_on_after(CLOSE_GRACE, shield=True):
            for sender in self._senders.values():
                await sender.close()

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Keeps connections in advance and fetches tokens, until cancelled."""
        async with trio.open_nursery() as self._beside:
            await self._spares.run(task_status=task_status)

    @property
    def idle(self) -> int:
        """How many connections wait for calls."""
        return sum(sender.idle for sender in self._senders.values())

    @property
    def tls(self) -> ssl.SSLContext:
        """What TLS connections are made with: dear, and the same for all. HTTP/1.1 only."""
        if self._tls is None:
            self._tls = httpx.create_ssl_context(trust_env=False)
            self._tls.set_alpn_protocols(["http/1.1"])
        return self._tls

    def sender(self, upstream: Upstream) -> Sender:
        """The way to one key's upstream.

        Raises:
            Unreachable: its address is none.
        """
        sender = self._senders.get(upstream)
        if sender is None:
            try:
                sender = self._senders[upstream] = self._new_sender(upstream)
            except _NETWORK as error:
                raise _unreached(error) from error
        return sender

    def _new_sender(self, upstream: Upstream) -> Sender:
        secret = upstream.dialect.credentials(upstream.secret)
        standing = (*STANDING, *secret, *upstream.headers)
        sender = self._sender_to(upstream.base_url, standing, upstream.way)
        identity = identity_of(upstream.dialect, upstream.secret)
        if identity is None:
            return sender
        if isinstance(identity, AwsKey):
            return Signed(sender, identity, upstream.base_url, self._wall)
        there = self._sender_to(identity.token_uri, STANDING, attrs.evolve(upstream.way, unix=None))
        fetch = partial(fetch_token, there, identity, self._wall)
        return WithToken(sender, there, Tokens(fetch, self._start))

    def _sender_to(self, base_url: str, standing: tuple[tuple[str, str], ...], way: Way) -> Sender:
        if way != STRAIGHT:
            tls = httpx.create_ssl_context(trust_env=False)
            transport = detour.transport(way, tls, IDLE_CONNECTIONS, IDLE_TIME)
            return Library(_client(transport), transport, base_url, standing)
        self._tls = self.tls
        if self._library:
            transport = self._transport or Connections(self._tls, IDLE_CONNECTIONS, IDLE_TIME)
            return Library(_client(transport), transport, base_url, standing)
        pool = Pool(Origin.of(base_url, self._tls, standing), IDLE_CONNECTIONS, IDLE_TIME)
        self._spares.look_after(pool)
        return Direct(pool)

    def _start(self, task: Callable[[], Awaitable[None]]) -> None:
        assert self._beside is not None, "run() comes first: tokens are fetched beside the calls"
        self._beside.start_soon(task)


def _client(transport: httpx.AsyncBaseTransport) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=transport,
        timeout=None,  # noqa: S113 - deadlines belong to the caller
        trust_env=False,
        follow_redirects=False,
    )


class Exchange:
    """One upstream call, from its request to the last event of its answer.

        async with Exchange(http, upstream, call, model) as exchange:
            await exchange.start()
            while events := await exchange.receive():
                ...

    `limits` is what the answer's headers said of the key's quota, known once `start` returned.
    """

    def __init__(
        self, http: HttpClient, upstream: Upstream, call: Call, model: str, *, connect: float
    ) -> None:
        self._sender = http.sender(upstream)
        self._dialect = upstream.dialect
        self._wire = upstream.dialect.encode(call, model)
        self._connect = connect
        self._decoder: Decoder = upstream.dialect.decoder(call)
        self._answer: Answer | None = None
        self._over = self._ended = self._reading = False
        self._read: trio.Event | None = None
        self.limits = RateLimits()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._close()  # noqa: ASYNC102 - it shields itself, with deadlines

    async def start(self) -> None:
        """Sends the call and waits for the answer's headers.

        Raises:
            ProviderError: no connection, or the upstream answered with an error.
        """
        try:
            self._answer = await self._sender.send(self._wire, self._connect)
        except _NETWORK as error:
            raise _unreached(error) from error
        if self._answer.status != httpx.codes.OK:
            body = await read_body(self._answer, ERROR_BODY_LIMIT)
            raise self._dialect.error(self._answer.status, self._answer.headers, body)
        self.limits = self._dialect.limits(self._answer.headers)
        if isinstance(self._decoder, PlainAnswer):
            self._decoder.headed(self._answer.headers.get("content-type", ""))

    async def receive(self) -> Sequence[Event]:
        """The next events, at least one; empty only after `Ended` or `Failed` was given."""
        if self._over:
            await trio.lowlevel.checkpoint()
            return ()
        events: Sequence[Event] = ()
        while not events:
            events = await self._decode_next()
        self._ended = isinstance(events[-1], Ended)
        self._over = self._ended or isinstance(events[-1], Failed)
        return events

    async def _decode_next(self) -> Sequence[Event]:
        assert self._answer is not None, "start() comes first"
        assert not self._reading, "one task reads at a time"
        self._reading = True
        try:
            chunk = await self._answer.receive()
        except _NETWORK as error:
            return self._broken(error)
        finally:
            self._reading = False
            if self._read is not None:
                self._read.set()
        if not chunk:
            return self._decoder.finish() or (Failed(BrokenAnswer("The answer was empty")),)
        return self._decoder.feed(chunk)

    def _broken(self, error: Exception) -> Sequence[Event]:
        """What had arrived may well hold the end: some servers reset right behind it."""
        torn = isinstance(self._decoder, PlainAnswer) and self._decoder.opaque
        rest = () if torn else self._decoder.finish()
        events = [event for event in rest if not isinstance(event, Failed)]
        if events and isinstance(events[-1], Ended):
            return events
        broken = BrokenAnswer("The connection broke in the middle of the answer")
        broken.__cause__ = error
        return [*events, Failed(broken)]

    async def _close(self) -> None:
        answer = self._answer
        if answer is None:
            return
        if answer.complete:
            await answer.close()
            return
        with trio.move_on_after(CLOSE_GRACE, shield=True):
            if self._reading:  # by another task: it is cancelled as well, and must be through first
                self._read = trio.Event()
                await self._read.wait()
            if self._ended:
                await _read_out(answer)
            await answer.close()


async def _read_out(answer: Answer) -> None:
    """Reads to the end, where it was said already, so that the connection can be used again."""
    with trio.move_on_after(DRAIN), suppress(httpx.HTTPError):
        while await answer.receive():
            pass


async def list_models(http: HttpClient, upstream: Upstream) -> list[ModelInfo]:
    """All models that a key's upstream offers, page by page.

    Raises:
        ProviderError: the upstream could not be asked, or gave no list.
    """
    found: list[ModelInfo] = []
    page: str | None = None
    for _ in range(MODEL_PAGES):
        wire = upstream.dialect.list_models(page)
        if wire is None:
            await trio.lowlevel.checkpoint()
            break
        body = await _fetch(http, upstream, wire)
        models, page = upstream.dialect.read_models(body)
        found.extend(models)
        if page is None:
            break
    return found


async def _fetch(http: HttpClient, upstream: Upstream, wire: WireRequest) -> bytes:
    try:
        answer = await http.sender(upstream).send(wire, None)
    except _NETWORK as error:
        raise _unreached(error) from error
    try:
        body = await read_body(answer, MODEL_LIST_LIMIT)
        if answer.status != httpx.codes.OK:
            raise upstream.dialect.error(answer.status, answer.headers, body)
        return body
    finally:
        with trio.move_on_after(CLOSE_GRACE, shield=True):
            await answer.close()


def _unreached(error: Exception) -> ProviderError:
    """The HTTP library's error in our words. The cause is kept for logs, never shown to a client."""
    if isinstance(error, httpx.ConnectTimeout):
        return TimedOut("No connection within the connect timeout", clock="connect")
    return Unreachable("The upstream could not be reached")
