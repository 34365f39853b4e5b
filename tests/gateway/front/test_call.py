"""One run of the application: what it receives, and how it is made to leave."""

import trio
import trio.testing

from gateway.front.call import FAREWELL, Call

DISCONNECT = {"type": "http.disconnect"}


async def _nothing(*_):
    pass


async def test_events_are_received_in_order_and_the_last_one_for_ever():
    """A disconnect overtakes nothing, never waits, and stays true."""
    received = []

    async def app(scope, receive, send, *_):
        received.extend([await receive() for _ in range(4)])

    async with trio.open_nursery() as nursery:
        put = await Call(nursery, _nothing).spawn_app(app, None, {}, _nothing)
        await put({"type": "http.request", "body": b"1"})
        await put({"type": "http.request", "body": b"2"})
        await put(DISCONNECT)
    assert [event.get("body") for event in received] == [b"1", b"2", None, None]
    assert received[2:] == [DISCONNECT, DISCONNECT]


async def test_an_application_that_stays_is_cancelled_soon(autojump_clock):
    """It has a moment of its own first; `on_end` is told in either case."""
    ended = []

    async def on_end():
        ended.append(trio.current_time())

    async def app(*_):
        await trio.sleep_forever()

    started = trio.current_time()
    async with trio.open_nursery() as nursery:
        call = Call(nursery, on_end)
        await call.spawn_app(app, None, {}, _nothing)
        call.leave()
        call.leave()
    assert ended == [started + FAREWELL]


async def test_an_application_asked_to_leave_before_it_began_leaves(autojump_clock):
    """The order of the two does not matter."""

    async def app(*_):
        await trio.sleep_forever()

    async with trio.open_nursery() as nursery:
        call = Call(nursery, _nothing)
        call.leave()
        await call.spawn_app(app, None, {}, _nothing)


async def test_what_runs_beside_an_application_ends_with_it():
    """Pings have nobody to ping for any more."""

    async def app(*_):
        await trio.testing.wait_all_tasks_blocked()

    with trio.fail_after(2):
        async with trio.open_nursery() as nursery:
            call = Call(nursery, _nothing)
            call.spawn(trio.sleep_forever)
            await call.spawn_app(app, None, {}, _nothing)


async def test_a_task_beside_that_fails_harms_nobody(caplog):
    """It is logged, and the application goes on."""
    went_on = []

    async def fail():
        raise ValueError

    async def app(*_):
        await trio.testing.wait_all_tasks_blocked()
        went_on.append(True)

    async with trio.open_nursery() as nursery:
        call = Call(nursery, _nothing)
        await call.spawn_app(app, None, {}, _nothing)
        call.spawn(fail)
    assert went_on == [True]
    assert "builtins.ValueError" in caplog.text
