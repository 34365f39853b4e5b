"""A running gateway: every long-lived part, its order of birth and of death, in one nursery.

The journal's writer, the simulator and the refreshers live in this nursery, around the web server and not
inside it: should one of them die, the process ends instead of answering on without it. SIGTERM and SIGINT
stop gracefully (not ready, running requests finish within the grace time, the journal is flushed); a second
signal stops at once, and still flushes. One of several `workers` is the same, with its address and its
readiness from their supervisor, who is also the one that signals it.
"""

import gc
import random
import signal
from collections.abc import Callable, Collection
from typing import Protocol

import attrs
import trio

from gateway import front
from gateway.account import Books
from gateway.app import build
from gateway.banner import FreshKeys, banner
from gateway.billing import rule_of
from gateway.catalog import Catalog
from gateway.config import Config
from gateway.context import Context
from gateway.experiments import begin_configured
from gateway.live import Live
from gateway.log import log
from gateway.metrics import Metrics
from gateway.mocked import Mocked
from gateway.tidy import tidy
from gateway.upstreams import Upstreams, connect
from gateway.watch import watch
from gateway.workers.sharing import Sharing
from gateway.workers.worker import Worker
from policies.pool import Pool
from providers.client import HttpClient
from state.options import Options
from state.projects import new_project
from state.secret import installation_secret
from state.store import Store

DEFAULT_PROJECT = "default"
REFRESH_EVERY = 300.0
"""Seconds between looks at what the providers offer."""

REFRESH_SOON = 15.0
"""The same while a provider could not be asked."""

COLLECT = (5_000, 20, 50)
"""When garbage is looked for while requests run. They leave none as a rule (`tests/gateway/test_cycles.py`);
where they do, looking at ten times as many objects at once would stop everybody for a tenth of a second."""

FOLLOW_BROTHERS = 0.04
"""Seconds between looks at the journals of other workers: what they spend must be known within 100 ms."""


class Standing(Protocol):
    """How a process stands to its clients: by itself, or as one of several workers."""

    @property
    def is_first(self) -> bool:
        """Whether it makes what a new state lacks."""

    async def listen(self) -> list[trio.SocketListener]:
        """Opens the address."""

    def up(self, banner: str, /) -> None:
        """Connections are accepted: it is ready from now on, or when all the others are."""


@attrs.frozen(eq=False)
class _Alone:
    context: Context
    say: Callable[[str], None]
    is_first: bool = True

    async def listen(self) -> list[trio.SocketListener]:
        server = self.context.config.server
        return await front.bind(server.host, server.port, 2048)

    def up(self, banner: str) -> None:
        self.context.bound = True
        self.say(banner)


async def serve(
    config: Config,
    say: Callable[[str], None],
    *,
    rng: random.Random,
    worker: Worker | None = None,
    task_status: trio.TaskStatus[str] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Runs a gateway until it is told to stop. Reports its base URL when it accepts connections.

    `say` is handed the banner, unless this is one `worker` of several: then their supervisor says it.

    Raises:
        OSError: the address cannot be bound.
        StateDamaged: the journal is damaged in a way that must not be repaired silently.
    """
    options = Options() if worker is None else Options(follow_interval=FOLLOW_BROTHERS)
    store = Store.open(config.state.folder, writer="serve", options=options)
    try:
        library = "upstream" not in config.server.fast
        async with HttpClient(library=library) as http, trio.open_nursery() as nursery:
            await nursery.start(store.run)
            await nursery.start(http.run)
            stop = trio.Event()
            numbers = {signal.SIGTERM} if worker else {signal.SIGTERM, signal.SIGINT}
            await nursery.start(_watch_signals, numbers, stop, nursery.cancel_scope)
            simulator = await _start_simulator(nursery, config, rng)
            upstreams = connect(config, simulator)
            live = Live(
                http, upstreams, Pool(), rng, store, stop.is_set, config.compat.drop_unsupported
            )
            context = _assemble(config, store, live, stop)
            standing = await _standing(nursery, context, worker, say)
            context.learn(await upstreams.discover(http))
            for report in store.reports:
                log.warning("journal_repaired", report=report)
            await _run(nursery, context, http, upstreams, standing, task_status)
            nursery.cancel_scope.cancel()
    finally:
        store.close()


async def _standing(
    nursery: trio.Nursery, context: Context, worker: Worker | None, say: Callable[[str], None]
) -> Standing:
    if worker is None:
        return _Alone(context, say)
    sharing = Sharing(worker, context)
    await nursery.start(sharing.run)
    return sharing


async def _run(
    nursery: trio.Nursery,
    context: Context,
    http: HttpClient,
    upstreams: Upstreams,
    standing: Standing,
    task_status: trio.TaskStatus[str],
) -> None:
    config = context.config
    listeners = await standing.listen()
    # With an address only: its keys are shown once.
    fresh = await _first_project(context.store) if standing.is_first else None
    nursery.start_soon(_refresh, context, http, upstreams)
    if standing.is_first:
        await begin_configured(config, context.store)
        nursery.start_soon(watch, context.store, config.state.folder)
    nursery.start_soon(
        tidy, lambda: context.store.statistics().written, lambda: context.pool.chooser.load.total
    )
    async with trio.open_nursery() as serving:
        await serving.start(_front, build(context), listeners, config, context.stop)
        gc.freeze()  # what lives as long as the process need not be looked at again
        gc.set_threshold(*COLLECT)
        base_url = _base_url(listeners[0])
        standing.up(banner(config, base_url, context.catalog, fresh))
        task_status.started(base_url)


async def _front(
    app: front.ASGIApp,
    listeners: list[trio.SocketListener],
    config: Config,
    stop: trio.Event,
    *,
    task_status: trio.TaskStatus[None],
) -> None:
    settings = front.FrontSettings(
        max_connections=config.server.max_connections,
        keep_alive=config.server.keep_alive,
        write_timeout=config.server.write_timeout,
        grace=config.server.grace,
        fast="http" in config.server.fast,
    )
    await front.serve(app, listeners, settings, stop=stop, task_status=task_status)


async def _start_simulator(nursery: trio.Nursery, config: Config, rng: random.Random) -> str | None:
    if not any(provider.in_process for provider in config.providers):
        return None
    from providers.simulator.run import embedded  # noqa: PLC0415 - nobody else pays for loading it

    address: str = await nursery.start(embedded(rng).serve)
    return address


def _assemble(config: Config, store: Store, live: Live, stop: trio.Event) -> Context:
    metrics = Metrics()
    books = Books(
        store,
        metrics,
        kinds={provider.name: provider.kind for provider in config.providers},
        serve_unmetered=config.state.on_store_failure == "serve",
        billing={provider.name: rule_of(provider) for provider in config.providers},
    )
    return Context(
        config=config,
        store=store,
        metrics=metrics,
        books=books,
        pool=live.pool,
        answerers={"live": live, "test": Mocked()},
        catalog=Catalog({}),
        stop=stop,
        secret=installation_secret(config.state.folder),
    )


async def _first_project(store: Store) -> FreshKeys | None:
    """A first project with keys, where the state has none."""
    if any(not project.revoked for project in store.indexes.projects.values()):
        return None
    records, keys = new_project(store.indexes, DEFAULT_PROJECT, ("*",))
    await store.commit(*records)
    return FreshKeys(keys.project, keys.live_key, keys.test_key)


async def _refresh(context: Context, http: HttpClient, upstreams: Upstreams) -> None:
    while True:
        await trio.sleep(REFRESH_SOON if context.catalog.open_providers else REFRESH_EVERY)
        context.learn(await upstreams.discover(http))


async def _watch_signals(
    numbers: Collection[signal.Signals],
    stop: trio.Event,
    everything: trio.CancelScope,
    *,
    task_status: trio.TaskStatus[None],
) -> None:
    with trio.open_signal_receiver(*numbers) as signals:
        task_status.started()
        async for _ in signals:
            if stop.is_set():
                everything.cancel()
            stop.set()


def _base_url(listener: trio.SocketListener) -> str:
    host, port = listener.socket.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
