"""A gateway of several workers: who they are, and a connection to each one of them."""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import psutil
import trio

from tests.gateway_process import RunningGateway
from tests.system.wire import Answer, Line, connected, get

PATIENCE = 10.0


def workers(running: RunningGateway) -> list[int]:
    """The process ids of the workers that live now."""
    children = psutil.Process(running.process.pid).children()
    return sorted(each.pid for each in children if each.status() != psutil.STATUS_ZOMBIE)


def owner(running: RunningGateway, line: Line) -> int:
    """The worker at the other end of the connection."""
    ours = line.stream.socket.getsockname()[1]
    for pid in workers(running):
        for each in psutil.Process(pid).net_connections(kind="tcp"):
            if each.raddr and each.raddr.port == ours:
                return pid
    raise AssertionError(f"no worker has the connection from port {ours}")


def owners(running: RunningGateway, lines: Sequence[Line]) -> "Counter[int]":
    """How many of these connections each worker has."""
    ports = {line.stream.socket.getsockname()[1] for line in lines}
    return Counter(
        pid
        for pid in workers(running)
        for each in psutil.Process(pid).net_connections(kind="tcp")
        if each.raddr and each.raddr.port in ports
    )


@asynccontextmanager
async def greeted(running: RunningGateway) -> AsyncIterator[Line]:
    """A connection that a worker has accepted, for it has answered on it."""
    async with connected(running.base_url) as line:
        assert (await said(line, get("/livez"))).status == 200
        yield line


@asynccontextmanager
async def lines_to_each(running: RunningGateway, number: int) -> AsyncIterator[list[list[Line]]]:
    """So many connections to each worker, in the order of `workers`."""
    found: dict[int, list[Line]] = {pid: [] for pid in workers(running)}
    async with AsyncExitStack() as stack:
        with trio.fail_after(PATIENCE):
            while min(map(len, found.values())) < number:
                line = await stack.enter_async_context(greeted(running))
                found[owner(running, line)].append(line)
        yield [lines[:number] for lines in found.values()]


@asynccontextmanager
async def line_to_each(running: RunningGateway) -> AsyncIterator[list[Line]]:
    """One connection to each worker, in the order of `workers`."""
    async with lines_to_each(running, 1) as lines:
        yield [line for (line,) in lines]


async def said(line: Line, request: bytes) -> Answer:
    """What is answered to the request on this connection."""
    await line.ask(request)
    return await line.answer()
