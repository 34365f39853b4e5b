"""Live answers: what a race is told of a request. (Races over real upstreams: `test_http.py`.)"""

import random
from collections.abc import Iterator

import pytest
import trio

from gateway.account import Account, Books
from gateway.catalog import Catalog
from gateway.config import Config, KeyConfig, ProviderConfig
from gateway.errors import ApiError, from_provider
from gateway.live import Live
from gateway.reply import Reply
from gateway.ticket import Ticket
from gateway.trail import Trail
from gateway.upstreams import connect
from policies.pool import Pool
from providers.client import HttpClient
from providers.errors import ProviderError
from providers.simulator import refusing_address
from providers.types import Secret
from tests.gateway.asked import ticket
from tests.gateway.heard import heard


@pytest.fixture
def dark() -> Iterator[ProviderConfig]:
    """A provider with two keys that cannot be reached."""
    keys = tuple(KeyConfig(f"dark-{n}", Secret("s"), "raw", "dark") for n in (1, 2))
    with refusing_address() as nobody:
        yield ProviderConfig("dark", "openai", nobody, "dark", keys)


async def ask(
    books: Books, pool: Pool, provider: ProviderConfig, model: str
) -> tuple[Ticket, ApiError]:
    """A request that the provider does not answer, and the error it ends in."""
    asked = ticket(trail=Trail(trio.current_time()))
    offer = Catalog({}, (provider,)).find(model)
    assert offer is not None
    account = Account(asked, books, offer)

    async with HttpClient() as http:
        upstreams = connect(Config(providers=(provider,)), None)
        live = Live(http, upstreams, pool, random.Random(1), books.store)

        async def act(reply: Reply) -> None:
            await live.answer(asked, offer, account, reply)

        with pytest.raises(ProviderError) as caught:
            await heard(act)
    refused = from_provider(caught.value)
    account.refuse(refused)
    return asked, refused


async def test_names_that_clients_make_up_share_their_budgets(
    books: Books, dark: ProviderConfig
) -> None:
    """The pool would else remember each of them for ever."""
    pool = Pool()
    for name in ("made-up-1", "made-up-2"):
        await ask(books, pool, dark, name)

    budgets = pool.snapshot(trio.current_time()).budgets
    assert {budget.route for budget in budgets if budget.kind != "domain"} == {"unlisted"}


async def test_a_race_that_nobody_won_is_told_with_all_its_attempts(
    books: Books, dark: ProviderConfig
) -> None:
    """In the headers and in the record: how many calls, and that none of them won."""
    asked, error = await ask(books, Pool(), dark, "m")

    (record,) = books.store.indexes.recent
    assert error.status == record.status == 503
    assert (record.winner, record.ttft_ms) == (None, None)
    assert asked.trail.attempts == len(record.attempts) == 2
    assert [attempt.role for attempt in record.attempts] == ["primary", "failover"]
    assert {attempt.outcome for attempt in record.attempts} == {"failed"}


async def test_a_rest_is_told_with_its_end(books: Books, dark: ProviderConfig) -> None:
    """Whom it concerns, and when by the clock on the wall it is over."""
    pool = Pool()
    for _ in range(3):
        await ask(books, pool, dark, "m")

    books.store.close()
    (rest,) = books.store.indexes.key_states.values()
    assert (rest.state, rest.domain, rest.model) == ("ejected", "dark", None)
    assert rest.until_ms is not None
    assert 9_000 <= rest.until_ms - rest.ts <= 12_000
