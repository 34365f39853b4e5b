"""One clock for all connections that nobody uses."""

import trio

from gateway.front.idle import LEAST, IdleClock


async def test_who_is_idle_for_long_enough_is_closed_then_and_once(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """Each at its own time, also one that began while the clock was asleep."""
    idle, closed = IdleClock(10.0), []
    async with trio.open_nursery() as nursery:
        nursery.start_soon(idle.run)
        idle.begins(lambda: closed.append(("one", trio.current_time())))
        await trio.sleep(4.0)
        idle.begins(lambda: closed.append(("other", trio.current_time())))
        await trio.sleep(50.0)
        nursery.cancel_scope.cancel()
    assert closed == [("one", 10.0), ("other", 14.0)]


async def test_who_is_used_again_begins_anew(autojump_clock: trio.testing.MockClock) -> None:
    """A request between two waits takes the connection off the clock."""
    idle, closed = IdleClock(10.0), []

    def close() -> None:
        closed.append(trio.current_time())

    async with trio.open_nursery() as nursery:
        nursery.start_soon(idle.run)
        for _ in range(3):
            idle.begins(close)
            await trio.sleep(9.0)
            idle.ends(close)
            await trio.sleep(9.0)
        idle.ends(close)  # also when it is not idle
        idle.begins(close)
        await trio.sleep(50.0)
        nursery.cancel_scope.cancel()
    assert closed == [64.0]


async def test_no_patience_at_all_is_no_busy_loop(autojump_clock: trio.testing.MockClock) -> None:
    """It looks again a moment later."""
    idle, closed = IdleClock(0.0), []
    async with trio.open_nursery() as nursery:
        nursery.start_soon(idle.run)
        await trio.sleep(1.0)
        idle.begins(lambda: closed.append(trio.current_time()))
        await trio.sleep(1.0)
        nursery.cancel_scope.cancel()
    (when,) = closed
    assert 1.0 <= when <= 1.0 + 2 * LEAST
