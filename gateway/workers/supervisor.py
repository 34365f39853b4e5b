"""The parent of all workers: it serves nobody, and nothing can make it wait.

It has no event loop and no threads, so that forking is safe: workers begin with everything loaded, share
that memory, and keep to the configuration that was read once. The first worker begins alone (a new state
is made by it), the others when it is up. Until all have been up, a death ends everything, for what is
wrong then is wrong for all; from then on a dead worker is replaced. SIGTERM and SIGINT are passed on, a
second one too; who is not done some seconds after the grace time is killed. Should the supervisor itself
die, the workers see their links end, and stop as if they had been told.
"""

import gc
import multiprocessing
import selectors
import signal
import time
from collections.abc import Callable
from functools import partial
from multiprocessing.context import ForkProcess

import attrs

from gateway.config import Config
from gateway.log import log
from gateway.workers.address import SharedAddress, reserved
from gateway.workers.hub import Hub
from gateway.workers.news import AllUp, Up, read
from gateway.workers.restart import Restarts
from gateway.workers.signals import Signals, caught, held_back, released
from gateway.workers.worker import Worker

SLACK = 10.0
"""Seconds past the grace time after which a worker that was told to stop is killed."""

MOST_WAITING = 64_000_000
"""Bytes of news that may wait for a worker: one that takes none for so long does not answer clients either."""

Run = Callable[[Worker], None]


def supervise(config: Config, say: Callable[[str], None], run: Run) -> int:
    """Runs `run` in as many processes as the configuration says, until told to stop; gives the exit code.

    `say` is handed the banner when all workers are up.

    Raises:
        AddressUnavailable: the address cannot be listened on.
    """
    with (
        reserved(config.server.host, config.server.port) as address,
        caught() as signals,
        selectors.DefaultSelector() as selector,
    ):
        supervisor = Supervisor(config, say, run, address, signals, selector)
        return supervisor.watch()


@attrs.define(eq=False)
class _Child:
    process: ForkProcess
    began: float
    killed: bool = False

    def kill(self) -> None:
        self.killed = True
        self.process.kill()


@attrs.define(eq=False)
class Supervisor:
    """The workers that live, and when dead ones are due again. Moments are on the monotonic clock."""

    config: Config
    say: Callable[[str], None]
    run: Run
    address: SharedAddress
    signals: Signals
    selector: selectors.BaseSelector
    _hub: Hub = attrs.field(init=False)
    _children: dict[int, _Child] = attrs.field(factory=dict, init=False)
    _due: dict[int, float] = attrs.field(factory=dict, init=False)
    _restarts: dict[int, Restarts] = attrs.field(factory=dict, init=False)
    _up: dict[int, str] = attrs.field(factory=dict, init=False)
    _complete: bool = attrs.field(default=False, init=False)
    _kill_at: float | None = attrs.field(default=None, init=False)
    _code: int = attrs.field(default=0, init=False)

    def __attrs_post_init__(self) -> None:
        self._hub = Hub(self.selector, self._heard)

    def watch(self) -> int:
        """Starts the workers and looks after them until all are gone; gives the exit code."""
        self.selector.register(self.signals.socket, selectors.EVENT_READ, self._signalled)
        gc.collect()
        gc.freeze()  # what the workers share stays shared: no collection touches it
        self._start(1)
        try:
            while self._children or self._due:
                self._turn()
        finally:
            self._hub.close()  # should this be a bug: the workers stop, as without a supervisor
        return self._code

    def _turn(self) -> None:
        for key, _ in self.selector.select(self._patience()):
            key.data()
        self._start_due()
        self._kill_overdue()

    def _start(self, number: int) -> None:
        link = self._hub.join(number)
        worker = Worker(number, self.config.server.workers, self.address, link)
        fork = multiprocessing.get_context("fork")
        process = fork.Process(target=self._live, args=(worker,), name=f"hedgerow-{number}")
        with held_back():
            process.start()
        link.close()
        self._children[number] = _Child(process, time.monotonic())
        died = partial(self._died, number)
        self.selector.register(process.sentinel, selectors.EVENT_READ, died)

    def _live(self, worker: Worker) -> None:
        """The worker's whole life, in the child."""
        released()
        self._hub.close()  # or its brothers' links would not end with the supervisor
        self.selector.close()
        self.signals.socket.close()
        self.run(worker)

    def _heard(self, number: int, rest: bytes) -> None:
        message = read(rest)
        assert isinstance(message, Up), message
        self._up[number] = message.banner
        if self._complete:
            log.info("worker_up", worker=number)
            self._hub.tell(number, AllUp())
        elif number == 1:
            for other in range(2, self.config.server.workers + 1):
                self._start(other)
        if not self._complete and len(self._up) == self.config.server.workers:
            self._complete = True
            self._hub.broadcast(AllUp())
            self.say(self._up[1])

    def _died(self, number: int) -> None:
        child = self._children.pop(number)
        self.selector.unregister(child.process.sentinel)
        self._hub.leave(number)
        child.process.join()
        code = child.process.exitcode or 0
        child.process.close()
        if self._kill_at is not None:
            self._code = self._code or int(code not in {0, -signal.SIGTERM})
        elif not self._complete:
            self._code = code if code > 0 else 1
            self._stop()
        else:
            self._replace(number, code, time.monotonic() - child.began)

    def _replace(self, number: int, code: int, lived: float) -> None:
        delay = self._restarts.setdefault(number, Restarts()).died(lived)
        ended = f"signal {-code}" if code < 0 else f"exit code {code}"
        log.warning("worker_died", worker=number, by=ended, restart_in=delay)
        self._due[number] = time.monotonic() + delay

    def _signalled(self) -> None:
        for _ in range(self.signals.take()):
            self._stop()

    def _stop(self) -> None:
        self._due.clear()
        self._kill_at = time.monotonic() + self.config.server.grace + SLACK
        for child in self._children.values():
            child.process.terminate()

    def _patience(self) -> float | None:
        """Seconds until something is due; None if only events can change anything."""
        moments = list(self._due.values())
        if self._kill_at is not None and not all(c.killed for c in self._children.values()):
            moments.append(self._kill_at)
        return max(0.0, min(moments) - time.monotonic()) if moments else None

    def _start_due(self) -> None:
        for number in [each for each, at in self._due.items() if at <= time.monotonic()]:
            del self._due[number]
            self._start(number)

    def _kill_overdue(self) -> None:
        overdue = self._kill_at is not None and time.monotonic() >= self._kill_at
        for number in list(self._children) if overdue else self._hub.stuck(MOST_WAITING):
            child = self._children[number]
            if not child.killed:
                log.error("worker_killed", worker=number, why="slow" if overdue else "stuck")
                child.kill()
