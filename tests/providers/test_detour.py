"""Ways that are not straight, each to a real server: by a proxy, through a unix socket, over HTTP/2."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import trio
import trustme
from hypercorn.config import Config
from hypercorn.trio import serve

from providers.client import Exchange, HttpClient, Upstream
from providers.detour import transport
from providers.openai import OpenAI
from providers.types import Secret
from providers.way import Way
from tests.providers.test_client import chat

BODY = b'{"choices":[{"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}]}'
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(BODY), BODY)


async def answer(seen: list[bytes], stream: trio.SocketStream) -> None:
    """A server that says the same to everybody."""
    async with stream:
        while data := await stream.receive_some(65536):
            seen.append(data)
            await stream.send_all(ANSWER)


async def test_a_call_goes_through_a_unix_socket(tmp_path: Path) -> None:
    """As local servers offer one; host and path are those of the address."""
    path, seen = tmp_path / "upstream.sock", list[bytes]()
    listener = trio.socket.socket(trio.socket.AF_UNIX)
    await listener.bind(str(path))
    listener.listen()
    upstream = Upstream(OpenAI(), "http://local/v1", Secret("key"), way=Way(unix=str(path)))
    async with trio.open_nursery() as nursery, HttpClient() as http:
        handler = partial(answer, seen)
        nursery.start_soon(trio.serve_listeners, handler, [trio.SocketListener(listener)])
        async with Exchange(http, upstream, chat(stream=False), "m", connect=5.0) as exchange:
            await exchange.start()
            assert await exchange.receive()
        nursery.cancel_scope.cancel()
    assert seen[0].startswith(b"POST /v1/chat/completions HTTP/1.1\r\nHost: local\r\n")


async def test_a_proxy_is_asked_for_a_plain_call_with_its_own_credentials_only() -> None:
    """By the whole address; who the caller is to the proxy is no business of the upstream's."""
    seen: list[bytes] = []
    async with trio.open_nursery() as nursery, HttpClient() as http:
        (listener,) = await nursery.start(
            partial(trio.serve_tcp, partial(answer, seen), 0, host="127.0.0.1")
        )
        port = listener.socket.getsockname()[1]
        way = Way(proxy=f"http://user:pass@127.0.0.1:{port}")
        upstream = Upstream(OpenAI(), "http://nowhere.invalid/v1", Secret("key"), way=way)
        async with Exchange(http, upstream, chat(stream=False), "m", connect=5.0) as exchange:
            await exchange.start()
            assert await exchange.receive()
        nursery.cancel_scope.cancel()
    assert seen[0].startswith(b"POST http://nowhere.invalid/v1/chat/completions HTTP/1.1")
    assert b"Proxy-Authorization: Basic dXNlcjpwYXNz" in seen[0]


@asynccontextmanager
async def hypercorn(authority: trustme.CA, folder: Path) -> AsyncIterator[str]:
    """A server of HTTP/1.1 and HTTP/2 over TLS that says which was spoken; gives its address."""
    certificate = authority.issue_cert("localhost")
    certificate.private_key_pem.write_to_path(folder / "key.pem")
    certificate.cert_chain_pems[0].write_to_path(folder / "cert.pem")
    config = Config()
    config.bind = ["127.0.0.1:0"]
    config.certfile, config.keyfile = str(folder / "cert.pem"), str(folder / "key.pem")
    config.errorlog = None

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            for word in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{word}.complete"})
        else:
            headers = [(b"content-type", b"text/plain")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": scope["http_version"].encode()})

    async with trio.open_nursery() as nursery:
        urls = await nursery.start(partial(serve, mode="asgi"), app, config)
        yield urls[0].replace("127.0.0.1", "localhost")
        nursery.cancel_scope.cancel()


async def tunnel(asked: list[bytes], stream: trio.SocketStream) -> None:
    """A proxy that connects to wherever it is asked to, on this machine."""
    asked.append(await stream.receive_some(65536))
    port = int(asked[-1].split(b" ")[1].split(b":")[1])
    async with stream, await trio.open_tcp_stream("127.0.0.1", port) as upstream:
        await stream.send_all(b"HTTP/1.1 200 Connection established\r\n\r\n")
        async with trio.open_nursery() as nursery:
            nursery.start_soon(pour, stream, upstream)
            await pour(upstream, stream)
            nursery.cancel_scope.cancel()


async def pour(source: trio.SocketStream, target: trio.SocketStream) -> None:
    async for data in source:
        await target.send_all(data)


async def get(way: Way, authority: trustme.CA, url: str) -> str:
    tls = ssl.create_default_context()
    authority.configure_trust(tls)
    ways = transport(way, tls, 4, 5.0)
    async with httpx.AsyncClient(transport=ways, trust_env=False) as client:
        return (await client.get(url)).text


async def test_http2_is_spoken_where_it_is_asked_for(tmp_path: Path) -> None:
    """And HTTP/1.1 where it is not."""
    authority = trustme.CA()
    async with hypercorn(authority, tmp_path) as url:
        assert await get(Way(http2=True), authority, url) == "2"
        assert await get(Way(), authority, url) == "1.1"


async def test_a_secured_call_is_tunnelled_through_a_proxy(tmp_path: Path) -> None:
    """The proxy hears where to, and then nothing that it could read."""
    authority, asked = trustme.CA(), list[bytes]()
    async with hypercorn(authority, tmp_path) as url, trio.open_nursery() as nursery:
        (listener,) = await nursery.start(
            partial(trio.serve_tcp, partial(tunnel, asked), 0, host="127.0.0.1")
        )
        proxy = f"http://127.0.0.1:{listener.socket.getsockname()[1]}"
        assert await get(Way(proxy=proxy), authority, url) == "1.1"
        nursery.cancel_scope.cancel()
    assert asked[0].startswith(b"CONNECT localhost:")
