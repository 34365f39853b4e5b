"""Realtime sessions through the running gateway: real websockets on both sides."""

import json
import random
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import trio
from trio_websocket import (
    ConnectionClosed,
    ConnectionRejected,
    WebSocketConnection,
    open_websocket_url,
)
from wsproto.utilities import LocalProtocolError

from gateway.environment import load_config
from gateway.serve import serve
from tests.gateway.realtime_upstream import CREATED, Upstream, say, upstream
from tests.providers.corpus import SHARED

MODEL = "gpt-realtime"
FIXED = 'hedge = { policy = "fixed", delay = "50ms" }'
SESSIONS = sorted(
    path
    for name in ("openai", "azure", "xai")
    for path in SHARED.glob(f"wire/{name}/realtime-ws/*.json")
)


class Running:
    """A running gateway: its address, its keys, where it writes."""

    def __init__(self, base: str, said: str, folder: Path) -> None:
        self.url = base.replace("http", "ws")
        self.live, self.test = re.findall(r"(pk_\w+)   ", said)
        self.folder = folder

    @asynccontextmanager
    async def open(
        self, key: str | None = None, query: str = f"model={MODEL}", **options: Any
    ) -> AsyncIterator[WebSocketConnection]:
        """A client. Its library raises where a ping crosses its own close: that is not what is tested here."""
        headers = [] if key == "" else [("authorization", f"Bearer {key or self.live}")]
        url = f"{self.url}/v1/realtime?{query}"
        sent = options.pop("extra_headers", headers)
        try:
            async with open_websocket_url(url, extra_headers=sent, **options) as socket:
                yield socket
        except LocalProtocolError:
            pass

    def records(self) -> list[Any]:
        """The requests in the journal."""
        logs = sorted((self.folder / "state/logs/serve").glob("*.jsonl"))
        lines = [json.loads(line) for log in logs for line in log.read_text().splitlines()]
        return [line for line in lines if line["t"] == "request_ended"]


@asynccontextmanager
async def running(
    folder: Path, upstreams: Sequence[Upstream], *, kind: str = "openai", policy: str = ""
) -> AsyncIterator[Running]:
    """A gateway over these upstreams, a tier each in their order."""
    tables = [f'[server]\nbind = "127.0.0.1:0"\n[state]\nurl = "file:{folder / "state"}"\n']
    prefix = "" if kind == "azure" else "/v1"
    for n, each in enumerate(upstreams):
        base = f"http://127.0.0.1:{each.port}{prefix}"
        tables.append(
            f'[providers.p{n}]\nkind = "{kind}"\nbase_url = "{base}"\nkeys = ["sk-{n}"]\n'
        )
    tiers = ", ".join(f'["p{n}"]' for n in range(len(upstreams)))
    tables.append(f'[models."{MODEL}"]\ntargets = [{tiers}]\n[policies.default]\n{policy}\n')
    config = folder / "hedgerow.toml"
    config.write_text("".join(tables))
    said: list[str] = []
    async with trio.open_nursery() as nursery:
        run = partial(serve, load_config(config, {}, folder), said.append, rng=random.Random(1))
        base = await nursery.start(run)
        yield Running(base, said[0], folder)
        nursery.cancel_scope.cancel()


async def hear(socket: WebSocketConnection) -> Any:
    with trio.fail_after(10):
        return json.loads(await socket.get_message())


async def until(condition: Any) -> None:
    with trio.fail_after(10):
        while not condition():
            await trio.sleep(0.01)


async def answer_each(_upstream: Upstream, socket: WebSocketConnection) -> None:
    """Answers every message with what it has used."""
    await say(socket, CREATED)
    usage = {"input_tokens": 3, "output_tokens": 4, "total_tokens": 7}
    while True:
        await socket.get_message()
        await say(socket, {"type": "response.done", "response": {"usage": usage}})


async def test_messages_go_both_ways_and_what_is_used_is_recorded(tmp_path: Path) -> None:
    """Text and bytes; the sum of all answers, in one record when the session ends."""
    async with upstream(answer_each) as there, running(tmp_path, [there]) as gateway:
        async with gateway.open() as socket:
            assert await hear(socket) == CREATED
            for message in ('{"type":"response.create"}', b"\x00\xff"):
                await socket.send_message(message)
                assert (await hear(socket))["type"] == "response.done"
        await until(gateway.records)
        (record,) = gateway.records()
        path, headers = there.handshakes[0]

    assert path == f"/v1/realtime?model={MODEL}"
    assert headers["authorization"] == "Bearer sk-0"
    assert gateway.live not in str(there.handshakes)
    assert (record["operation"], record["prompt_tokens"], record["completion_tokens"]) == (
        *("realtime", 6),
        8,
    )
    assert record["attempts"][0]["outcome"] in ("client_gone", "won")


@pytest.mark.parametrize("way", ["header", "x-api-key", "query", "subprotocol"])
async def test_a_key_may_come_in_four_ways(tmp_path: Path, way: str) -> None:
    """Browsers have only the last; what is agreed on is the protocol without it."""
    async with upstream() as there, running(tmp_path, [there]) as gateway:
        key, query = gateway.live, f"model={MODEL}"
        options: dict[str, Any] = {"extra_headers": [("authorization", f"Bearer {key}")]}
        if way == "x-api-key":
            options = {"extra_headers": [("x-api-key", key)]}
        elif way == "query":
            options, query = {"extra_headers": []}, f"{query}&api_key={key}"
        elif way == "subprotocol":
            names = ["realtime", f"openai-insecure-api-key.{key}", "openai-beta.realtime-v1"]
            options = {"extra_headers": [], "subprotocols": names}
        async with gateway.open(query=query, **options) as socket:
            assert await hear(socket) == CREATED
            assert socket.subprotocol == ("realtime" if way == "subprotocol" else None)
        assert key not in str(there.handshakes)


@pytest.mark.parametrize(
    ("key", "query", "status"),
    [
        ("", f"model={MODEL}", 401),
        ("pk_live_wrong", f"model={MODEL}", 401),
        (None, "", 400),
    ],
)
async def test_who_may_not_have_a_session_is_told_by_the_handshake(
    tmp_path: Path, key: str | None, query: str, status: int
) -> None:
    """With the error that every other request gets."""
    async with upstream() as there, running(tmp_path, [there]) as gateway:
        with pytest.raises(ConnectionRejected) as caught:
            async with gateway.open(key, query):
                pass
    assert caught.value.status_code == status
    assert json.loads(bytes(caught.value.body or b""))["error"]["code"] == status
    assert there.handshakes == []


async def test_a_provider_without_sessions_says_so(tmp_path: Path) -> None:
    """Groq speaks OpenAI's chats, and no sessions."""
    async with upstream() as there, running(tmp_path, [there], kind="groq") as gateway:
        with pytest.raises(ConnectionRejected) as caught:
            async with gateway.open():
                pass
    assert caught.value.status_code == 400
    assert b"realtime" in bytes(caught.value.body or b"")


async def test_azures_sessions_name_the_deployment(tmp_path: Path) -> None:
    """With its own kind of key."""
    async with (
        upstream() as there,
        running(tmp_path, [there], kind="azure") as gateway,
        gateway.open() as socket,
    ):
        assert await hear(socket) == CREATED
    path, headers = there.handshakes[0]
    assert path == f"/openai/v1/realtime?model={MODEL}"
    assert headers["api-key"] == "sk-0"


async def silent(_upstream: Upstream, _socket: WebSocketConnection) -> None:
    """Accepts, and says nothing."""


async def test_a_slow_handshake_is_hedged_and_the_loser_is_closed(tmp_path: Path) -> None:
    """The first who says that there is a session has it."""
    async with (
        upstream(silent) as slow,
        upstream(answer_each) as quick,
        running(tmp_path, [slow, quick], policy=FIXED) as gateway,
    ):
        async with gateway.open() as socket:
            assert await hear(socket) == CREATED
            with trio.fail_after(2):
                while slow.open:
                    await trio.sleep(0.01)
            await socket.send_message("{}")
            assert (await hear(socket))["type"] == "response.done"
        await until(gateway.records)
        (record,) = gateway.records()
    assert next(attempt["outcome"] for attempt in record["attempts"]) == "lost"
    assert record["hedged"] == "won"


async def test_a_refused_handshake_fails_over(tmp_path: Path) -> None:
    """At once; and where nobody is left, the client is told why."""
    async with (
        upstream(refuses=[503]) as busy,
        upstream() as free,
        running(tmp_path, [busy, free]) as gateway,
        gateway.open() as socket,
    ):
        assert await hear(socket) == CREATED
    (tmp_path / "other").mkdir()
    async with upstream(refuses=[400]) as wrong, running(tmp_path / "other", [wrong]) as gateway:
        with pytest.raises(ConnectionRejected) as caught:
            async with gateway.open():
                pass
    assert caught.value.status_code == 400


async def test_an_error_instead_of_a_session_is_a_failure(tmp_path: Path) -> None:
    """Although the handshake went well."""

    async def refuse(_upstream: Upstream, socket: WebSocketConnection) -> None:
        error = {"type": "invalid_request_error", "code": "bad", "message": "no such voice"}
        await say(socket, {"type": "error", "error": error})

    async with upstream(refuse) as there, running(tmp_path, [there]) as gateway:
        with pytest.raises(ConnectionRejected) as caught:
            async with gateway.open():
                pass
    assert caught.value.status_code in (400, 503)


async def test_an_upstream_that_speaks_no_websocket_is_a_failure(tmp_path: Path) -> None:
    """Neither in its handshake nor behind it is it anybody's traceback."""

    async def babble(stream: trio.SocketStream) -> None:
        await stream.receive_some()
        await stream.send_all(b"220 smtp.example ready\r\n")

    async def rave(_upstream: Upstream, socket: WebSocketConnection) -> None:
        await say(socket, CREATED)
        await socket._stream.send_all(b"\xff" * 99)

    async with trio.open_nursery() as nursery:
        (listener,) = await nursery.start(partial(trio.serve_tcp, host="127.0.0.1"), babble, 0)
        there = Upstream(rave, listener.socket.getsockname()[1])
        async with running(tmp_path, [there]) as gateway:
            with pytest.raises(ConnectionRejected) as caught:
                async with gateway.open():
                    pass
        nursery.cancel_scope.cancel()
    assert caught.value.status_code == 503
    (tmp_path / "other").mkdir()
    async with (
        upstream(rave) as there,
        running(tmp_path / "other", [there]) as gateway,
        gateway.open() as socket,
    ):
        assert await hear(socket) == CREATED
        with pytest.raises(ConnectionClosed) as closed, trio.fail_after(10):
            await socket.get_message()
    assert closed.value.reason is not None
    assert closed.value.reason.code >= 1002


@pytest.mark.parametrize(("code", "heard"), [(1000, 1000), (4001, 4001), (1011, 1011)])
async def test_the_upstreams_code_is_the_clients(tmp_path: Path, code: int, heard: int) -> None:
    """With its reason."""

    async def leave(_upstream: Upstream, socket: WebSocketConnection) -> None:
        await say(socket, CREATED)
        await socket.aclose(code, "because")

    async with (
        upstream(leave) as there,
        running(tmp_path, [there]) as gateway,
        gateway.open() as socket,
    ):
        assert await hear(socket) == CREATED
        with pytest.raises(ConnectionClosed) as caught, trio.fail_after(10):
            await socket.get_message()
    assert caught.value.reason is not None
    assert (caught.value.reason.code, caught.value.reason.reason) == (heard, "because")


async def test_the_clients_code_is_the_upstreams(tmp_path: Path) -> None:
    """Soon after the client has left."""
    async with upstream() as there, running(tmp_path, [there]) as gateway:
        async with gateway.open() as socket:
            assert await hear(socket) == CREATED
            await socket.ping()  # the server's own first one is through now, and crosses nothing
            await socket.aclose(4002, "enough")
        await until(lambda: there.closed)
        assert not there.open
    assert there.closed == [(4002, "enough")]


async def test_a_client_that_vanishes_leaves_no_session_behind(tmp_path: Path) -> None:
    """Its connection is reset, without a word."""
    async with upstream() as there, running(tmp_path, [there]) as gateway, gateway.open() as socket:
        assert await hear(socket) == CREATED
        await socket._stream.aclose()
        with trio.fail_after(2):
            while there.open:
                await trio.sleep(0.01)


async def test_a_slow_client_slows_its_upstream(tmp_path: Path) -> None:
    """Nothing piles up in between: what was not taken was not read."""
    sent = 0

    async def flood(_upstream: Upstream, socket: WebSocketConnection) -> None:
        nonlocal sent
        await say(socket, CREATED)
        for _ in range(200):
            await socket.send_message(b"x" * 2**20)
            sent += 1

    async with (
        upstream(flood) as there,
        running(tmp_path, [there]) as gateway,
        gateway.open(message_queue_size=0) as socket,
    ):
        assert await hear(socket) == CREATED
        await trio.sleep(1.0)
        stuck = sent
        assert stuck < 60
        for _ in range(20):
            await socket.get_message()
        await until(lambda: sent > stuck)


async def test_a_gateway_that_stops_says_so(tmp_path: Path) -> None:
    """1001, so that clients come again elsewhere."""
    async with upstream() as there, running(tmp_path, [there]) as gateway, gateway.open() as socket:
        assert await hear(socket) == CREATED
    assert there.closed[0][0] in (1000, 1001, 1005)


async def test_test_mode_holds_a_conversation_with_nobody(tmp_path: Path) -> None:
    """Session, item, answer in text, usage; no provider hears of it."""
    said = {
        "type": "message",
        "role": "user",
        "content": [{"type": "input_text", "text": "Merhaba"}],
    }
    async with (
        upstream() as there,
        running(tmp_path, [there]) as gateway,
        gateway.open(gateway.test) as socket,
    ):
        first = await hear(socket)
        for event in (
            {"type": "session.update", "session": {"instructions": "kısa"}},
            {"type": "conversation.item.create", "item": said},
            {"type": "response.create"},
        ):
            await socket.send_message(json.dumps(event))
        heard = [await hear(socket)]
        while heard[-1]["type"] != "response.done":
            heard.append(await hear(socket))
    kinds = [event["type"] for event in heard]
    text = "".join(event["delta"] for event in heard if event["type"].endswith("text.delta"))
    assert first["type"] == "session.created"
    assert kinds[:3] == ["session.updated", "conversation.item.added", "conversation.item.done"]
    assert heard[-1]["response"]["output"][0]["content"][0]["text"] == text
    assert there.handshakes == []


@pytest.mark.parametrize("path", SESSIONS, ids=lambda path: "/".join(path.parts[-3:]))
async def test_recorded_sessions_replay_through_the_gateway(tmp_path: Path, path: Path) -> None:
    """Frame by frame, each side's as it was."""
    frames = [f for f in json.loads(path.read_text())["frames"] if f.get("kind") == "message"]

    async def replay(there: Upstream, socket: WebSocketConnection) -> None:
        for frame in frames:
            if frame["direction"] == "received":
                await say(socket, frame["data"])
            else:
                there.heard.append(json.loads(await socket.get_message()))

    first = next(frame for frame in frames if frame["direction"] == "received")
    if first["data"].get("type") != "session.created":
        frames.insert(0, {"direction": "received", "data": CREATED})
    async with upstream(replay) as there, running(tmp_path, [there]) as gateway:
        async with gateway.open() as socket:
            for frame in frames:
                if frame["direction"] == "received":
                    assert await hear(socket) == frame["data"]
                else:
                    await socket.send_message(json.dumps(frame["data"]))
        await until(gateway.records)
        (record,) = gateway.records()
    assert there.heard == [frame["data"] for frame in frames if frame["direction"] == "sent"]
    dones = [f["data"] for f in frames if f["data"].get("type") == "response.done"]
    told = [done["response"].get("usage") or done.get("usage") or {} for done in dones]
    used = sum(usage.get("output_tokens", 0) for usage in told)
    assert record["completion_tokens"] == used


def test_the_recordings_are_there(shared: Path) -> None:
    """Without them, the test above says nothing."""
    assert shared == SHARED
    assert len(SESSIONS) >= 4
