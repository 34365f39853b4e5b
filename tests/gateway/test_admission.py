"""A project's limits: who is let in, what is held, what is told."""

import datetime as dt
from typing import Any, Self, cast

import attrs
import pytest
import trio

from gateway.account import Account, Books
from gateway.admission import admit
from gateway.catalog import Catalog, Offer
from gateway.config import Config, Price, ProjectConfig
from gateway.context import Context
from gateway.errors import ApiError
from gateway.relay import Settled
from gateway.ticket import Ticket
from policies.pool import Pool
from policies.settings import Limits
from providers.types import Usage
from state.store import Store
from tests.gateway.asked import chat, ticket


@attrs.frozen
class Spending:
    """Stands where the store is asked what projects have spent: always the same."""

    usd: float = 0.0
    asked: list[tuple[str, str]] = attrs.field(factory=list)

    @property
    def indexes(self) -> Self:
        return self

    def usage(self, project: str, day: dt.date, environment: str) -> Self:
        assert abs(day - dt.datetime.now(dt.UTC).date()) <= dt.timedelta(days=1)
        self.asked.append((project, environment))
        return self


@pytest.fixture
def context(books: Books) -> Context:
    """A gateway that knows no project's limits yet."""
    return Context(
        config=Config(),
        store=cast("Store", Spending()),
        metrics=books.metrics,
        books=books,
        pool=Pool(),
        answerers={},
        catalog=Catalog({}),
    )


def limit(context: Context, *, usd: float = 0.0, **limits: Any) -> Context:
    """The gateway, where project `demo` has these limits and has spent so much today."""
    context.config = Config(projects=(ProjectConfig("demo", limits=Limits(**limits)),))
    context.store = cast("Store", Spending(usd))
    return context


def refused(context: Context, asked: Ticket | None = None) -> ApiError:
    """The error that a request which is not let in ends in."""
    with pytest.raises(ApiError) as caught, admit(context, asked or ticket()):
        pytest.fail("it was let in")
    assert caught.value.status == 429
    return caught.value


def use(context: Context, tokens: int = 0, asked: Ticket | None = None) -> Ticket:
    """A request that is let in and uses so many tokens."""
    asked = asked or ticket()
    with admit(context, asked) as settle:
        settle(Usage(total=tokens))
    return asked


async def test_a_project_without_configuration_has_no_limits(context: Context) -> None:
    """It is let in, told nothing, and costs no look into the journal."""
    asked = use(context, 10**9)
    assert asked.trail.limits == {}
    assert cast("Any", context.store).asked == []


async def test_a_configured_project_without_limits_is_let_in(context: Context) -> None:
    """There is nothing to tell it either."""
    assert use(limit(context), 10**9).trail.limits == {}


async def test_requests_a_minute_are_counted(
    context: Context, autojump_clock: trio.testing.MockClock
) -> None:
    """What is over is refused with the time when there is room again, and then there is."""
    limit(context, rpm=2)
    use(context)
    use(context)
    error = refused(context)
    assert "requests a minute" in error.message
    assert error.retry_after == pytest.approx(30.0)
    assert not error.final

    await trio.sleep(30.0)
    use(context)
    refused(context)


async def test_the_quota_is_told_in_openais_headers(
    context: Context, autojump_clock: trio.testing.MockClock
) -> None:
    """As it is once this request is counted, its tokens held."""
    limit(context, rpm=60, tpm=1000)
    asked = use(context, asked=ticket(chat("abcd", max_tokens=95)))
    assert asked.trail.limits == {
        "x-ratelimit-limit-requests": "60",
        "x-ratelimit-remaining-requests": "59",
        "x-ratelimit-reset-requests": "1.000s",
        "x-ratelimit-limit-tokens": "1000",
        "x-ratelimit-remaining-tokens": "900",
        "x-ratelimit-reset-tokens": "0.000s",
    }


async def test_only_what_is_limited_is_told(context: Context) -> None:
    """A limit of money or of concurrency has no header."""
    limit(context, concurrent=5, usd_per_day=5.0)
    assert use(context).trail.limits == {}
    limit(context, rpm=5)
    context.meters.clear()
    assert set(use(context).trail.limits) == {
        "x-ratelimit-limit-requests",
        "x-ratelimit-remaining-requests",
        "x-ratelimit-reset-requests",
    }


async def test_a_refused_request_is_told_the_quota_too(
    context: Context, autojump_clock: trio.testing.MockClock
) -> None:
    """Clients plan by it."""
    limit(context, rpm=1)
    use(context)
    asked = ticket()
    refused(context, asked)
    assert asked.trail.limits["x-ratelimit-remaining-requests"] == "0"


async def test_what_a_request_may_use_is_held_while_it_runs(
    context: Context, autojump_clock: trio.testing.MockClock
) -> None:
    """And what it did not use is free the moment it is over."""
    limit(context, tpm=100)
    big = chat("abcd", max_tokens=60)
    with admit(context, ticket(big)) as settle:
        assert "tokens a minute" in refused(context, ticket(big)).message
        settle(Usage(total=10))
    use(context, 65, ticket(big))
    error = refused(context, ticket(big))
    assert error.retry_after == pytest.approx((75 + 65 - 100) * 60 / 100)


async def test_who_leaves_gives_back_its_own_and_not_the_others(
    context: Context, autojump_clock: trio.testing.MockClock
) -> None:
    """Requests of one project overlap in any order."""
    limit(context, tpm=100)
    half = ticket(chat("abcd", max_tokens=45))
    with admit(context, half):
        use(context, asked=half)
        use(context, asked=half)
        with admit(context, half):
            refused(context, half)


async def test_what_all_choices_may_use_is_held(context: Context) -> None:
    """Many answers at once are no way around a limit."""
    limit(context, tpm=100)
    error = refused(context, ticket(chat("abcd", max_tokens=20, n=8)))
    assert "alone" in error.message


async def test_a_request_larger_than_the_limit_is_told_so(context: Context) -> None:
    """Waiting would not help: it need not try again, and if it does it need not hurry."""
    limit(context, tpm=100)
    error = refused(context, ticket(chat(max_tokens=101)))
    assert error.final
    assert error.headers() == {
        "retry-after": "60",
        "retry-after-ms": "60000",
        "x-should-retry": "false",
    }
    assert "alone" in error.message


async def test_any_most_that_was_accepted_can_be_weighed(context: Context) -> None:
    """The largest number a client can send is a refusal, and no failure of ours."""
    limit(context, tpm=100)
    assert refused(context, ticket(chat(max_tokens=2**31 - 1, n=128))).final


async def test_requests_at_once_are_counted_until_they_leave(context: Context) -> None:
    """However they leave: with an answer, an error, or because the client hung up."""
    limit(context, concurrent=1)
    with admit(context, ticket()):
        assert "concurrent requests" in refused(context).message
    with pytest.raises(LookupError), admit(context, ticket()):
        raise LookupError("a bug")
    with trio.CancelScope() as scope, admit(context, ticket()):
        scope.cancel()
        await trio.sleep_forever()
    use(context)


async def test_a_request_that_failed_has_used_nothing(
    context: Context, autojump_clock: trio.testing.MockClock
) -> None:
    """Its tokens are given back, its place among the requests a minute is not."""
    limit(context, tpm=100, rpm=10)
    for _ in range(3):
        with pytest.raises(LookupError), admit(context, ticket(chat(max_tokens=90))):
            raise LookupError("upstream down")
    limits = use(context).trail.limits
    assert limits["x-ratelimit-remaining-requests"] == "6"
    assert limits["x-ratelimit-remaining-tokens"] == "94"


async def test_money_is_counted_by_the_day(context: Context) -> None:
    """Of live calls, whoever asks; the day ends at midnight in UTC."""
    error = refused(limit(context, usd=5.0, usd_per_day=5.0))
    assert "dollars a day" in error.message
    assert error.retry_after is not None
    assert 0 < error.retry_after <= 86_400
    assert cast("Any", context.store).asked == [("demo", "live")]
    use(limit(context, usd=4.99, usd_per_day=5.0))


async def test_projects_do_not_share_their_limits(
    context: Context, autojump_clock: trio.testing.MockClock
) -> None:
    """One project's storm leaves the other's calls alone."""
    limits = Limits(rpm=1)
    context.config = Config(
        projects=(ProjectConfig("demo", limits=limits), ProjectConfig("other", limits=limits))
    )
    use(context)
    refused(context)
    neighbour = attrs.evolve(ticket().principal, project="other")
    use(context, asked=ticket(principal=neighbour))


async def test_what_was_spent_is_read_from_the_journal(context: Context, store: Store) -> None:
    """What the accounts of this project's live requests were closed with, and nobody else's."""
    limit(context, usd_per_day=0.001)
    context.store = store
    priced = Offer("m", (), price=Price(100.0, 0.0))

    def spend(tokens: int, **who: Any) -> None:
        asked = ticket(principal=attrs.evolve(ticket().principal, **who))
        account = Account(asked, context.books, priced)
        account.settle(Settled(Usage(tokens, 0, tokens), estimated=False))

    spend(9)
    spend(10**6, project="other")
    spend(10**6, environment="test")
    use(context)
    spend(1)
    assert "dollars a day" in refused(context).message
