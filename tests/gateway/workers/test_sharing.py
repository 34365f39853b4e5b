"""Workers that tell one another, over the real hub and real sockets, in one process."""

import random
import selectors
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import attrs
import trio

from gateway.account import Books
from gateway.auth import Principal
from gateway.catalog import Catalog
from gateway.config import Config, ProjectConfig
from gateway.context import Context
from gateway.metrics import Metrics
from gateway.workers.address import SharedAddress
from gateway.workers.hub import Hub
from gateway.workers.news import AllUp
from gateway.workers.sharing import Sharing
from gateway.workers.worker import Worker
from policies.limits import Need, Spent, admit
from policies.pool import Pool
from policies.settings import Limits
from policies.target import Target
from providers.errors import CredentialRejected, RateLimited, UpstreamFailed

DEMO = ProjectConfig("demo", limits=Limits(rpm=5, concurrent=2), key_limits=Limits(tpm=1000))
CLIENT = Principal("demo", "live", "0123abcd")
TARGET = Target("a-1", "a", "org", "m")
LIMITED = RateLimited("slow down", status=429, retry_after=10.0)
FAILED = UpstreamFailed("broke", status=500)
INVALID = CredentialRejected("who?", status=401)


@attrs.define(eq=False)
class Crew:
    """Workers without their processes."""

    nursery: trio.Nursery
    hub: Hub
    books: Books
    ends: dict[int, trio.CancelScope] = attrs.field(factory=dict)

    def start(self, number: int) -> Context:
        """One more worker; gives its parts."""
        context = Context(
            config=Config(projects=(DEMO,)),
            store=self.books.store,
            metrics=Metrics(),
            books=self.books,
            pool=Pool(),
            answerers={},
            catalog=Catalog({}),
        )
        worker = Worker(number, 3, SharedAddress(()), self.hub.join(number))
        self.nursery.start_soon(self._live, number, Sharing(worker, context))
        return context

    def kill(self, number: int) -> None:
        """It is dead, and the supervisor has seen it."""
        self.ends[number].cancel()
        self.hub.leave(number)

    async def _live(self, number: int, sharing: Sharing) -> None:
        with trio.CancelScope() as self.ends[number]:
            await sharing.run()


@asynccontextmanager
async def crew(books: Books) -> AsyncIterator[Crew]:
    """A hub that has its turns in the background."""
    with selectors.DefaultSelector() as selector:
        async with trio.open_nursery() as nursery:
            hub = Hub(selector, lambda *_: None)
            nursery.start_soon(_turns, selector)
            try:
                yield Crew(nursery, hub, books)
            finally:
                nursery.cancel_scope.cancel()
        hub.close()


async def _turns(selector: selectors.DefaultSelector) -> None:
    while True:
        for key, _ in selector.select(0):
            key.data()
        await trio.sleep(0.001)


async def until(true: Callable[[], bool]) -> None:
    """Waits for news, which have a tenth of a second, though this machine may be busy."""
    with trio.fail_after(5.0):
        while not true():
            await trio.sleep(0.001)


def let_in(context: Context) -> object:
    """What the limits say to a call."""
    meters = context.meters_of(CLIENT)
    spent = [Spent() for _ in meters]
    return admit(meters, Need(tokens=100), trio.current_time(), spent)


def running(context: Context) -> int:
    """The project's calls in flight, as this worker knows them."""
    return context.meter(("demo", None)).running


async def test_calls_in_flight_are_known_to_all(books: Books) -> None:
    """Of the project and of its key; and that they are over."""
    async with crew(books) as workers:
        first, second = workers.start(1), workers.start(2)
        call = let_in(first)
        await until(lambda: running(second) == 1)
        assert second.meter(("demo", CLIENT.key)).quotas(trio.current_time()).tokens is not None
        call.leave(trio.current_time())  # type: ignore[attr-defined]
        await until(lambda: running(second) == 0)
        quotas = second.meter(("demo", None)).quotas(trio.current_time())
        assert quotas.requests is not None
        assert quotas.requests.remaining == 4


async def test_a_dead_workers_calls_vanish(books: Books) -> None:
    """And it is missed by no scrape."""
    async with crew(books) as workers:
        first, second = workers.start(1), workers.start(2)
        let_in(first)
        let_in(first)
        await until(lambda: running(second) == 2)
        workers.kill(1)
        await until(lambda: running(second) == 0)
        assert second.exposition is not None
        assert b'worker="2"' in await second.exposition()


async def test_a_newcomer_begins_where_the_others_are(books: Books) -> None:
    """With their calls, their rates and their keys' rests; what comes after that counts once."""
    async with crew(books) as workers:
        first = workers.start(1)
        for _ in range(3):
            let_in(first).leave(trio.current_time())  # type: ignore[attr-defined]
        let_in(first)
        observe(first, LIMITED)
        first.pool.drain("b-1")
        await trio.sleep(0.05)
        second = workers.start(2)
        await until(lambda: running(second) == 1)
        await until(lambda: state(second) == "cooling")
        await until(
            lambda: (
                second.pool.chooser.health.state(attrs.evolve(TARGET, key="b-1"), 0.0) == "draining"
            )
        )
        let_in(first)
        await until(lambda: running(second) == 2)
        quotas = second.meter(("demo", None)).quotas(trio.current_time())
        assert quotas.requests is not None
        assert quotas.requests.remaining == 0


def observe(context: Context, *errors: Exception | None, begun: float | None = None) -> None:
    """Attempts on the key that ended so."""
    health = context.pool.chooser.health
    for error in errors:
        health.observe(TARGET, error, trio.current_time(), random.Random(1), begun=begun)  # type: ignore[arg-type]


def state(context: Context) -> str:
    """The key's state, as this worker knows it."""
    return context.pool.chooser.health.state(TARGET, trio.current_time())


async def test_a_rest_found_by_one_is_kept_by_all_as_long(books: Books) -> None:
    """To the millisecond: their clocks began at different moments, and the machine's at another one."""
    async with crew(books) as workers:
        first, second = workers.start(1), workers.start(2)
        observe(first, LIMITED)
        await until(lambda: state(second) == "cooling")
        waits = [
            context.pool.chooser.health.soonest([TARGET], trio.current_time())
            for context in (first, second)
        ]
        assert waits[0] is not None
        assert waits[1] is not None
        assert abs(waits[0] - waits[1]) < 0.01
        assert books.store.statistics().waiting == 0, (
            "adopted is not found: the journal has it once"
        )


async def test_a_cured_key_is_cured_for_all(books: Books) -> None:
    """An ejection ends everywhere with the first good answer anywhere."""
    async with crew(books) as workers:
        first, second = workers.start(1), workers.start(2)
        observe(first, INVALID)
        await until(lambda: state(second) == "invalid")
        observe(second, None, begun=trio.current_time())
        assert state(second) == "active"
        await until(lambda: state(first) == "active")


async def test_one_is_ready_when_all_are(books: Books) -> None:
    """That is the supervisor's word; and without a supervisor it is time to stop."""
    async with crew(books) as workers:
        first = workers.start(1)
        await trio.sleep(0.02)
        assert not first.ready
        workers.hub.tell(1, AllUp())
        await until(lambda: first.ready)
        workers.hub.leave(1)
        with trio.fail_after(5.0):
            await first.stop.wait()


async def test_a_scrape_waits_for_no_one_that_is_silent(
    books: Books, autojump_clock: object
) -> None:
    """A worker that hangs is left out after a second."""
    async with crew(books) as workers:
        first, silent = workers.start(1), workers.hub.join(2)
        await trio.sleep(0.05)
        began = trio.current_time()
        assert first.exposition is not None
        text = await first.exposition()
        assert 1.0 <= trio.current_time() - began < 1.5
        assert b'worker="1"' in text
        assert b'worker="2"' not in text
        silent.close()
