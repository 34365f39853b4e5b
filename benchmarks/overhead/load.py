"""The load generator: `python -m benchmarks.overhead.load JSON` asks as it is told and prints what came.

Saturation is a closed loop: as many requests at a time as there are connections, to find what a server can
do. Latency is an open loop: requests are due at random times, whatever has become of those before, and
their clock runs from when they were due. Streams begin spread over the time that one of them lasts.
"""

import os
import random
import select
import sys
import time
from collections import deque
from collections.abc import Iterator, Sequence
from heapq import heapify, heappop
from itertools import cycle
from typing import Literal

import attrs
import msgspec

from benchmarks.arrivals import poisson
from benchmarks.overhead.connection import Answer, Connection, Where

HOPELESS = 30.0
"""Seconds without anything, after which what is still open counts as failed."""


@attrs.frozen
class Order:
    """What to do. `rate` is requests a second (open loop only), `count` how many, `spread` in seconds.

    `cores` are the processors to stay on, none for all. `bearers` are keys that saturation asks with in turn,
    none for what `headers` say.
    """

    kind: Literal["saturate", "paced", "streams"]
    url: str
    headers: dict[str, str]
    body: str
    clients: int
    count: int = 0
    seconds: float = 0.0
    rate: float = 0.0
    seed: int = 1
    spread: float = 0.0
    cores: Sequence[int] = ()
    bearers: Sequence[str] = ()


@attrs.frozen
class Outcome:
    """What came: `elapsed` seconds for `answered` complete answers; the lists have one entry for each.

    `first` is seconds to the first content, `total` to the end, `gaps` the longest silence in between.
    """

    answered: int
    failed: int
    elapsed: float
    events: int
    first: Sequence[float] = ()
    total: Sequence[float] = ()
    gaps: Sequence[float] = ()


@attrs.define(eq=False)
class Load:
    """Connections to one server, all asked the same, or each what is next of `turns`."""

    connections: Sequence[Connection]
    turns: Iterator[Where] | None = None
    done: list[Answer] = attrs.field(factory=list)
    failed: int = 0
    _epoll: select.epoll = attrs.field(factory=select.epoll)
    _by_fd: dict[int, Connection] = attrs.field(factory=dict)

    def __attrs_post_init__(self) -> None:
        for connection in self.connections:
            self._watch(connection)

    def _watch(self, connection: Connection) -> None:
        self._by_fd[connection.link.fileno()] = connection
        self._epoll.register(connection.link, select.EPOLLIN)

    def over(self, patience: float) -> Iterator[Connection]:
        """Waits so long for something to come; gives the connections whose answer is over."""
        for fd, _ in self._epoll.poll(max(0.0, patience)):
            connection = self._by_fd[fd]
            if connection.answer is None:
                self._again(connection)  # closed between two answers
            elif connection.receive(time.monotonic()):
                self._count(connection)
                yield connection

    def _count(self, connection: Connection) -> None:
        answer, connection.answer = connection.answer, None
        assert answer is not None, "it has just been received"
        if answer.status == 200 and answer.ended is not None:
            self.done.append(answer)
        else:
            self.failed += 1
        if answer.ended is None:
            self._again(connection)

    def _again(self, connection: Connection) -> None:
        del self._by_fd[connection.link.fileno()]
        self._epoll.unregister(connection.link)
        connection.link.close()
        connection.open()
        self._watch(connection)

    def ask(self, connection: Connection) -> None:
        """Asks what is next, now."""
        if self.turns is not None:
            connection.where = next(self.turns)
        connection.ask(time.monotonic())

    def close(self) -> None:
        """Leaves."""
        self._epoll.close()
        for connection in self.connections:
            connection.link.close()

    def give_up(self) -> None:
        """What is still open has failed."""
        for connection in self.connections:
            if connection.answer is not None:
                connection.answer = None
                self.failed += 1


def saturate(load: Load, seconds: float) -> None:
    """Every connection asks again as soon as it was answered."""
    end = time.monotonic() + seconds
    for connection in load.connections:
        load.ask(connection)
    while (now := time.monotonic()) < end:
        for connection in load.over(end - now):
            load.ask(connection)
    for connection in load.connections:
        connection.answer = None  # it was in time for nobody


def on_schedule(load: Load, times: Sequence[float]) -> None:
    """Requests begin when they are due, on the connection that was idle longest; else they queue."""
    start = time.monotonic()
    due = [start + at for at in times]
    heapify(due)
    waiting: deque[float] = deque()
    idle = deque(load.connections)
    quiet_since = start
    while due or waiting or len(idle) < len(load.connections):
        now = time.monotonic()
        while due and due[0] <= now:
            waiting.append(heappop(due))
        while waiting and idle:
            idle.popleft().ask(waiting.popleft())
        for connection in load.over(due[0] - time.monotonic() if due else 0.1):
            idle.append(connection)
            quiet_since = now
        if not due and now > quiet_since + HOPELESS:
            load.give_up()
            return


def carry_out(order: Order) -> Outcome:
    """Opens the connections, asks, and counts."""
    if order.cores:
        os.sched_setaffinity(0, order.cores)
    whom = [{"authorization": f"Bearer {key}"} for key in order.bearers] or [{}]
    wheres = [Where.of(order.url, order.headers | who, order.body.encode()) for who in whom]
    load = Load([Connection(wheres[0]) for _ in range(order.clients)], cycle(wheres))
    rng = random.Random(order.seed)
    begun = time.monotonic()
    if order.kind == "saturate":
        saturate(load, order.seconds)
    elif order.kind == "paced":
        on_schedule(load, poisson(order.rate, order.count, rng))
    else:
        on_schedule(load, sorted(rng.uniform(0.0, order.spread) for _ in range(order.count)))
    load.close()
    return _outcome(load, time.monotonic() - begun, detailed=order.kind != "saturate")


def _outcome(load: Load, elapsed: float, *, detailed: bool) -> Outcome:
    done = load.done
    told = Outcome(len(done), load.failed, elapsed, sum(answer.events for answer in done))
    if not detailed:
        return told
    return attrs.evolve(
        told,
        first=[answer.first - answer.begun for answer in done if answer.first is not None],
        total=[answer.ended - answer.begun for answer in done if answer.ended is not None],
        gaps=[answer.gap for answer in done],
    )


def main() -> None:
    """Reads the order from the command line, prints the outcome."""
    order = msgspec.json.decode(sys.argv[1], type=Order)
    print(msgspec.json.encode(carry_out(order)).decode())


if __name__ == "__main__":
    main()
