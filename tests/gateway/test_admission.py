"""A project's limits: who is let in, what is held, what is told."""

import datetime as dt
from typing import Any, Self, cast

import attrs
import pytest
import trio

from gateway.account import Account, Books
from gateway.admission import USUAL_ANSWER, admit, ends
from gateway.auth import Principal
from gateway.catalog import Catalog, Offer
from gateway.config import Config, Price, ProjectConfig
from gateway.context import Context
from gateway.errors import ApiError
from gateway.relay import Settled
from gateway.ticket import Ticket
from policies.pool import Pool
from policies.settings import Limits
from providers.types import ChatCall, Usage
from state.experiments import Experiments
from state.store import Store
from tests.gateway.asked import TARGET, chat, ticket


@attrs.frozen
class Spending:
    """Stands where the store is asked what projects have spent: always the same."""

    usd: float = 0.0
    asked: list[tuple[str, int, str | None]] = attrs.field(factory=list)
    experiments: Experiments = attrs.field(factory=Experiments)

    @property
    def indexes(self) -> Self:
        return self

    def spent(self, project: str, first: dt.date, last: dt.date, *, key: str | None = None) -> int:
        assert abs(last - dt.datetime.now(dt.UTC).date()) <= dt.timedelta(days=1)
        assert first == last or first == last.replace(day=1)
        self.asked.append((project, (last - first).days + 1, key))
        return round(self.usd * 1e9)


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


FREE = Offer("m", ())
PRICED = Offer("m", (), price=Price(100.0, 1000.0))
"""A token of a prompt costs 100,000 nano-dollars, one of an answer ten times as much."""


def limit(
    context: Context, *, usd: float = 0.0, keys: Limits | None = None, **limits: Any
) -> Context:
    """The gateway, where project `demo` has these limits and has spent so much today."""
    project = ProjectConfig("demo", limits=Limits(**limits), key_limits=keys or Limits())
    context.config = Config(projects=(project,))
    context.store = cast("Store", Spending(usd))
    context.meters.clear()
    return context


def refused(context: Context, asked: Ticket | None = None, offer: Offer = FREE) -> ApiError:
    """The error that a request which is not let in ends in."""
    with pytest.raises(ApiError) as caught, admit(context, asked or ticket(), offer):
        pytest.fail("it was let in")
    assert caught.value.status == 429
    return caught.value


def use(
    context: Context, tokens: int = 0, asked: Ticket | None = None, offer: Offer = FREE
) -> Ticket:
    """A request that is let in and uses so many tokens."""
    asked = asked or ticket()
    with admit(context, asked, offer) as admission:
        admission.settle(tokens)
    return asked


def by(key: str, call: ChatCall | None = None) -> Ticket:
    """A live request of project `demo` with this key."""
    return ticket(call, principal=Principal("demo", "live", key))


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
    with admit(context, ticket(big), FREE) as admission:
        assert "tokens a minute" in refused(context, ticket(big)).message
        admission.settle(10)
    use(context, 65, ticket(big))
    error = refused(context, ticket(big))
    assert error.retry_after == pytest.approx((75 + 65 - 100) * 60 / 100)


async def test_who_leaves_gives_back_its_own_and_not_the_others(
    context: Context, autojump_clock: trio.testing.MockClock
) -> None:
    """Requests of one project overlap in any order."""
    limit(context, tpm=100)
    half = ticket(chat("abcd", max_tokens=45))
    with admit(context, half, FREE):
        use(context, asked=half)
        use(context, asked=half)
        with admit(context, half, FREE):
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
    with admit(context, ticket(), FREE):
        assert "concurrent requests" in refused(context).message
    with pytest.raises(LookupError), admit(context, ticket(), FREE):
        raise LookupError("a bug")
    with trio.CancelScope() as scope, admit(context, ticket(), FREE):
        scope.cancel()
        await trio.sleep_forever()
    use(context)


async def test_a_request_that_failed_has_used_nothing(
    context: Context, autojump_clock: trio.testing.MockClock
) -> None:
    """Its tokens are given back, its place among the requests a minute is not."""
    limit(context, tpm=100, rpm=10)
    for _ in range(3):
        with pytest.raises(LookupError), admit(context, ticket(chat(max_tokens=90)), FREE):
            raise LookupError("upstream down")
    limits = use(context).trail.limits
    assert limits["x-ratelimit-remaining-requests"] == "6"
    assert limits["x-ratelimit-remaining-tokens"] == "94"


@pytest.mark.parametrize(
    ("limits", "told", "longest"),
    [
        ({"usd_per_day": 5.0}, "dollars a day", 86_400),
        ({"usd_per_month": 5.0}, "dollars a month", 31 * 86_400),
    ],
)
async def test_money_is_counted_by_the_day_and_by_the_month(
    context: Context, limits: Any, told: str, longest: int
) -> None:
    """Of live calls, whoever asks; both end at midnight in UTC."""
    error = refused(limit(context, usd=5.0, **limits))
    assert f"project's limit of {told}" in error.message
    assert error.retry_after is not None
    assert 0 < error.retry_after <= longest
    ((project, days, key),) = cast("Any", context.store).asked
    assert (project, key) == ("demo", None)
    assert days == (1 if "day" in told else dt.datetime.now(dt.UTC).day)
    use(limit(context, usd=4.99, **limits))


async def test_money_is_reserved_by_the_price_and_the_most_that_is_asked(context: Context) -> None:
    """Five tokens of prompt and ten of answer, until the first call is settled."""
    small = ticket(chat("abcd", max_tokens=10))
    limit(context, usd_per_day=0.0200)
    with admit(context, small, PRICED) as admission:
        error = refused(context, small, PRICED)
        assert "dollars a day" in error.message
        assert error.retry_after == pytest.approx(1.0)
        use(context, asked=small)  # costs nothing
        admission.settle(15)
        use(context, asked=small, offer=PRICED)
    refused(limit(context, usd_per_day=0.010), small, PRICED)


async def test_a_call_that_asks_for_no_most_is_reserved_a_usual_answer(context: Context) -> None:
    """Else a storm of such calls would see no limit before they all had answered."""
    most = (5 * 100 + USUAL_ANSWER * 1000) / 1e6
    refused(limit(context, usd_per_month=most - 1e-6), ticket(chat("abcd")), PRICED)
    use(limit(context, usd_per_month=most), asked=ticket(chat("abcd")), offer=PRICED)


async def test_the_dearest_of_a_models_providers_is_reserved_for(context: Context) -> None:
    """Anyone of them may answer, each at its own price."""
    cheap = attrs.evolve(TARGET, price=Price(0.0, 1.0))
    dear = attrs.evolve(TARGET, price=Price(0.0, 1000.0))
    asked = ticket(chat(max_tokens=1000))
    limit(context, usd_per_day=0.5)
    use(context, asked=asked, offer=Offer("m", ((cheap,), (TARGET,))))
    refused(context, asked, Offer("m", ((cheap,), (dear,))))
    refused(context, asked, Offer("m", ((cheap,),), price=Price(0.0, 1000.0)))


async def test_test_mode_reserves_no_money(context: Context) -> None:
    """Nothing is billed."""
    tested = ticket(principal=attrs.evolve(ticket().principal, environment="test"))
    use(limit(context, usd_per_day=1e-9), asked=tested, offer=PRICED)


async def test_a_request_that_alone_costs_too_much_is_told_so(context: Context) -> None:
    """A client may ask for fewer tokens, but need not wait."""
    error = refused(limit(context, usd_per_day=0.01), ticket(chat(max_tokens=1000)), PRICED)
    assert error.final
    assert "alone" in error.message


async def test_another_attempt_is_asked_for_and_counts(
    context: Context, autojump_clock: trio.testing.MockClock
) -> None:
    """A hedge reserves tokens and money of its own; all of it is free again with the call's end."""
    limit(context, rpm=2, tpm=100, usd_per_day=1.0)
    half = ticket(chat("abcd", max_tokens=35))
    with admit(context, half, PRICED) as admission:
        assert not admission.extra(61, 0)
        assert admission.extra(40, 10**8)
        assert not admission.extra(0, 10**9)
        assert "tokens" in refused(context, half).message
        admission.settle(45)
        assert not admission.extra(1, 1)
    limits = use(context, asked=half).trail.limits
    assert limits["x-ratelimit-remaining-requests"] == "0"
    assert limits["x-ratelimit-remaining-tokens"] == "15"


async def test_without_limits_another_attempt_is_always_admitted(context: Context) -> None:
    """There is nothing to reserve it from."""
    with admit(context, ticket(), PRICED) as admission:
        assert admission.extra(10**9, 10**15)


async def test_each_key_has_the_limits_of_keys_by_itself(
    context: Context, autojump_clock: trio.testing.MockClock
) -> None:
    """And all of them together the project's; the message says whose is reached."""
    limit(context, keys=Limits(rpm=1), rpm=2)
    use(context, asked=by("a1"))
    error = refused(context, by("a1"))
    assert error.message == "The key's limit of requests a minute is reached"
    assert error.retry_after == pytest.approx(60.0)
    use(context, asked=by("b2"))
    error = refused(context, by("c3"))
    assert error.message == "The project's limit of requests a minute is reached"
    assert error.retry_after == pytest.approx(30.0)


async def test_headers_show_the_tighter_of_both(
    context: Context, autojump_clock: trio.testing.MockClock
) -> None:
    """Of requests and of tokens each; so many calls are then admitted at once, and not one more."""
    limit(context, keys=Limits(rpm=9, tpm=60), rpm=5, tpm=1000)
    asked = use(context, 15, by("a1", chat("abcd", max_tokens=10)))
    assert asked.trail.limits["x-ratelimit-limit-requests"] == "5"
    assert asked.trail.limits["x-ratelimit-remaining-requests"] == "4"
    assert asked.trail.limits["x-ratelimit-limit-tokens"] == "60"
    assert asked.trail.limits["x-ratelimit-remaining-tokens"] == "45"
    for left in (30, 15, 0):
        asked = use(context, 15, by("a1", chat("abcd", max_tokens=10)))
        assert asked.trail.limits["x-ratelimit-remaining-requests"] == str(left // 15 + 1)
    assert "key's limit of tokens" in refused(context, by("a1")).message
    use(context, asked=by("b2"))
    assert "project's limit of requests" in refused(context, by("c3")).message


async def test_the_money_of_a_key_is_what_the_journal_says_of_it(context: Context) -> None:
    """The project's own money is not asked for where it has no limit."""
    limit(context, usd=5.0, keys=Limits(usd_per_day=5.0))
    assert "key's limit of dollars a day" in refused(context, by("a1")).message
    assert cast("Any", context.store).asked == [("demo", 1, "a1")]


@pytest.mark.parametrize(
    ("now", "day", "month"),
    [
        (dt.datetime(2026, 2, 28, 23, 59, 30, tzinfo=dt.UTC), 30, 30),
        (dt.datetime(2028, 2, 28, 12, tzinfo=dt.UTC), 43_200, 129_600),
        (dt.datetime(2026, 12, 31, tzinfo=dt.UTC), 86_400, 86_400),
        (dt.datetime(2026, 12, 1, tzinfo=dt.UTC), 86_400, 31 * 86_400),
    ],
)
def test_a_month_is_the_calendars(now: dt.datetime, day: int, month: int) -> None:
    """With its leap days, and December's end is a year's."""
    assert ends(now) == (day, month)


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
