"""Garbage after a rush, in virtual time: collected at rest, and only then."""

import gc
import weakref
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import attrs
import pytest
import trio

from gateway.tidy import A_RUSH, LOOK_EVERY, tidy


@attrs.define(eq=False)
class Knot:
    """An object that only the collector can free."""

    itself: "Knot | None" = None


def knot() -> "weakref.ref[Knot]":
    """Garbage in a cycle."""
    made = Knot()
    made.itself = made
    return weakref.ref(made)


@attrs.define(eq=False)
class Gateway:
    """What `tidy` is told."""

    written: int = 0
    running: int = 0


@pytest.fixture(autouse=True)
def nobody_else_collects() -> Iterator[None]:
    """Switches the collector's own rounds off."""
    gc.disable()
    yield
    gc.enable()


@asynccontextmanager
async def tidied() -> AsyncIterator[Gateway]:
    """A gateway that has just started, and is tidied."""
    gateway = Gateway()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(tidy, lambda: gateway.written, lambda: gateway.running)
        await trio.sleep(LOOK_EVERY / 2)
        yield gateway
        nursery.cancel_scope.cancel()


async def test_after_a_rush_garbage_is_collected(autojump_clock: trio.testing.MockClock) -> None:
    """Once nothing was written between two looks."""
    async with tidied() as gateway:
        garbage = knot()
        gateway.written += A_RUSH
        await trio.sleep(LOOK_EVERY)
        assert garbage() is not None, "the rush may go on"
        await trio.sleep(LOOK_EVERY)
        assert garbage() is None


@pytest.mark.parametrize(("written", "running"), [(A_RUSH - 1, 0), (A_RUSH, 1)])
async def test_nothing_is_collected_for_little_or_amid_calls(
    autojump_clock: trio.testing.MockClock, written: int, running: int
) -> None:
    """A handful of requests is no rush, and a running stream shall not falter."""
    async with tidied() as gateway:
        garbage = knot()
        gateway.written, gateway.running = written, running
        await trio.sleep(5 * LOOK_EVERY)
        assert garbage() is not None


async def test_a_rush_is_collected_after_once(autojump_clock: trio.testing.MockClock) -> None:
    """What comes later waits for the next rush."""
    async with tidied() as gateway:
        gateway.written += A_RUSH
        await trio.sleep(3 * LOOK_EVERY)
        garbage = knot()
        gateway.written += 1
        await trio.sleep(3 * LOOK_EVERY)
        assert garbage() is not None
        gateway.written += A_RUSH
        await trio.sleep(3 * LOOK_EVERY)
        assert garbage() is None
