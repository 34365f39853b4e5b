"""The account of a request: closed once, the same in the journal and in the metrics."""

from collections.abc import Sequence
from pathlib import Path

import attrs
import pytest
import trio

from gateway.account import CLIENT_GONE, Account, Books, attempt_record
from gateway.attempt import Attempt, Outcome, Role
from gateway.auth import Principal
from gateway.errors import ApiError
from gateway.knobs import Knobs
from gateway.relay import Settled
from gateway.ticket import Ticket
from gateway.trail import Trail
from policies.pool import Lease
from policies.target import Target
from providers.errors import ProviderError, TimedOut, UpstreamFailed
from providers.types import Usage
from state.errors import StoreUnavailable
from state.records import AttemptEnded, RequestEnded
from tests.gateway.asked import chat, embed, ticket
from tests.gateway.conftest import FragileDisk

USAGE = Usage(prompt=25, completion=42, total=67)
TARGET = Target("a-1", "a", "a-domain", "gemini-2.0-flash")


def attempt(
    begun: float,
    *,
    role: Role = "primary",
    outcome: Outcome | None = None,
    first: float | None = None,
    ended: float | None = None,
    error: ProviderError | None = None,
    usage: Usage | None = None,
) -> Attempt:
    """An upstream call and what became of it."""
    lease = Lease(TARGET, begun, role == "primary")
    return Attempt(lease, role, first=first, ended=ended, outcome=outcome, error=error, usage=usage)


@attrs.define(eq=False)
class Office:
    """Where accounts are opened, and where it can be seen what they were closed with."""

    books: Books
    told: list[Usage] = attrs.field(factory=list)

    def account(self, asked: Ticket | None = None, attempts: Sequence[Attempt] = ()) -> Account:
        return Account(asked or ticket(), self.books, self.told.append, attempts)

    @property
    def records(self) -> tuple[RequestEnded, ...]:
        return self.books.store.indexes.recent

    def sample(self, name: str, **labels: str) -> float | None:
        """One number of the metrics."""
        return self.books.metrics.registry.get_sample_value(name, labels)

    def requests(self, outcome: str) -> float | None:
        """How many chats of the demo project have ended so."""
        return self.sample(
            "hedgerow_requests_total", project="demo", model="m", operation="chat", outcome=outcome
        )


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
    account = office.account(asked, [won])
    account.hedge_delay = 0.25
    account.settle(Settled(USAGE, estimated=False))

    (record,) = office.records
    assert attrs.evolve(record, ts=0) == RequestEnded(
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
            ),
        ),
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

    assert office.requests("ok") == 1
    assert office.sample("hedgerow_overhead_seconds_sum") == 0.125
    labels = {"gen_ai_operation_name": "chat", "gen_ai_request_model": "gemini-2.0-flash"}
    name = "gen_ai_client_operation_time_to_first_chunk_seconds_sum"
    assert office.sample(name, **labels, gen_ai_provider_name="gcp.gemini") == 0.5


async def test_an_account_is_closed_once(office: Office) -> None:
    """The first word counts: whatever else unwinds afterwards finds it closed."""
    account = office.account()
    account.settle(Settled(USAGE, estimated=False))
    assert account.closed
    account.settle(Settled(Usage(), estimated=True))
    account.refuse(ApiError(503, "x"))
    account.abandon()

    assert len(office.records) == 1
    assert office.told == [USAGE]
    assert office.requests("ok") == 1


@pytest.mark.parametrize(
    ("status", "outcome"), [(400, "client_error"), (429, "client_error"), (503, "server_error")]
)
async def test_a_refused_request_costs_nothing(office: Office, status: int, outcome: str) -> None:
    """It is recorded with its status and the word that the client saw."""
    office.account().refuse(ApiError(status, "no"))

    (record,) = office.records
    assert (record.status, record.error) == (status, ApiError(status, "no").type)
    assert (record.prompt_tokens, record.completion_tokens, record.client_gone) == (0, 0, False)
    assert record.ttft_ms is None
    assert office.told == [Usage()]
    assert office.requests(outcome) == 1
    assert office.sample("hedgerow_overhead_seconds_count") == 0


async def test_an_answer_that_broke_is_recorded_with_its_error(office: Office) -> None:
    """And with what it cost until then."""
    broken = Settled(USAGE, estimated=True, error=ApiError(503, "cut"))
    office.account().settle(broken)

    (record,) = office.records
    assert record.error == "service_unavailable"
    assert (record.prompt_tokens, record.completion_tokens) == (25, 42)


@pytest.mark.parametrize(
    ("attempts", "usage"),
    [
        ([], Usage()),
        ([attempt(0.0)], Usage(5, 0, 5)),
        ([attempt(0.0, first=0.5)], Usage(5, 0, 5)),
        ([attempt(0.0), attempt(0.0, role="hedge", first=0.5, usage=USAGE)], USAGE),
    ],
    ids=["nothing sent", "sent", "begun", "usage reported"],
)
async def test_an_abandoned_request_costs_what_is_known_of_it(
    office: Office, attempts: list[Attempt], usage: Usage
) -> None:
    """The winner's report, else the prompt that was sent upstream, else nothing."""
    office.account(ticket(chat("abcd")), attempts).abandon()

    (record,) = office.records
    assert (record.status, record.error, record.client_gone) == (CLIENT_GONE, "client_gone", True)
    assert (record.prompt_tokens, record.completion_tokens) == (usage.prompt, usage.completion)
    assert office.told == [usage]
    assert office.requests("client_gone") == 1


async def test_tags_are_not_kept_for_who_declined_logging(office: Office) -> None:
    """What is needed for the bill is."""
    knobs = Knobs(tags=("secret-customer",), no_log=True)
    office.account(ticket(knobs=knobs)).settle(Settled(USAGE, estimated=False))

    (record,) = office.records
    assert record.tags == ()
    assert record.prompt_tokens == 25


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

    (record,) = office.records
    assert (record.environment, record.operation, record.streamed) == ("test", "embeddings", False)
    indexes = office.books.store.indexes
    assert indexes.total("demo", "test").prompt_tokens == 8
    assert indexes.total("demo", "live").prompt_tokens == 0


async def test_a_journal_that_cannot_be_written_is_told(office: Office, disk: FragileDisk) -> None:
    """Who answers must not go on as if the request were accounted for."""
    disk.full = True
    with pytest.raises(StoreUnavailable):
        office.account().settle(Settled(USAGE, estimated=False))

    assert office.records == ()
    assert office.told == [USAGE]


async def test_an_operator_may_choose_to_answer_unmetered(
    office: Office, disk: FragileDisk
) -> None:
    """The request goes on; what is lost is counted by the store."""
    disk.full = True
    office.books = attrs.evolve(office.books, serve_unmetered=True)
    office.account().settle(Settled(USAGE, estimated=False))

    assert office.records == ()
    assert office.requests("ok") == 1


def recorded(made: Attempt, *, estimated: bool = False) -> AttemptEnded:
    """An attempt's record, for a request that arrived at 10 and ends at 20."""
    return attempt_record(made, 10.0, 20.0, estimated=estimated)


def test_a_lost_attempt_has_its_times_and_no_status() -> None:
    """It was cancelled before its upstream had said anything."""
    record = recorded(attempt(11.0, role="hedge", outcome="lost", ended=12.5))
    assert (record.role, record.outcome, record.status) == ("hedge", "lost", None)
    assert (record.start_ms, record.first_ms, record.end_ms) == (1000.0, None, 2500.0)
    assert record.usage_src == "none"


def test_a_failed_attempt_has_its_error() -> None:
    """The upstream's status and our name for it, never its message."""
    failed = attempt(
        11.0, outcome="failed", ended=12.0, error=UpstreamFailed("sk-CANARY", status=529)
    )
    record = recorded(failed)
    assert (record.outcome, record.status, record.error) == ("failed", 529, "UpstreamFailed")
    assert "CANARY" not in repr(record)


def test_an_attempt_that_timed_out_has_no_status() -> None:
    """Nobody answered."""
    silent = attempt(
        11.0, outcome="timeout", ended=12.0, error=TimedOut("silent", clock="first_byte")
    )
    assert (recorded(silent).status, recorded(silent).error) == (None, "TimedOut")


def test_an_attempt_that_still_runs_ends_with_its_request() -> None:
    """The request is recorded before its last byte, when the winner's call is not yet closed."""
    record = recorded(attempt(11.0, first=12.0))
    assert (record.outcome, record.end_ms, record.status) == ("client_gone", 10_000.0, 200)


@pytest.mark.parametrize(
    ("outcome", "usage", "estimated", "source"),
    [
        ("won", USAGE, False, "reported"),
        ("won", None, True, "estimated"),
        ("won", None, False, "none"),
        ("lost", USAGE, True, "reported"),
        ("lost", None, True, "none"),
        ("failed", None, True, "none"),
    ],
)
def test_where_an_attempts_usage_comes_from_is_recorded(
    outcome: Outcome, usage: Usage | None, estimated: bool, source: str
) -> None:
    """Losers are billed too, and only some providers say how much."""
    record = recorded(attempt(11.0, outcome=outcome, usage=usage), estimated=estimated)
    assert record.usage_src == source
    assert record.prompt_tokens == (25 if usage else 0)
