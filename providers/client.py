"""The shell around the dialects, and the only place that knows the HTTP library.

One `Exchange` is one upstream call: it sends what the dialect encoded, feeds the answer's bytes to the
dialect's decoder, and translates every failure of the network into a `ProviderError`. It holds no
deadline but `connect`, which only the library can keep: deadlines belong to the caller, who cancels.
Leaving the exchange before its end closes the connection: that is how a losing call is stopped at the
provider.
"""

import logging
import ssl
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Self

import attrs
import httpx
import trio

from providers.base import Decoder, Dialect, WireRequest
from providers.connections import Connections
from providers.errors import BrokenAnswer, TimedOut, Unreachable
from providers.types import Call, Ended, Event, Failed, ModelInfo, RateLimits, Secret

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

MODEL_LIST_LIMIT = 16 * 1024 * 1024
MODEL_PAGES = 50

# httpx logs whole URLs at INFO, and some people put credentials into URLs.
for _noisy in ("httpx", "httpcore"):
    logging.getLogger(_noisy).setLevel(logging.WARNING)


@attrs.frozen
class Upstream:
    """Where one pooled key's calls go, and in which dialect. `headers` are sent with every call."""

    dialect: Dialect
    base_url: str
    secret: Secret
    headers: tuple[tuple[str, str], ...] = attrs.field(default=(), repr=False)


class HttpClient:
    """What upstream calls are sent with: connections of its own for each key. To be used with `async with`.

    What one key does to its connections is no other key's business. Their number is not bounded: how many
    calls a key may have is decided before they are sent. HTTP/1.1 only: cancelling an HTTP/2 stream does not
    stop it at the provider. No redirects and no proxies from the environment, so a credential goes where
    the configuration says and nowhere else.
    """

    def __init__(self) -> None:
        self._pools: dict[Upstream, httpx.AsyncClient] = {}
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
            for pool in self._pools.values():
                await pool.aclose()

    def pool(self, upstream: Upstream) -> httpx.AsyncClient:
        """The connections of one key."""
        pool = self._pools.get(upstream)
        if pool is None:
            pool = self._pools[upstream] = self._new_pool()
        return pool

    def _new_pool(self) -> httpx.AsyncClient:
        if self._tls is None:
            self._tls = httpx.create_ssl_context(trust_env=False)  # dear, and the same for all
        return httpx.AsyncClient(
            transport=Connections(self._tls, IDLE_CONNECTIONS, IDLE_TIME),
            headers={"accept-encoding": "identity", "user-agent": "hedgerow"},
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
        wire = upstream.dialect.encode(call, model)
        self._http = http.pool(upstream)
        self._upstream = upstream
        self._request = _build(self._http, upstream, wire, connect=connect)
        self._decoder: Decoder = upstream.dialect.decoder(call)
        self._response: httpx.Response | None = None
        self._chunks: AsyncIterator[bytes] | None = None
        self._over = self._ended = False
        self._reading = trio.Lock()
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
        with _network_errors(before_answer=True):
            self._response = await self._http.send(self._request, stream=True)
        self._chunks = self._response.aiter_raw()
        headers = dict(self._response.headers.items())
        if self._response.status_code != httpx.codes.OK:
            body = await self._read_some(ERROR_BODY_LIMIT)
            raise self._upstream.dialect.error(self._response.status_code, headers, body)
        self.limits = self._upstream.dialect.limits(headers)

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
        assert self._chunks is not None, "start() comes first"
        self._reading.acquire_nowait()
        try:
            with _network_errors(before_answer=False):
                chunk = await anext(self._chunks, None)
        except BrokenAnswer as broken:
            # What had arrived may well hold the end: some servers reset right behind it.
            events = [event for event in self._decoder.finish() if not isinstance(event, Failed)]
            return events if events and isinstance(events[-1], Ended) else [*events, Failed(broken)]
        finally:
            self._reading.release()
        if chunk is None:
            return self._decoder.finish() or (Failed(BrokenAnswer("The answer was empty")),)
        return self._decoder.feed(chunk)

    async def _read_some(self, limit: int) -> bytes:
        """The body of an error answer; a body that breaks off is as good as what came of it."""
        assert self._chunks is not None
        body = bytearray()
        try:
            with _network_errors(before_answer=False):
                while len(body) < limit and (chunk := await anext(self._chunks, None)) is not None:
                    body += chunk
        except BrokenAnswer:
            pass
        return bytes(body[:limit])

    async def _close(self) -> None:
        if self._response is None or self._chunks is None:
            return
        with trio.move_on_after(CLOSE_GRACE, shield=True):
            # Another task may be reading: it is cancelled as well, and must be through with it first.
            async with self._reading:
                await self._read_out(self._chunks)
            await self._response.aclose()

    async def _read_out(self, chunks: AsyncIterator[bytes]) -> None:
        """The library's streams are generators within generators, and only reading on closes them all:
        to the end where it was said, so that the connection can be used again, else not a moment longer.
        """
        with trio.move_on_after(DRAIN if self._ended else 0), suppress(httpx.HTTPError):
            while await anext(chunks, None) is not None:
                pass


async def list_models(http: HttpClient, upstream: Upstream) -> list[ModelInfo]:
    """All models that a key's upstream offers, page by page.

    Raises:
        ProviderError: the upstream could not be asked, or gave no list.
    """
    found: list[ModelInfo] = []
    page: str | None = None
    for _ in range(MODEL_PAGES):
        body = await _fetch(http, upstream, upstream.dialect.list_models(page))
        models, page = upstream.dialect.read_models(body)
        found.extend(models)
        if page is None:
            break
    return found


async def _fetch(http: HttpClient, upstream: Upstream, wire: WireRequest) -> bytes:
    pool = http.pool(upstream)
    with _network_errors(before_answer=True):
        response = await pool.send(_build(pool, upstream, wire, connect=None))
    body = response.content[:MODEL_LIST_LIMIT]
    if response.status_code != httpx.codes.OK:
        raise upstream.dialect.error(response.status_code, dict(response.headers), body)
    return body


def _build(
    http: httpx.AsyncClient, upstream: Upstream, wire: WireRequest, *, connect: float | None
) -> httpx.Request:
    return http.build_request(
        wire.method,
        upstream.base_url.rstrip("/") + wire.path,
        content=wire.body or None,
        headers=[
            *wire.headers,
            *upstream.dialect.credentials(upstream.secret),
            *upstream.headers,
        ],
        timeout=httpx.Timeout(None, connect=connect),
    )


@contextmanager
def _network_errors(*, before_answer: bool) -> Iterator[None]:
    """The HTTP library's errors in our words. The cause is kept for logs, never shown to a client."""
    try:
        yield
    except httpx.ConnectTimeout as error:
        raise TimedOut("No connection within the connect timeout", clock="connect") from error
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
        if before_answer:
            raise Unreachable("The upstream could not be reached") from error
        raise BrokenAnswer("The connection broke in the middle of the answer") from error
