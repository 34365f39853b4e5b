"""Test mode: answers that look real, come at a real pace, and never touch a provider."""

from collections.abc import Callable
from typing import Any

import attrs
import pytest
import trio

from gateway.account import Account, Books
from gateway.auth import Principal
from gateway.catalog import Offer
from gateway.errors import ApiError
from gateway.knobs import Knobs
from gateway.mocked import MOST_NUMBERS, WINNER, Mocked, Script, script
from gateway.relay import Settled
from gateway.reply import Reply
from gateway.ticket import Ticket
from gateway.tokens import estimated_usage
from gateway.trail import Trail
from gateway.wire import MAX_INPUTS
from policies import mock
from policies.settings import Policy, Timeouts
from providers.conversation import Message, Tool, ToolChoice
from providers.errors import BrokenAnswer
from providers.types import (
    Call,
    ChatCall,
    Ended,
    Failed,
    Finished,
    Started,
    TextDelta,
    UsageSeen,
    Vectors,
    is_semantic,
)
from state.records import RequestEnded
from tests.gateway.asked import Held, chat, chat_body, embed, ticket
from tests.gateway.heard import Heard, heard
from tests.gateway.threads import no_thread_free

OFFER = Offer("m", ())


def demanding(demand: str | None, call: Call | None = None, **changes: Any) -> Ticket:
    """A test-mode request that came with `x-hedgerow-mock: demand`."""
    usual: dict[str, Any] = {
        "principal": Principal("demo", "test"),
        "knobs": Knobs(mock=demand),
        "trail": Trail(trio.current_time(), id="req_1"),
    }
    return ticket(call or chat(stream=True), **(usual | changes))


@attrs.define(eq=False)
class Booth:
    """Where a request is mocked, and what stands in the journal afterwards."""

    books: Books
    held: Held = attrs.field(factory=Held)
    so_far: Callable[[], Settled] | None = None

    async def hear(self, asked: Ticket) -> Heard:
        account = Account(asked, self.books, OFFER, self.held)

        async def act(reply: Reply) -> None:
            await Mocked().answer(asked, OFFER, account, reply)

        try:
            return await heard(act)
        finally:
            self.so_far = account.so_far

    @property
    def record(self) -> RequestEnded:
        (record,) = self.books.store.indexes.recent
        return record


@pytest.fixture
def booth(books: Books) -> Booth:
    """Mock answers that are accounted for in a real journal."""
    return Booth(books)


def is_telling(events: Any) -> bool:
    """Whether a batch holds what would end a race."""
    return any(is_semantic(event) for event in events)


async def test_a_streamed_mock_comes_at_the_pace_of_a_real_answer(
    booth: Booth, autojump_clock: trio.testing.MockClock
) -> None:
    """A first token after a while, the others evenly behind it, one at a time."""
    call = chat(stream=True)
    made = mock.answer(call)
    result = await booth.hear(demanding(None, call))

    assert result.text == made.choices[0].text
    assert result.times[0] == pytest.approx(made.first)
    gaps = [later - sooner for sooner, later in zip(result.times, result.times[1:-1], strict=False)]
    assert gaps == pytest.approx([made.between] * len(gaps))
    assert result.events[-1] == "[DONE]"


async def test_a_mock_is_recorded_like_any_other_request(
    booth: Booth, autojump_clock: trio.testing.MockClock
) -> None:
    """As of the test environment, with its usage, won by nobody but the mock."""
    asked = demanding(None)
    await booth.hear(asked)

    record = booth.record
    assert (record.environment, record.status, record.winner) == ("test", 200, WINNER)
    assert record.attempts == ()
    assert record.completion_tokens == mock.answer(chat(stream=True)).usage.completion
    assert record.ttft_ms == pytest.approx(1000 * mock.answer(chat(stream=True)).first)
    assert len(booth.held.told) == 1


async def test_the_headers_of_a_mock_say_that_it_is_one(
    booth: Booth, autojump_clock: trio.testing.MockClock
) -> None:
    """The wait is the pretended upstream's, not the gateway's."""
    asked = demanding(None)
    await booth.hear(asked)

    headers = asked.trail.headers(asked.trail.arrived + (asked.trail.ttft or 0.0))
    assert headers["x-hedgerow-winner"] == "mock"
    assert headers["x-hedgerow-attempts"] == "0"
    assert headers["x-hedgerow-overhead-ms"] == "0.00"


async def test_a_tool_that_must_be_called_is_called(
    booth: Booth, autojump_clock: trio.testing.MockClock
) -> None:
    """With arguments that fit its schema, streamed or not."""
    parameters = {"properties": {"city": {"type": "string"}}, "required": ["city"]}
    told = {"tools": (Tool("look", parameters=parameters),), "tool_choice": ToolChoice("required")}
    whole = await booth.hear(demanding(None, attrs.evolve(chat(), **told)))
    streamed = await booth.hear(demanding(None, attrs.evolve(chat(stream=True), **told)))

    [choice] = whole.json["choices"]
    [call] = choice["message"]["tool_calls"]
    assert choice["finish_reason"] == "tool_calls"
    assert call["function"] == {"name": "look", "arguments": '{"city": "text"}'}
    deltas = [chunk["choices"][0]["delta"] for chunk in streamed.events[:-1] if chunk["choices"]]
    pieces = [delta["tool_calls"][0] for delta in deltas if "tool_calls" in delta]
    assert pieces[0]["id"] == call["id"]
    assert "".join(one["function"]["arguments"] for one in pieces) == '{"city": "text"}'


async def test_streamed_or_not_the_words_are_the_same(
    booth: Booth, autojump_clock: trio.testing.MockClock
) -> None:
    """The same request, the same answer; whole it comes after its first token's time."""
    whole = await booth.hear(demanding(None, chat()))
    streamed = await booth.hear(demanding(None, chat(stream=True)))

    assert whole.json["choices"][0]["message"]["content"] == streamed.text
    assert whole.json["id"] == "chatcmpl-1"
    assert whole.times == pytest.approx([mock.answer(chat()).first])


async def test_embeddings_are_mocked_in_the_form_that_was_asked_for(
    booth: Booth, autojump_clock: trio.testing.MockClock
) -> None:
    """One vector an input, of the size that was asked for."""
    asked = demanding(None, embed("a", "b", dimensions=3, encoding="float"))
    result = await booth.hear(asked)

    assert [len(row["embedding"]) for row in result.json["data"]] == [3, 3]
    assert booth.record.operation == "embeddings"


async def test_embeddings_are_made_up_where_they_hold_nobody_up(
    booth: Booth, autojump_clock: trio.testing.MockClock
) -> None:
    """In a thread: while there is none to be had, chats are answered."""
    asked = [demanding(None, embed("x", dimensions=3)), demanding(None, chat())]
    answered: list[str] = []

    async def hear(one: Ticket) -> None:
        await booth.hear(one)
        answered.append(one.operation)

    async with trio.open_nursery() as nursery:
        with no_thread_free():
            for one in asked:
                nursery.start_soon(hear, one)
            await trio.sleep(60.0)
            assert answered == ["chat"]

    assert answered == ["chat", "embeddings"]


async def test_more_numbers_than_anybody_wants_are_refused_before_they_are_made(
    booth: Booth, autojump_clock: trio.testing.MockClock
) -> None:
    """Inputs times dimensions, by name of what there is too much of."""
    asked = demanding(None, embed(*["x"] * 64, dimensions=100_000))
    with no_thread_free(), trio.fail_after(60.0), pytest.raises(ApiError) as caught:
        await booth.hear(asked)

    assert (caught.value.status, caught.value.param) == (400, "input")


@pytest.mark.parametrize("model", ["gemini-embedding-001", "text-embedding-3-large", "m"])
def test_as_many_inputs_as_openai_takes_can_be_mocked_for_every_model(model: str) -> None:
    """Test mode refuses no request that a provider answers."""
    call = attrs.evolve(embed(*["x"] * MAX_INPUTS), model=model)
    assert mock.dimensions(call) * len(call.inputs) <= MOST_NUMBERS


async def test_what_was_mocked_so_far_is_known_to_the_account(
    booth: Booth, autojump_clock: trio.testing.MockClock
) -> None:
    """A client that leaves in the middle has used what it heard, as with a real answer."""
    made = mock.answer(chat(stream=True))
    with trio.move_on_after(made.first + 3.5 * made.between):
        await booth.hear(demanding(None))

    assert booth.so_far is not None
    settled = booth.so_far()
    heard_by_then = "".join(made.choices[0].pieces[:4])
    assert settled == Settled(estimated_usage(chat(), len(heard_by_then.encode())), estimated=True)


@pytest.mark.parametrize("demand", ["400", "401", "403", "404", "429", "500", "503"])
@pytest.mark.parametrize(
    "call", [chat(stream=True), chat(), embed("x")], ids=["stream", "chat", "embed"]
)
async def test_an_error_that_is_demanded_comes_at_once(
    booth: Booth, autojump_clock: trio.testing.MockClock, demand: str, call: Call
) -> None:
    """Every error of the contract can be tried without waiting for it to happen."""
    with pytest.raises(ApiError) as caught:
        await booth.hear(demanding(demand, call))

    assert caught.value.status == int(demand)
    assert trio.current_time() == 0.0


@pytest.mark.parametrize(("demand", "wait"), [("429", "1"), ("503", "1"), ("400", None)])
async def test_an_error_that_will_pass_says_when(
    booth: Booth, autojump_clock: trio.testing.MockClock, demand: str, wait: str | None
) -> None:
    """So that a client's own retrying can be tested."""
    with pytest.raises(ApiError) as caught:
        await booth.hear(demanding(demand))

    assert caught.value.headers().get("retry-after") == wait


@pytest.mark.parametrize("demand", ["teapot", "200", "slow=soon", "429 503", "slow=-1s"])
async def test_what_cannot_be_demanded_is_refused_by_name(
    booth: Booth, autojump_clock: trio.testing.MockClock, demand: str
) -> None:
    """With the list of what can."""
    with pytest.raises(ApiError) as caught:
        await booth.hear(demanding(demand))

    assert (caught.value.status, caught.value.param) == (400, "x-hedgerow-mock")
    assert "timeout" in caught.value.message


async def test_a_slow_answer_keeps_one_waiting_and_then_comes_whole(
    booth: Booth, autojump_clock: trio.testing.MockClock
) -> None:
    """Only the first token is late."""
    result = await booth.hear(demanding("slow=30s"))

    assert result.times[0] == 30.0
    assert result.text == mock.answer(chat(stream=True)).choices[0].text


async def test_an_answer_that_is_cut_breaks_off_half_way(
    booth: Booth, autojump_clock: trio.testing.MockClock
) -> None:
    """With an error in the stream and no end: what a client must be able to stand."""
    result = await booth.hear(demanding("cut"))

    full = mock.answer(chat(stream=True)).choices[0].text
    assert full.startswith(result.text)
    assert 0 < len(result.text) < len(full)
    assert result.events[-1]["error"]["type"] == "service_unavailable"
    assert booth.record.error == "service_unavailable"


async def test_a_whole_answer_that_is_cut_is_an_error(
    booth: Booth, autojump_clock: trio.testing.MockClock
) -> None:
    """Half an answer is none."""
    with pytest.raises(BrokenAnswer):
        await booth.hear(demanding("cut", chat()))


async def test_the_requests_deadline_holds_for_mocks_too(
    booth: Booth, autojump_clock: trio.testing.MockClock
) -> None:
    """An answer that is not there by then is an error with an honest status."""
    policy = Policy(timeouts=Timeouts(total=2.0))
    with pytest.raises(ApiError) as caught:
        await booth.hear(demanding("slow=30s", policy=policy))

    assert (caught.value.status, trio.current_time()) == (503, 2.0)


async def test_a_deadline_in_the_middle_of_a_stream_ends_it_with_an_error(
    booth: Booth, autojump_clock: trio.testing.MockClock
) -> None:
    """The error is raised for whoever can still tell the client."""
    made = mock.answer(chat(stream=True))
    total = made.first + 3.5 * made.between
    result = await booth.hear(demanding(None, policy=Policy(timeouts=Timeouts(total=total))))

    assert result.failure is not None
    assert result.failure.status == 503
    assert 0 < len(result.text) < len(made.choices[0].text)
    assert "[DONE]" not in result.events


@pytest.mark.parametrize("demand", [None, "cut", "slow=1s"])
@pytest.mark.parametrize("stream", [True, False])
def test_the_first_batch_of_a_script_is_what_would_end_a_race(
    demand: str | None, stream: bool
) -> None:
    """And the last event is an end, as the words of the program demand."""
    fault = mock.demanded(demand) if demand else None
    steps = script(chat(stream=stream), fault)

    assert is_telling(steps[0][1])
    assert isinstance(steps[-1][1][-1], Failed if demand == "cut" else Ended)
    events = [event for _, batch in steps for event in batch]
    assert sum(isinstance(event, Ended | Failed) for event in events) == 1
    assert isinstance(events[0], Started)
    assert len(steps) == 1 or stream


def test_a_script_tells_its_usage_before_its_end() -> None:
    """Also for embeddings, which come in one batch."""
    ((_, events),) = script(embed("x"), None)
    assert [type(event) for event in events] == [Vectors, UsageSeen, Ended]


def test_an_answer_stopped_before_its_first_word_still_ends() -> None:
    """A stop sequence may be the very beginning of what would have been said."""
    word = mock.answer(chat(stream=True)).choices[0].pieces[0]
    call = ChatCall("m", (Message("user", "Merhaba"),), chat_body(), stream=True, stop=(word,))
    steps = script(call, None)
    events = [event for _, batch in steps for event in batch]
    assert not any(isinstance(event, TextDelta) for event in events)
    assert [type(event) for event in steps[0][1]] == [Started, Finished]
    assert isinstance(events[-1], Ended)


async def test_a_script_that_is_over_gives_nothing(autojump_clock: trio.testing.MockClock) -> None:
    """As a race's winner after its last event."""
    source = Script([(2.0, [Ended()])])
    assert await source.receive() == [Ended()]
    assert trio.current_time() == 2.0
    assert await source.receive() == ()
    assert await source.receive() == ()


def test_a_mock_holds_nothing_that_could_call_a_provider() -> None:
    """No client, no pool, no credential: by construction."""
    assert attrs.fields(Mocked) == ()
