"""Installations of any size: projects in a journal, keys in a configuration, connections that stay open."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import attrs
import trio

from benchmarks.overhead import cpu
from benchmarks.overhead.connection import Connection, Where
from benchmarks.overhead.load import Load
from benchmarks.overhead.rounds import saturation
from benchmarks.overhead.subjects import Subject, gateway, module, settings
from benchmarks.processes import program
from benchmarks.scale.levels import Level
from state.projects import new_project
from state.store import Store

PATIENCE = 10.0
"""Seconds that one answer may take while idle connections are opened."""


class ConnectionLost(Exception):
    """A connection that should have stayed open did not."""


@attrs.frozen
class Site:
    """A running gateway of some size, and the keys of its projects."""

    level: Level
    subject: Subject
    bearers: Sequence[str] = attrs.field(repr=False)
    idle: Load

    def check(self) -> None:
        """Raises ConnectionLost if one of the idle connections is gone."""
        lost = sum(_ended(connection) for connection in self.idle.connections)
        if lost:
            raise ConnectionLost(f"{lost} of {len(self.idle.connections)} idle connections ended")


def _ended(connection: Connection) -> bool:
    try:
        connection.link.recv(1)
    except BlockingIOError:
        return False  # open, and nothing to say
    except ConnectionError:
        return True
    return True


@asynccontextmanager
async def sites(folder: Path, levels: Sequence[Level]) -> AsyncIterator[list[Site]]:
    """Runs a gateway for each level, on one processor, and one upstream for all of them.

    Raises:
        ConnectionLost: an idle connection was refused.
        RuntimeError: a gateway did not start.
    """
    measured, measuring = cpu.cores()
    async with AsyncExitStack() as stack:
        log = folder / "upstream.log"
        upstream = await stack.enter_async_context(
            program(module("upstream"), log, cores=measuring)
        )
        url = f"http://127.0.0.1:{upstream.line}/v1"
        yield [
            await stack.enter_async_context(_site(folder / str(n), level, url, measured))
            for n, level in enumerate(levels)
        ]


@asynccontextmanager
async def _site(folder: Path, level: Level, upstream: str, cores: set[int]) -> AsyncIterator[Site]:
    await trio.Path(folder).mkdir()
    names = [f"project-{n}" for n in range(level.projects)]
    bearers = await trio.to_thread.run_sync(_create, folder / "state", names)
    config = folder / "hedgerow.toml"
    config.write_text(settings(folder, upstream, keys=level.keys, projects=names))
    async with gateway(config, bearers[0], cores, level.name) as subject:
        idle = await trio.to_thread.run_sync(_open, subject, level.connections)
        try:
            yield Site(level, subject, bearers, idle)
        finally:
            idle.close()


def _create(folder: Path, names: Sequence[str]) -> list[str]:
    """Projects of these names in a new state, with one commit; gives their live keys."""
    with Store.open(folder, writer="cli") as store:
        made = [new_project(store.indexes, name, ["*"]) for name in names]
        store.commit_now(*(record for records, _ in made for record in records))
    return [keys.live_key for _, keys in made]


def _open(subject: Subject, count: int) -> Load:
    """So many connections, each of which has asked once and is kept."""
    body = saturation(subject, 0.0).body.encode()
    where = Where.of(subject.url, subject.headers, body)
    load = Load([Connection(where) for _ in range(count)])
    for connection in load.connections:
        load.ask(connection)
        if not list(load.over(PATIENCE)) or load.failed:
            load.close()
            raise ConnectionLost(f"{subject.name}: an idle connection got no answer")
    return load
