"""The progress bar, where somebody can see it."""

import io

import trio
from rich.console import Console

from benchmarks.load.driver import Tally
from benchmarks.load.watching import said, watch


async def test_nothing_is_drawn_where_nobody_looks() -> None:
    """It returns at once."""
    console = Console(file=io.StringIO())

    with trio.fail_after(1):
        await watch(Tally(10), console)

    assert console.file.getvalue() == ""  # type: ignore[attr-defined]


async def test_a_terminal_sees_how_far_it_is() -> None:
    """Until it is cancelled."""
    tally = Tally(10, sent=7, done=4, failed=1)
    console = Console(file=io.StringIO(), force_terminal=True, width=100)

    with trio.move_on_after(0.6):
        await watch(tally, console)

    assert said(tally) == "4 of 10, 3 in flight, 1 failed"
    assert said(tally) in console.file.getvalue()  # type: ignore[attr-defined]
