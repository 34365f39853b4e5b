"""`python -m benchmarks.gate.slowly gateway CONFIG` or `bare PORT`: what is counted, with a slow clock.

Valgrind makes a program some fifty times slower, its timers not: in a request's time they would fire fifty
times as often, and more often still on a busy machine. So the clock is slower by far than the program is, and
what goes by the clock (the journal's syncs, looks at other journals, hedges) hardly counts at all: it would be
a measure of the machine. Chance is the same each time.
"""

import gc
import random
import sys
import time
from functools import partial
from pathlib import Path

import attrs
import trio

from benchmarks.overhead import bare
from gateway import log
from gateway.cli import COLLECT
from gateway.cli.serve import load
from gateway.serve import serve

SLOWER = 500.0


@attrs.define
class SlowClock(trio.abc.Clock):
    """Real time, so many times slower."""

    _begun: float = 0.0

    def start_clock(self) -> None:
        """Counts from here."""
        self._begun = time.perf_counter()

    def current_time(self) -> float:
        """Slow seconds since the start."""
        return (time.perf_counter() - self._begun) / SLOWER

    def deadline_to_sleep_time(self, deadline: float) -> float:
        """Real seconds until then."""
        return (deadline - self.current_time()) * SLOWER


def main(kind: str, what: str) -> None:
    """Runs the gateway with a configuration file, or the bare proxy before the upstream at a port."""
    if kind == "bare":
        trio.run(bare.main, int(what), clock=SlowClock())
        return
    gc.set_threshold(*COLLECT)
    config = load(Path(what))
    log.configure()
    say = partial(print, flush=True)
    trio.run(partial(serve, config, say, rng=random.Random(1)), clock=SlowClock())


if __name__ == "__main__":
    main(*sys.argv[1:])
