"""A progress bar on a terminal, and nothing elsewhere."""

import trio
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks.load.driver import Tally

EVERY = 0.25
"""Seconds between two looks. Drawing takes a millisecond that the load has to do without."""


async def watch(tally: Tally, console: Console) -> None:
    """Draws how far the run is until cancelled; returns at once where nobody could see it."""
    if not console.is_terminal:
        return
    columns = (BarColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, auto_refresh=False, transient=True) as progress:
        bar = progress.add_task(said(tally), total=tally.planned)
        while True:
            progress.update(bar, completed=tally.done, description=said(tally))
            progress.refresh()
            await trio.sleep(EVERY)


def said(tally: Tally) -> str:
    """How far it is, in words."""
    flying = tally.sent - tally.done
    return f"{tally.done} of {tally.planned}, {flying} in flight, {tally.failed} failed"
