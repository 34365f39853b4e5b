"""An application's start and end around what it serves."""

import logging

import pytest
import trio
from quart_trio import QuartTrio

from gateway import front


def _app(*, startup="complete", shutdown="complete", told=None, patience=0.0):
    async def app(scope, receive, send):
        assert scope["type"] == "lifespan"
        for word, ending in (("startup", startup), ("shutdown", shutdown)):
            assert (await receive())["type"] == f"lifespan.{word}"
            await trio.sleep(patience if word == "shutdown" else 0)
            (told if told is not None else []).append(word)
            await send({"type": f"lifespan.{word}.{ending}", "message": f"{word} is broken"})

    return app


async def _serve_and_stop(app, **settings):
    listeners = await front.bind("127.0.0.1", 0)
    stop = trio.Event()
    stop.set()
    with trio.fail_after(5):
        await front.serve(app, listeners, front.FrontSettings(**settings), stop=stop)


async def test_the_application_starts_before_and_ends_after_everything_else():
    """Start-up comes before accepting, shutdown after draining."""
    told = []
    await _serve_and_stop(_app(told=told))
    assert told == ["startup", "shutdown"]


async def test_state_put_up_at_start_reaches_every_request(running):
    """The ASGI lifespan state is on the request's scope."""

    async def app(scope, receive, send):
        if scope["type"] == "lifespan":
            scope["state"]["word"] = b"shared"
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": scope["state"]["word"]})

    async with running(app) as site, await site.connect() as client:
        assert (await client.ask()).body == b"shared"


async def test_an_application_that_fails_to_start_is_reported_in_its_own_words():
    """Nothing is accepted, and the listeners are closed."""
    listeners = await front.bind("127.0.0.1", 0)
    port = listeners[0].socket.getsockname()[1]
    with pytest.raises(front.StartupFailed, match="startup is broken"):
        await front.serve(
            _app(startup="failed"), listeners, front.FrontSettings(), stop=trio.Event()
        )
    with pytest.raises(OSError, match=r"127\.0\.0\.1"):
        await trio.open_tcp_stream("127.0.0.1", port)


async def test_a_quart_application_that_fails_to_start_is_reported_too():
    """`before_serving` raising ends `serve` with its message."""
    app = QuartTrio("broken")

    @app.before_serving
    async def refuse():
        raise RuntimeError("no state folder")

    with pytest.raises(front.StartupFailed, match="no state folder"):
        await _serve_and_stop(app)


async def test_a_failed_shutdown_is_logged_and_no_more(caplog):
    """The process was about to end anyway."""
    with caplog.at_level(logging.ERROR, logger="gateway.front"):
        await _serve_and_stop(_app(shutdown="failed"))
    assert "shutdown is broken" in caplog.text


async def test_a_shutdown_that_hangs_is_left_behind(caplog, autojump_clock):
    """The grace time and a little more bound the application's own end too."""
    started = trio.current_time()
    await _serve_and_stop(_app(patience=60), grace=0.1)
    assert trio.current_time() - started < 2.1
    assert "did not finish its shutdown" in caplog.text


@pytest.mark.parametrize("returns", [True, False], ids=["returns", "raises"])
async def test_an_application_without_a_lifespan_is_served(running, caplog, returns):
    """An ASGI application may know nothing of lifespans."""

    async def app(scope, receive, send):
        if scope["type"] == "lifespan":
            assert returns, "knows no lifespan"
            return
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    async with running(app) as site, await site.connect() as client:
        assert (await client.ask()).status == 204


async def test_an_application_that_ends_its_lifespan_early_is_served_and_stopped(running):
    """Returning behind the start-up is no error."""

    async def app(scope, receive, send):
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            return
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    async with running(app) as site, await site.connect() as client:
        assert (await client.ask()).status == 204
