"""The one path of a call: whatever happens on it, client, journal and metrics are told the same."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs
import msgspec
import pytest
import trio
from structlog.testing import capture_logs

from gateway.account import Account, Books
from gateway.apis.chat import CHAT
from gateway.apis.routes import Route
from gateway.auth import Principal
from gateway.calls import READ_HERE, STORE_RETRY, Inbound, answer
from gateway.catalog import Catalog, Offer
from gateway.config import Config, Price, ProjectConfig
from gateway.context import Context
from gateway.errors import ApiError
from gateway.mocked import Mocked
from gateway.relay import Relay
from gateway.reply import Head, QueuedReply, Reply
from gateway.ticket import Ticket
from gateway.trail import Trail
from policies.pool import Pool
from providers.errors import BrokenAnswer
from providers.types import Ended, Event, Failed, Finished, TextDelta, UsageSeen
from state.records import RequestEnded
from tests.gateway.asked import USAGE, chat_body
from tests.gateway.conftest import FragileDisk
from tests.gateway.heard import Heard
from tests.gateway.threads import no_thread_free

Step = Sequence[Event] | Exception
SPOKEN: Sequence[Step] = ([TextDelta("Bir")], [UsageSeen(USAGE), Finished("stop"), Ended()])
CUT: Sequence[Step] = ([TextDelta("abcdefgh")], [Failed(BrokenAnswer("cut"))])


@attrs.define(eq=False)
class Scripted:
    """Answers with its steps, a second before each: events, or an error of ours."""

    steps: Sequence[Step]
    _left: list[Step] = attrs.field(factory=list)

    async def answer(self, ticket: Ticket, _offer: Offer, account: Account, reply: Reply) -> None:
        self._left = list(self.steps)
        relay = Relay(ticket.api, ticket.call, ticket.heading, reply, account.settle)
        account.so_far = relay.so_far
        await relay(self)

    async def receive(self) -> Sequence[Event]:
        await trio.sleep(1.0)
        step = self._left.pop(0) if self._left else ()
        if isinstance(step, Exception):
            raise step
        return step


@attrs.define(eq=False)
class Desk:
    """Where calls are made, and where can be seen what was written down and counted of them."""

    context: Context

    async def call(
        self,
        body: Mapping[str, Any] | bytes | None = None,
        *,
        environment: str = "live",
        on_piece: Callable[[bytes], None] = lambda _: None,
        **headers: str,
    ) -> Heard:
        """What a client hears."""
        body = chat_body(stream=True) if body is None else body
        inbound = Inbound(
            Route(CHAT),
            {name.replace("_", "-"): value for name, value in headers.items()},
            body if isinstance(body, bytes) else msgspec.json.encode(body),
            Principal("demo", "test" if environment == "test" else "live"),
            Trail(trio.current_time()),
        )
        result, refused = Heard(), None

        async def queued(*, task_status: trio.TaskStatus[Head]) -> None:
            every = self.context.config.server.keepalive_comment
            await answer(self.context, inbound, QueuedReply(task_status, every))

        async with trio.open_nursery() as nursery:
            try:
                head = await nursery.start(queued)
            except ApiError as error:
                refused = error
            else:
                await result.listen(head, on_piece)
        if refused is not None:
            raise refused
        return result

    async def refused(self, *args: Any, **named: Any) -> ApiError:
        """The error that a call ends in."""
        with pytest.raises(ApiError) as caught:
            await self.call(*args, **named)
        return caught.value

    def play(self, *steps: Step) -> None:
        """Live calls are answered so from now on."""
        self.context.answerers = {"live": Scripted(steps), "test": Mocked()}

    @property
    def record(self) -> RequestEnded:
        """The only record there is."""
        (record,) = self.context.store.indexes.recent
        return record

    @property
    def counted(self) -> dict[str, float]:
        """How many requests have ended in each way; none is under way."""
        assert self.context.metrics.registry.get_sample_value("hedgerow_inflight_requests") == 0
        (family,) = self.context.metrics.requests.collect()
        totals = [sample for sample in family.samples if sample.name.endswith("_total")]
        return {sample.labels["outcome"]: sample.value for sample in totals}


@pytest.fixture
def desk(books: Books) -> Desk:
    """A gateway with one model, whose live answers are scripted."""
    made = Desk(
        Context(
            config=Config(projects=(ProjectConfig("demo", ("m",)),)),
            store=books.store,
            metrics=books.metrics,
            books=books,
            pool=Pool(),
            answerers={},
            catalog=Catalog({"m": Offer("m", (), price=Price(1.0, 1.0))}),
        )
    )
    made.play(*SPOKEN)
    return made


@pytest.mark.parametrize("stream", [True, False])
async def test_an_answer_is_given_recorded_and_counted(
    desk: Desk, autojump_clock: trio.testing.MockClock, stream: bool
) -> None:
    """Streamed or whole, with what it cost."""
    result = await desk.call(chat_body(stream=stream))

    assert result.status == 200
    record = desk.record
    assert (record.status, record.error, record.streamed) == (200, None, stream)
    assert record.nano_usd == 1000 * USAGE.total
    assert desk.counted == {"ok": 1}


async def test_a_stream_that_broke_keeps_its_status_and_costs_what_was_given(
    desk: Desk, autojump_clock: trio.testing.MockClock
) -> None:
    """The client saw 200, half an answer and an error: so it is recorded, and so it is counted."""
    desk.play(*CUT)
    result = await desk.call()

    assert (result.status, result.text) == (200, "abcdefgh")
    record = desk.record
    assert (record.status, record.error) == (200, "service_unavailable")
    assert record.completion_tokens == 2
    assert record.nano_usd == 1000 * (record.prompt_tokens + 2)
    assert desk.counted == {"broken": 1}


async def test_a_whole_answer_that_broke_costs_nothing(
    desk: Desk, autojump_clock: trio.testing.MockClock
) -> None:
    """Nobody got any of it, however much the upstream had said."""
    desk.play([TextDelta("abcdefgh"), UsageSeen(USAGE)], CUT[1])
    error = await desk.refused(chat_body())

    assert error.status == 503
    record = desk.record
    assert (record.status, record.error) == (503, "service_unavailable")
    assert (record.prompt_tokens, record.completion_tokens, record.nano_usd) == (0, 0, 0)
    assert desk.counted == {"server_error": 1}


async def test_a_bug_in_the_middle_of_a_stream_is_an_answer_that_broke(
    desk: Desk, autojump_clock: trio.testing.MockClock
) -> None:
    """It is told without its words, which are for the log; what was given until then has been used."""
    desk.play([TextDelta("abcdefgh")], LookupError("CANARY"))
    with capture_logs() as logged:
        result = await desk.call()

    assert [entry["event"] for entry in logged] == ["request_failed"]
    assert (result.status, result.text) == (200, "abcdefgh")
    assert result.events[-1]["error"]["code"] == 500
    assert b"CANARY" not in result.body
    record = desk.record
    assert (record.status, record.error, record.completion_tokens) == (200, "api_error", 2)
    assert desk.counted == {"broken": 1}


async def test_a_bug_before_the_answer_is_a_500(
    desk: Desk, autojump_clock: trio.testing.MockClock
) -> None:
    """An honest status, in the usual shape."""
    desk.play(LookupError("CANARY"))
    with capture_logs():
        error = await desk.refused()

    assert (error.status, "CANARY" in error.message) == (500, False)
    assert (desk.record.status, desk.record.error) == (500, "api_error")
    assert desk.counted == {"server_error": 1}


async def test_a_mock_that_its_deadline_breaks_off_has_broken_too(
    desk: Desk, autojump_clock: trio.testing.MockClock
) -> None:
    """The good status had been sent; test mode is as honest in the journal as the real thing."""
    result = await desk.call(environment="test", x_hedgerow_timeout="500ms")

    assert result.text
    assert result.events[-1]["error"]["type"] == "service_unavailable"
    record = desk.record
    assert (record.status, record.error) == (200, "service_unavailable")
    assert record.completion_tokens == -(-len(result.text.encode()) // 4)
    assert (record.environment, record.nano_usd) == ("test", 0)
    assert desk.counted == {"broken": 1}


@pytest.mark.parametrize(
    ("stream", "after", "completion"),
    [(True, 0.5, 0), (True, 1.5, 2), (True, 2.5, 3), (False, 1.5, 2)],
    ids=["before the first word", "after it", "later", "of a whole answer"],
)
async def test_a_client_that_leaves_has_used_what_was_answered_so_far(
    desk: Desk,
    autojump_clock: trio.testing.MockClock,
    stream: bool,
    after: float,
    completion: int,
) -> None:
    """Estimated from the bytes that were made for it, for nobody had reported anything yet."""
    desk.play([TextDelta("abcdefgh")], [TextDelta("ijk")], *SPOKEN)
    with trio.move_on_after(after):
        await desk.call(chat_body(stream=stream))

    record = desk.record
    assert (record.status, record.error, record.client_gone) == (499, "client_gone", True)
    assert record.prompt_tokens > 0
    assert record.completion_tokens == completion
    assert record.nano_usd == 1000 * (record.prompt_tokens + completion)
    assert desk.counted == {"client_gone": 1}


async def test_an_answer_that_cannot_be_written_down_has_no_end(
    desk: Desk, disk: FragileDisk, autojump_clock: trio.testing.MockClock
) -> None:
    """A stream ends in an error; nothing is counted as answered that the journal does not have."""
    disk.full = True
    result = await desk.call()

    assert result.events[-1]["error"]["code"] == 503
    assert "[DONE]" not in result.events
    assert desk.context.store.indexes.recent == ()
    assert desk.counted == {"server_error": 1}


@pytest.mark.parametrize("steps", [SPOKEN, CUT, [ApiError(400, "no")], [LookupError("a bug")]])
async def test_whatever_cannot_be_written_down_is_one_503(
    desk: Desk,
    disk: FragileDisk,
    autojump_clock: trio.testing.MockClock,
    steps: Sequence[Step],
) -> None:
    """Answers and refusals alike: what the client is told is what was counted, with when to try again."""
    disk.full = True
    desk.play(*steps)
    with capture_logs():
        error = await desk.refused(chat_body())

    assert (error.status, error.retry_after) == (503, STORE_RETRY)
    assert desk.context.store.indexes.recent == ()
    assert desk.counted == {"server_error": 1}


async def test_a_client_that_leaves_while_the_disk_is_full_just_leaves(
    desk: Desk, disk: FragileDisk, autojump_clock: trio.testing.MockClock
) -> None:
    """Nobody is there to be told, and no error takes the place of the cancellation."""
    with trio.move_on_after(1.5) as left:
        await desk.call(on_piece=lambda _: setattr(disk, "full", True))

    assert left.cancelled_caught
    assert desk.counted == {"client_gone": 1}


async def test_while_nothing_can_be_written_down_nobody_is_answered(
    desk: Desk, disk: FragileDisk, autojump_clock: trio.testing.MockClock
) -> None:
    """Once that is known no request begins, and no upstream is asked in vain."""
    disk.full = True
    await desk.refused(chat_body())
    assert not desk.context.store.healthy
    began = trio.current_time()

    error = await desk.refused(b"not even read")
    assert (error.status, error.retry_after) == (503, STORE_RETRY)
    assert trio.current_time() == began
    assert desk.counted == {"server_error": 1}


async def test_an_operator_may_have_answers_that_are_not_written_down(
    desk: Desk, disk: FragileDisk, autojump_clock: trio.testing.MockClock
) -> None:
    """They are counted as what they were; the store counts what is missing."""
    disk.full = True
    desk.context.books = attrs.evolve(desk.context.books, serve_unmetered=True)
    results = [await desk.call(), await desk.call()]

    assert [result.events[-1] for result in results] == ["[DONE]", "[DONE]"]
    assert desk.context.store.indexes.recent == ()
    assert desk.counted == {"ok": 2}


async def test_a_big_body_holds_nobody_up(
    desk: Desk, autojump_clock: trio.testing.MockClock
) -> None:
    """It is read in a thread, and while there is none to be had, small ones are answered."""
    big = chat_body(messages=[{"role": "user", "content": "x" * READ_HERE}])
    heard: dict[str, Heard] = {}

    async def call(name: str, body: Mapping[str, Any]) -> None:
        heard[name] = await desk.call(body)

    async with trio.open_nursery() as nursery:
        with no_thread_free():
            nursery.start_soon(call, "big", big)
            nursery.start_soon(call, "small", chat_body())
            await trio.sleep(60.0)
            assert set(heard) == {"small"}

    assert heard["big"].json["choices"] == heard["small"].json["choices"]


@pytest.mark.parametrize("padding", [0, READ_HERE])
async def test_a_body_that_makes_no_sense_is_refused_whatever_its_size(
    desk: Desk, padding: int
) -> None:
    """In the loop or in a thread, the words are the same; nothing is recorded of it."""
    error = await desk.refused(b"[" + b" " * padding + b"]")

    assert (error.status, error.message) == (400, "The body must be a JSON object")
    assert desk.counted == {}


@pytest.mark.parametrize(("model", "status"), [("x", 403), ("n", 404)])
async def test_a_model_that_may_not_be_used_is_told_from_one_that_is_not_there(
    desk: Desk, model: str, status: int
) -> None:
    """Who may not use it does not learn whether it is there."""
    desk.context.config = Config(projects=(ProjectConfig("demo", ("m", "n")),))
    error = await desk.refused(chat_body(model=model))

    assert (error.status, error.param) == (status, "model")
