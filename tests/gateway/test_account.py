"""The account of a request: closed once, the same in the journal and in the metrics."""

from collections.abc import Sequence
from pathlib import Path

import attrs
import pytest
import trio

from gateway.account import CLIENT_GONE, Account, Books
from gateway.attempt import Attempt
from gateway.auth import Principal
from gateway.catalog import Offer
from gateway.config import Price
from gateway.errors import ApiError
from gateway.knobs import Knobs
from gateway.relay import Settled
from gateway.ticket import Ticket
from gateway.trail import Trail
from policies.contest import Skip
from policies.hedge import Plan
from providers.types import Usage
from state.errors import StoreUnavailable
from state.records import AttemptEnded, Candidate, RequestEnded
from tests.gateway.asked import USAGE, Held, attempt, chat, embed, ticket
from tests.gateway.conftest import FragileDisk

OFFER = Offer("m", (), price=Price(0.1, 0.4))


@attrs.frozen
class Raced:
    """A race that is over."""

    attempts: Sequence[Attempt]
    skips: Sequence[Skip] = ()

    @property
    def winner(self) -> Attempt | None:
        return next((attempt for attempt in self.attempts if attempt.outcome == "won"), None)


@attrs.define(eq=False)
class Office:
    """Where accounts are opened, and where it can be seen what they were closed with."""

    books: Books
    held: Held = attrs.field(factory=Held)

    def account(
        self,
        asked: Ticket | None = None,
        attempts: Sequence[Attempt] = (),
        *,
        offer: Offer = OFFER,
        so_far: Settled | None = None,
    ) -> Account:
        """The account of a request of which so much is answered by now, if an answer is on its way."""
        account = Account(asked or ticket(), self.books, offer, self.held)
        account.race = Raced(attempts)
        if so_far is not None:
            account.so_far = lambda: so_far
        return account

    @property
    def record(self) -> RequestEnded:
        """The only record there is."""
        (record,) = self.records
        return record

    @property
    def records(self) -> tuple[RequestEnded, ...]:
        return self.books.store.indexes.recent

    def sample(self, name: str, **labels: str) -> float | None:
        """One number of the metrics."""
        return self.books.metrics.registry.get_sample_value(name, labels)

    @property
    def requests(self) -> dict[str, float]:
        """How many requests have ended in each way."""
        (family,) = self.books.metrics.requests.collect()
        return {
            sample.labels["outcome"]: sample.value
            for sample in family.samples
            if sample.name.endswith("_total")
        }


@pytest.fixture
def office(books: Books) -> Office:
    """Accounts that are closed into a real journal."""
    return Office(books)


async def test_an_answered_request_is_one_record(
    office: Office, autojump_clock: trio.testing.MockClock
) -> None:
    """Who, what, how long, who won, what it cost: times in milliseconds since it arrived."""
    await trio.sleep(2.0)
    trail = Trail(1.0, id="req_1", winner="a-1", hedged="lost", upstream=0.5)
    trail.ttft = 0.625
    asked = ticket(chat(stream=True), trail=trail, knobs=Knobs(tags=("a", "b=c")))
    won = attempt(1.125, outcome="won", first=1.625, usage=USAGE)
    won.plan = Plan((0.25,), "fixed")
    account = office.account(asked, [won])
    account.settle(Settled(USAGE, estimated=False))

    assert attrs.evolve(office.record, ts=0) == RequestEnded(
        request="req_1",
        project="demo",
        environment="live",
        operation="chat",
        model="m",
        status=200,
        streamed=True,
        policy="default",
        hedged="lost",
        winner="a-1",
        ttft_ms=625.0,
        duration_ms=1000.0,
        prompt_tokens=25,
        completion_tokens=42,
        nano_usd=25 * 100 + 42 * 400,
        hedge_delay_ms=250.0,
        tags=("a", "b=c"),
        attempts=(
            AttemptEnded(
                key="a-1",
                domain="a-domain",
                model="gemini-2.0-flash",
                role="primary",
                outcome="won",
                start_ms=125.0,
                first_ms=625.0,
                end_ms=1000.0,
                status=200,
                prompt_tokens=25,
                completion_tokens=42,
                usage_src="reported",
                provider="a",
                headers_ms=375.0,
                ewma_ms=500.0,
                candidates=(Candidate("a-1", 0.5),),
                delay_ms=250.0,
                delay_src="fixed",
            ),
        ),
        coin=0.0,
        deadline_ms=600_000.0,
        prompt_estimate=asked.features.prompt_tokens,
    )


async def test_metrics_and_journal_agree(
    office: Office, autojump_clock: trio.testing.MockClock
) -> None:
    """What `/metrics` counts is what the record says, the gateway's own time included."""
    await trio.sleep(2.0)
    trail = Trail(1.0, winner="a-1", upstream=0.5)
    trail.ttft = 0.625
    won = attempt(1.125, outcome="won", first=1.625, usage=USAGE)
    office.account(ticket(trail=trail), [won]).settle(Settled(USAGE, estimated=False))

    assert office.requests == {"ok": 1}
    assert office.sample("hedgerow_overhead_seconds_sum") == 0.125
    labels = {"gen_ai_request_model": "m", "gen_ai_provider_name": "gcp.gemini"}
    name = "gen_ai_client_operation_time_to_first_chunk_seconds_sum"
    assert office.sample(name, **labels) == 0.5
    attempts = {"provider": "a", "model": "m", "key": "a-1", "role": "primary", "outcome": "won"}
    assert office.sample("hedgerow_attempts_total", **attempts) == 1


async def test_a_name_that_a_client_made_up_is_in_the_journal_and_in_no_label(
    office: Office,
) -> None:
    """Whoever may try any name could else fill the memory of whoever scrapes."""
    asked = ticket(attrs.evolve(chat(), model="made-up-7"))
    invented = Offer("made-up-7", (), listed=False)
    sent = attempt(0.0, outcome="won", first=0.5, usage=USAGE)
    office.account(asked, [sent], offer=invented).settle(Settled(USAGE, estimated=False))

    assert office.record.model == "made-up-7"
    scraped = office.books.metrics.render().decode()
    assert "made-up-7" not in scraped
    assert 'hedgerow_requests_total{model="unlisted"' in scraped


async def test_an_account_is_closed_once(office: Office) -> None:
    """The first word counts: whatever else unwinds afterwards finds it closed."""
    account = office.account()
    account.settle(Settled(USAGE, estimated=False))
    assert account.closed
    account.settle(Settled(Usage(), estimated=True))
    account.refuse(ApiError(503, "x"))
    account.break_off(ApiError(503, "x"))
    account.abandon()

    assert len(office.records) == 1
    assert office.held.told == [67]
    assert office.requests == {"ok": 1}


@pytest.mark.parametrize(
    ("status", "outcome"), [(400, "client_error"), (429, "client_error"), (503, "server_error")]
)
async def test_a_refused_request_costs_nothing(office: Office, status: int, outcome: str) -> None:
    """It is recorded with its status and the word that the client saw."""
    account = office.account(None, [attempt(0.0)], so_far=Settled(USAGE, estimated=False))
    account.refuse(ApiError(status, "no"))

    record = office.record
    assert (record.status, record.error) == (status, ApiError(status, "no").type)
    assert (record.prompt_tokens, record.completion_tokens, record.nano_usd) == (0, 0, 0)
    assert (record.ttft_ms, record.client_gone) == (None, False)
    assert office.held.told == [0]
    assert office.requests == {outcome: 1}
    assert office.sample("hedgerow_overhead_seconds_count") == 0


async def test_an_answer_that_broke_is_recorded_with_the_good_status_and_its_error(
    office: Office,
) -> None:
    """The status is what the client saw; it has used what it was given until then."""
    broken = Settled(USAGE, estimated=True, error=ApiError(503, "cut"))
    office.account().settle(broken)

    record = office.record
    assert (record.status, record.error) == (200, "service_unavailable")
    assert (record.prompt_tokens, record.completion_tokens) == (25, 42)
    assert record.nano_usd == 19_300
    assert office.requests == {"broken": 1}


async def test_an_answer_that_we_broke_off_is_recorded_as_one_that_broke(office: Office) -> None:
    """By a deadline, or by a bug: the client saw the good status all the same."""
    won = attempt(0.0, outcome="won", first=0.5)
    account = office.account(None, [won], so_far=Settled(USAGE, estimated=True))
    account.break_off(ApiError(500, "a bug"))

    record = office.record
    assert (record.status, record.error, record.client_gone) == (200, "api_error", False)
    assert (record.prompt_tokens, record.completion_tokens) == (25, 42)
    assert record.attempts[0].usage_src == "estimated"
    assert office.held.told == [67]
    assert office.requests == {"broken": 1}


@pytest.mark.parametrize(
    ("attempts", "so_far", "usage", "source"),
    [
        ([], None, Usage(), None),
        ([attempt(0.0)], None, Usage(5, 0, 5), "estimated"),
        ([attempt(0.0, outcome="won")], Settled(USAGE, estimated=True), USAGE, "estimated"),
        (
            [attempt(0.0, outcome="won", usage=USAGE)],
            Settled(USAGE, estimated=False),
            USAGE,
            "reported",
        ),
        ([], Settled(USAGE, estimated=False), USAGE, None),
    ],
    ids=["nothing sent", "sent", "in the middle", "usage reported", "mocked"],
)
async def test_an_abandoned_request_costs_what_was_answered(
    office: Office,
    attempts: list[Attempt],
    so_far: Settled | None,
    usage: Usage,
    source: str | None,
) -> None:
    """What was answered by then, else the prompt that was sent upstream, else nothing."""
    office.account(ticket(chat("abcd")), attempts, so_far=so_far).abandon()

    record = office.record
    assert (record.status, record.error, record.client_gone) == (CLIENT_GONE, "client_gone", True)
    assert (record.prompt_tokens, record.completion_tokens) == (usage.prompt, usage.completion)
    assert record.nano_usd == 100 * usage.prompt + 400 * usage.completion
    assert [ended.usage_src for ended in record.attempts] == ([source] if source else [])
    assert office.held.told == [usage.total]
    assert office.requests == {"client_gone": 1}


@pytest.mark.parametrize(
    ("price", "usage", "nano_usd"),
    [
        (None, USAGE, 0),
        (Price(0.0, 0.0), USAGE, 0),
        (Price(1.0, 0.0), Usage(1, 7, 8), 1000),
        (Price(0.0, 1.0), Usage(7, 1, 8), 1000),
        (Price(0.15, 0.6), Usage(1_000_000, 1_000_000, 2_000_000), 750_000_000),
        (Price(0.0375, 0.0), Usage(1, 0, 1), 38),
        (Price(75.0, 150.0), Usage(10**9, 10**9, 2 * 10**9), 225_000 * 10**9),
    ],
)
async def test_a_request_costs_what_its_models_price_says(
    office: Office, price: Price | None, usage: Usage, nano_usd: int
) -> None:
    """Prices are dollars for a million tokens, costs whole billionths of a dollar."""
    account = office.account(offer=Offer("m", (), price=price))
    account.settle(Settled(usage, estimated=False))

    assert office.record.nano_usd == nano_usd
    total = office.books.store.indexes.total("demo", "live")
    assert total.usd == pytest.approx(nano_usd / 1e9)


async def test_tags_are_not_kept_for_who_declined_logging(office: Office) -> None:
    """What is needed for the bill is."""
    knobs = Knobs(tags=("secret-customer",), no_log=True)
    office.account(ticket(knobs=knobs)).settle(Settled(USAGE, estimated=False))

    assert office.record.tags == ()
    assert office.record.prompt_tokens == 25


async def test_no_prompt_and_no_message_is_in_the_journal(office: Office, tmp_path: Path) -> None:
    """By construction: the record has no member for either."""
    asked = ticket(chat("CANARY"), principal=Principal("demo", "live"))
    office.account(asked, [attempt(0.0)]).settle(Settled(USAGE, estimated=False))
    office.account(ticket(embed("CANARY"))).refuse(ApiError(400, "CANARY is no model"))

    files = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert any(b"request_ended" in file for file in files)
    assert not any(b"CANARY" in file for file in files)


async def test_a_test_key_is_recorded_as_one(office: Office) -> None:
    """Its usage is counted apart from what costs money."""
    asked = ticket(embed("x"), principal=Principal("demo", "test"))
    office.account(asked).settle(Settled(Usage(8, 0, 8), estimated=False))

    record = office.record
    assert (record.environment, record.operation, record.streamed) == ("test", "embeddings", False)
    assert record.nano_usd == 0
    indexes = office.books.store.indexes
    assert indexes.total("demo", "test").prompt_tokens == 8
    assert indexes.total("demo", "live").prompt_tokens == 0


async def test_a_journal_that_cannot_be_written_is_told(office: Office, disk: FragileDisk) -> None:
    """Who answers must not go on as if the request were accounted for; and nobody counts it as answered."""
    disk.full = True
    won = attempt(0.0, outcome="won", usage=USAGE)
    with pytest.raises(StoreUnavailable):
        office.account(None, [won]).settle(Settled(USAGE, estimated=False))

    assert office.records == ()
    assert office.held.told == [67]
    assert office.requests == {"server_error": 1}
    attempts = {"provider": "a", "model": "m", "key": "a-1", "role": "primary", "outcome": "won"}
    assert office.sample("hedgerow_attempts_total", **attempts) == 1


async def test_an_operator_may_choose_to_answer_unmetered(
    office: Office, disk: FragileDisk
) -> None:
    """The request goes on; what is lost is counted by the store."""
    disk.full = True
    office.books = attrs.evolve(office.books, serve_unmetered=True)
    office.account().settle(Settled(USAGE, estimated=False))

    assert office.records == ()
    assert office.requests == {"ok": 1}
