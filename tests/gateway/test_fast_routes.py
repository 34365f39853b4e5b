"""The data plane's own routes answer as the framework's do, and keep to the application's protocol."""

import re
from pathlib import Path
from typing import Any

import httpx
import pytest
import trio
from trio.testing import MockClock

from gateway.errors import ApiError
from gateway.fast_routes import DirectReply
from gateway.frames import COMMENT
from tests.gateway.running import running

CALL = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Merhaba"}]}
CALLS: list[dict[str, Any]] = [
    {"json": CALL},
    {"json": {**CALL, "stream": True}},
    {"json": {**CALL, "model": "none"}},
    {"json": {"model": "gpt-4o-mini"}},
    {"content": b"{"},
    {"content": b""},
    {"content": b"[" * 30_000},
    {"json": CALL, "headers": {"authorization": "Bearer nobody"}},
    {"json": CALL, "headers": {"authorization": "", "x-api-key": "pk_live_x"}},
    {"json": CALL, "headers": {"x-hedgerow-mock": "429"}},
]


def normal(answer: httpx.Response) -> tuple[int, set[str], str]:
    """Status, names of fields, and a text without what differs from call to call."""
    text = re.sub(r'"(id|created)":("[^"]*"|\d+)', "", answer.text)
    return answer.status_code, set(answer.headers) - {"content-length", "transfer-encoding"}, text


async def said(folder: Path, fast: str) -> list[tuple[int, set[str], str]]:
    """What a gateway with these parts says to all the calls, in test mode."""
    folder.mkdir()
    async with running(folder, fast=fast) as gateway:
        answers = []
        for call in CALLS:
            headers = {**gateway.auth(gateway.test_key), **call.get("headers", {})}
            sent = {**call, "headers": headers}
            answers.append(normal(await gateway.http.post("/v1/chat/completions", **sent)))
        wrong = await gateway.http.get("/v1/chat/completions", headers=gateway.auth())
        by_query = await gateway.http.post(
            "/api/v1/chat/completions", params={"api_key": gateway.test_key}, json=CALL
        )
        return [*answers, normal(wrong), normal(by_query)]


async def test_both_ways_answer_the_same(tmp_path: Path) -> None:
    """Answers, streams and errors, with the same fields."""
    ours = await said(tmp_path / "ours", "routes")
    frameworks = await said(tmp_path / "frameworks", "none")

    assert ours == frameworks
    assert [status for status, _, _ in ours] == [
        *(200, 200, 404, 400, 400, 400, 400, 401, 401, 429),
        *(404, 200),
    ]


class Told:
    """What the server was told."""

    def __init__(self) -> None:
        self.events: list[Any] = []

    async def __call__(self, event: Any) -> None:
        await trio.lowlevel.checkpoint()
        self.events.append(event)

    @property
    def body(self) -> bytes:
        return b"".join(event["body"] for event in self.events[1:])


async def test_a_pause_is_filled_with_comments(autojump_clock: MockClock) -> None:
    """One whenever nothing was sent for so long, none after the end."""
    told = Told()
    reply = DirectReply(told, 10.0)
    reply.begin()
    async with reply.commenting():
        await reply.write(b"a")
        await trio.sleep(25.0)
        await reply.write(b"b")
        await trio.sleep(5.0)
    reply.close()
    await reply.finish()
    await trio.sleep(60.0)

    assert told.body == b"a" + COMMENT + COMMENT + b"b"
    assert told.events[0]["type"] == "http.response.start"
    assert [event["more_body"] for event in told.events[1:]] == [True] * 4 + [False]


async def test_what_fails_amid_a_stream_is_raised_as_it_is() -> None:
    """And not in a group with the comments."""
    reply = DirectReply(Told(), 10.0)
    reply.begin()
    with pytest.raises(ApiError):
        async with reply.commenting():
            raise ApiError(503, "broken")


async def test_a_failure_amid_a_stream_is_its_last_event() -> None:
    """And cannot become another answer."""
    told = Told()
    reply = DirectReply(told, 10.0)
    reply.begin()
    await reply.write(b"a")
    await reply.fail(ApiError(503, "broken"))
    await reply.refuse(ApiError(500, "again"))
    await reply.finish()

    assert b"broken" in told.body
    assert b"again" not in told.body
    assert [event["type"] for event in told.events].count("http.response.start") == 1


async def test_a_stream_without_a_piece_has_a_head_and_an_end() -> None:
    """Begun is begun."""
    told = Told()
    reply = DirectReply(told, 10.0)
    reply.begin()
    reply.close()
    await reply.finish()

    assert [event["type"] for event in told.events] == ["http.response.start", "http.response.body"]


@pytest.mark.parametrize("chunked", [True, False], ids=["chunked", "sized"])
async def test_a_body_over_the_limit_is_refused(tmp_path: Path, chunked: bool) -> None:
    """However it comes, and without waiting for its end."""
    body = b"x" * 3000

    async def pieces() -> Any:
        for _ in range(3):
            yield body[:1000]

    async with running(tmp_path, server='body_limit = "2KiB"') as gateway:
        answer = await gateway.http.post(
            "/v1/chat/completions", content=pieces() if chunked else body, headers=gateway.auth()
        )

    assert (answer.status_code, "too large" in answer.text) == (400, True)
    assert "x-request-id" in answer.headers
