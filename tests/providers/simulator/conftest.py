"""What the simulator's tests share: the three languages' questions, and a raw client on any stream."""

import json
import random
from collections.abc import Awaitable, Callable
from typing import Any

import attrs
import h11
import httpx
import pytest
import trio
from httpx_sse import EventSource, ServerSentEvent

from providers.simulator import INSTANT, KeyPlan, Simulator

MERHABA = [{"role": "user", "content": "Merhaba, nasılsın?"}]


@attrs.frozen
class Question:
    """A request in one provider's language."""

    path: str
    body: dict[str, Any]
    credential: tuple[str, str]
    more: tuple[tuple[str, str], ...] = ()

    @property
    def headers(self) -> dict[str, str]:
        known = [self.credential] if self.credential[1] else []
        return dict([*known, *self.more, ("content-type", "application/json")])


@attrs.frozen
class Answer:
    """A complete answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


def question(dialect: str, *, key: str = "sk-1", stream: bool = False, **body: Any) -> Question:
    """A short chat in that language; further arguments go into the body."""
    if dialect == "openai":
        body = {"model": "gpt-4o-mini", "messages": MERHABA, "stream": stream, **body}
        return Question("/v1/chat/completions", body, ("authorization", key and f"Bearer {key}"))
    if dialect == "anthropic":
        start = {"model": "claude-sonnet-4-5", "max_tokens": 500}
        body = {**start, "messages": MERHABA, "stream": stream, **body}
        version = ("anthropic-version", "2023-06-01")
        return Question("/v1/messages", body, ("x-api-key", key), (version,))
    method = "streamGenerateContent?alt=sse" if stream else "generateContent"
    body = {"contents": [{"role": "user", "parts": [{"text": "Merhaba, nasılsın?"}]}], **body}
    return Question(f"/v1beta/models/gemini-2.0-flash:{method}", body, ("x-goog-api-key", key))


def events(body: bytes) -> list[ServerSentEvent]:
    """The server-sent events in a body, as httpx-sse reads them."""
    response = httpx.Response(200, headers={"content-type": "text/event-stream"}, content=body)
    return list(EventSource(response).iter_sse())


def said(dialect: str, body: bytes) -> str:
    """The text of a stream, over all of its events."""
    data = [event.data for event in events(body) if event.data != "[DONE]"]
    return "".join(_text(dialect, json.loads(one)) for one in data)


def _text(dialect: str, data: dict[str, Any]) -> str:
    if dialect == "openai":
        return "".join(choice["delta"].get("content", "") for choice in data.get("choices", ()))
    if dialect == "anthropic":
        return data.get("delta", {}).get("text", "")
    candidates = data.get("candidates", [])
    return "".join(part["text"] for one in candidates for part in one["content"]["parts"])


class RawClient:
    """Speaks HTTP/1.1 over one stream, one request after the other, strictly by h11's judgement."""

    def __init__(self, stream: trio.abc.Stream) -> None:
        self.stream = stream
        self._http = h11.Connection(h11.CLIENT)

    async def ask(self, asked: Question) -> Answer:
        """Send, and wait for the whole answer."""
        await self.send(asked)
        return await self.answer()

    async def send(self, asked: Question) -> None:
        body = json.dumps(asked.body).encode()
        headers = {"host": "simulator", **asked.headers, "content-length": str(len(body))}
        request = h11.Request(method="POST", target=asked.path, headers=list(headers.items()))
        for event in (request, h11.Data(body), h11.EndOfMessage()):
            await self.stream.send_all(self._http.send(event) or b"")

    async def answer(self) -> Answer:
        """The next answer, complete.

        Raises:
            h11.RemoteProtocolError: it is cut.
            trio.BrokenResourceError: the connection is reset.
        """
        head, body = await self.head(), await self.rest()
        names = {name.decode(): value.decode() for name, value in head.headers}
        return Answer(head.status_code, names, body)

    async def rest(self) -> bytes:
        """The body, or what is left of it. Gets ready for the next answer."""
        body = []
        while isinstance(event := await self.event(), h11.Data):
            body.append(bytes(event.data))
        if self._http.their_state is h11.DONE:
            self._http.start_next_cycle()
        return b"".join(body)

    async def head(self) -> h11.Response:
        event = await self.event()
        assert isinstance(event, h11.Response), event
        return event

    async def event(self) -> h11.Event:
        while (event := self._http.next_event()) is h11.NEED_DATA:
            self._http.receive_data(bytes(await self.stream.receive_some(65536)))
        assert not isinstance(event, type)
        return event


def instant(**plan: Any) -> Simulator:
    """A simulator without latency whose answers are ten words long."""
    settings = {"profile": INSTANT, "words": 10, "words_sigma": 0.0, **plan}
    return Simulator(default=KeyPlan(**settings), rng=random.Random(7))


@pytest.fixture(scope="session")
def tools() -> Any:
    """The helpers above, since test modules cannot import one another."""

    class Tools:
        Question = Question
        RawClient = RawClient

    for helper in (question, events, said, instant):
        setattr(Tools, helper.__name__, staticmethod(helper))
    return Tools


@pytest.fixture
def connect(nursery: trio.Nursery) -> Callable[[Simulator], RawClient]:
    """Opens a connection to a simulator in memory, where a mock clock governs all time."""

    def connect(simulator: Simulator) -> RawClient:
        ours, theirs = trio.testing.memory_stream_pair()
        nursery.start_soon(simulator.handle_stream, theirs)
        return RawClient(ours)

    return connect


@pytest.fixture
def dial(nursery: trio.Nursery) -> Callable[[Simulator], Awaitable[RawClient]]:
    """Opens a connection to a simulator over a real socket; it is closed when the test ends."""

    async def dial(simulator: Simulator) -> RawClient:
        url = await nursery.start(simulator.serve)
        stream = await trio.open_tcp_stream("127.0.0.1", int(url.rpartition(":")[2]))
        nursery.start_soon(_close_at_the_end, stream)
        return RawClient(stream)

    return dial


async def _close_at_the_end(stream: trio.abc.Stream) -> None:
    async with stream:
        await trio.sleep_forever()
