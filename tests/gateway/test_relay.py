"""From a source's events to a client's bytes, and to the record before the last of them."""

import base64
import json
import struct
from collections.abc import Callable, Sequence
from typing import Any

import attrs
import pytest
import trio

from gateway.apis.api import Api
from gateway.apis.chat import CHAT
from gateway.apis.embeddings import EMBEDDINGS
from gateway.apis.generate import METHODS
from gateway.errors import from_provider
from gateway.frames import Heading
from gateway.keepsakes import THOUGHTS
from gateway.relay import Relay, Settled
from gateway.reply import Reply
from providers.errors import BrokenAnswer, ProviderError, RateLimited
from providers.types import (
    JSON,
    Call,
    EmbedCall,
    Ended,
    Event,
    Failed,
    Finished,
    Started,
    TextDelta,
    ToolDelta,
    Usage,
    UsageSeen,
    Vectors,
    Verbatim,
)
from state.errors import StoreUnavailable
from tests.gateway.asked import USAGE, chat, embed
from tests.gateway.heard import Heard, heard

HEADING = Heading("chatcmpl-1", 5, "m")
DONE = b"data: [DONE]\n\n"


@attrs.define(eq=False)
class Batches:
    """Gives its batches one after the other, and then nothing, as a race's winner does."""

    left: list[Sequence[Event]]

    async def receive(self) -> Sequence[Event]:
        await trio.sleep(1.0)
        return self.left.pop(0) if self.left else ()


@attrs.define(eq=False)
class Record:
    """What was settled, and everything that happened in its order."""

    settled: list[Settled] = attrs.field(factory=list)
    order: list[bytes | str] = attrs.field(factory=list)

    def settle(self, settled: Settled) -> None:
        self.settled.append(settled)
        self.order.append("settled")


def api_of(call: Call) -> Api:
    """OpenAI's API for it."""
    return EMBEDDINGS if isinstance(call, EmbedCall) else CHAT


def relaying(
    call: Call,
    batches: Sequence[Sequence[Event]],
    settle: Callable[[Settled], None],
    api: Api | None = None,
) -> Callable[[Reply], Any]:
    """An act for `heard`: relays these batches for this call."""

    async def act(reply: Reply) -> None:
        await Relay(api or api_of(call), call, HEADING, reply, settle)(Batches(list(batches)))

    return act


async def relayed(
    call: Call, *batches: Sequence[Event], api: Api | None = None
) -> tuple[Heard, Record]:
    """What a client heard of these batches, and what was settled."""
    record = Record()
    result = await heard(relaying(call, batches, record.settle, api), record.order.append)
    return result, record


STREAM: tuple[Sequence[Event], ...] = (
    [Started(), TextDelta("Bir")],
    [TextDelta(" varmış"), TextDelta(" bir yokmuş")],
    [UsageSeen(USAGE)],
    [Finished("stop"), Ended()],
)


async def test_a_stream_is_relayed_batch_by_batch(autojump_clock: trio.testing.MockClock) -> None:
    """What arrived together leaves together, at once; what makes no bytes makes no piece."""
    result, record = await relayed(chat(stream=True), *STREAM)

    assert (result.status, result.text) == (200, "Bir varmış bir yokmuş")
    assert result.headers["content-type"].startswith("text/event-stream")
    assert result.times == [1.0, 2.0, 4.0]
    assert result.body.endswith(DONE)
    assert record.settled == [Settled(USAGE, estimated=False)]


async def test_a_streams_record_is_written_before_its_last_bytes(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """Whoever has seen `[DONE]` finds the request accounted for; what came before waited for nothing."""
    _, record = await relayed(chat(stream=True), *STREAM)

    assert [what if isinstance(what, str) else what.endswith(DONE) for what in record.order] == [
        *(False, False),
        "settled",
        True,
    ]


async def test_a_stream_of_one_batch_is_one_piece(autojump_clock: trio.testing.MockClock) -> None:
    """A short answer that came at once."""
    result, _ = await relayed(chat(stream=True), [TextDelta("a"), Finished("stop"), Ended()])

    assert len(result.pieces) == 1
    assert (result.text, result.events[-1]) == ("a", "[DONE]")


async def test_the_usage_chunk_says_what_was_settled(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """The last report counts, for upstreams repeat it with running totals."""
    early = UsageSeen(Usage(25, 1, 26))
    result, record = await relayed(
        chat(stream=True, include_usage=True), [early, TextDelta("a")], *STREAM[1:]
    )

    assert result.events[-2]["choices"] == []
    assert result.events[-2]["usage"]["total_tokens"] == record.settled[0].usage.total == 67


async def test_usage_that_nobody_reported_is_estimated_and_says_so(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """From the bytes that were relayed, of every kind of text."""
    result, record = await relayed(
        chat("abcd", stream=True, include_usage=True),
        [TextDelta("ğğğğ"), TextDelta("abcd", kind="reasoning")],
        [Finished("stop"), Ended()],
    )

    assert record.settled == [Settled(Usage(5, 3, 8), estimated=True)]
    assert result.events[-2]["usage"]["completion_tokens"] == 3


async def test_a_stream_that_breaks_ends_with_an_error_and_without_done(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """What was said stands; the record has the error and what was used."""
    failed = Failed(BrokenAnswer("The connection broke"))
    result, record = await relayed(chat(stream=True), STREAM[0], [TextDelta("!"), failed])

    *_, last = result.events
    assert last["error"]["type"] == "service_unavailable"
    assert last["error"]["message"] == "The connection broke"
    assert b"[DONE]" not in result.body
    assert b'"!"' in result.body
    (settled,) = record.settled
    assert settled.error is not None
    assert (settled.error.status, settled.usage.completion) == (503, 1)
    assert settled.estimated


async def test_a_stream_whose_record_cannot_be_written_has_no_end(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """Nobody sees the end of an answer that is not accounted for."""
    pieces: list[bytes] = []

    def settle(_: Settled) -> None:
        raise StoreUnavailable("disk full")

    with pytest.raises(ExceptionGroup) as caught:
        await heard(relaying(chat(stream=True), STREAM, settle), pieces.append)

    assert caught.group_contains(StoreUnavailable)
    assert DONE not in b"".join(pieces)
    assert len(pieces) == 2


async def test_a_whole_answer_is_settled_and_then_given(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """However many batches it came in, it is one body."""
    result, record = await relayed(chat(), *STREAM)

    (choice,) = result.json["choices"]
    assert choice["message"]["content"] == "Bir varmış bir yokmuş"
    assert result.json["usage"]["total_tokens"] == 67
    assert result.headers["content-type"] == "application/json"
    assert record.order[0] == "settled"
    assert record.settled == [Settled(USAGE, estimated=False)]


async def test_a_whole_answer_whose_record_cannot_be_written_is_not_given(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """Not even its head: the client gets an error with an honest status."""
    pieces: list[bytes] = []

    def settle(_: Settled) -> None:
        raise StoreUnavailable("disk full")

    with pytest.raises(ExceptionGroup) as caught:
        await heard(relaying(chat(), STREAM, settle), pieces.append)

    assert caught.group_contains(StoreUnavailable)
    assert pieces == []


@pytest.mark.parametrize(
    ("cause", "status"),
    [(BrokenAnswer("cut"), 503), (RateLimited("slow down", retry_after=3.0), 429)],
)
async def test_a_whole_answer_that_breaks_is_its_cause(
    autojump_clock: trio.testing.MockClock, cause: ProviderError, status: int
) -> None:
    """Nothing was sent, so another attempt may do better, or it is an honest status; and it costs nothing."""
    record = Record()

    with pytest.raises(ProviderError) as caught:
        await heard(relaying(chat(), [*STREAM[:2], [Failed(cause)]], record.settle))

    assert caught.value is cause
    assert from_provider(cause).status == status
    assert record.settled == []


@pytest.mark.parametrize("encoding", ["float", "base64"])
async def test_embeddings_come_in_the_form_that_was_asked_for(
    autojump_clock: trio.testing.MockClock, encoding: str
) -> None:
    """Whatever the upstream sent, under the public name of the model."""
    events: list[Event] = [Vectors(((0.5, -1.0),), "models/x"), UsageSeen(Usage(8, 0, 8)), Ended()]
    result, record = await relayed(embed("x", encoding=encoding), events)

    vector = result.json["data"][0]["embedding"]
    if encoding == "base64":
        vector = list(struct.unpack("<2f", base64.b64decode(vector)))
    assert vector == [0.5, -1.0]
    assert result.json["model"] == "m"
    assert record.settled == [Settled(Usage(8, 0, 8), estimated=False)]


@pytest.mark.parametrize(
    "events",
    [[Started(), Ended()], [Vectors(((0.5,), (0.5, -1e39))), UsageSeen(Usage(8, 0, 8)), Ended()]],
    ids=["none", "too large"],
)
async def test_embeddings_that_cannot_be_given_are_a_broken_answer(
    autojump_clock: trio.testing.MockClock, events: Sequence[Event]
) -> None:
    """None at all, or none that fits the 32 bits of base64: nothing is settled as if it had been given."""
    record = Record()

    with pytest.raises(BrokenAnswer, match="embeddings"):
        await heard(relaying(embed("x", encoding="base64"), [events], record.settle))

    assert record.settled == []


@pytest.mark.parametrize(
    ("said", "used"),
    [
        ([TextDelta("abcd"), TextDelta("ğ")], Settled(Usage(5, 2, 7), estimated=True)),
        ([TextDelta("abcdefgh"), UsageSeen(USAGE)], Settled(USAGE, estimated=False)),
        (
            [UsageSeen(Usage(25, 1, 26)), TextDelta("abcdefghi")],
            Settled(Usage(25, 3, 28), estimated=True),
        ),
        (
            [UsageSeen(Usage(25, 1, 26, cached=20)), TextDelta("abcd")],
            Settled(Usage(25, 1, 26, cached=20), estimated=False),
        ),
    ],
    ids=["nothing reported", "reported", "reported at the beginning", "as much as reported"],
)
@pytest.mark.parametrize("stream", [True, False])
async def test_what_was_used_so_far_is_known_at_any_time(
    autojump_clock: trio.testing.MockClock, said: Sequence[Event], used: Settled, stream: bool
) -> None:
    """As reported; but Anthropic's report at the beginning knows nothing of what was written since."""
    call = chat("abcd", stream=stream)
    relays: list[Relay] = []

    async def act(reply: Reply) -> None:
        relays.append(Relay(CHAT, call, HEADING, reply, Record().settle))
        assert relays[0].so_far() == Settled(Usage(5, 0, 5), estimated=True)
        await relays[0](Batches([said, [TextDelta("never heard")]]))

    with trio.move_on_after(1.5):
        await heard(act)

    assert relays[0].so_far() == used


async def test_a_stream_that_breaks_has_used_what_was_said_and_not_what_was_reported_before(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """A report at the beginning is not the last word; at an answer's own end it is."""
    opening: list[Event] = [UsageSeen(Usage(25, 1, 26)), TextDelta("abcdefghi")]
    _, broken = await relayed(chat(stream=True), opening, [Failed(BrokenAnswer("cut"))])
    _, ended = await relayed(chat(stream=True), opening, [Finished("stop"), Ended()])

    assert (broken.settled[0].usage, broken.settled[0].estimated) == (Usage(25, 3, 28), True)
    assert ended.settled == [Settled(Usage(25, 1, 26), estimated=False)]


async def test_a_client_that_leaves_settles_nothing(autojump_clock: trio.testing.MockClock) -> None:
    """What an abandoned answer costs is said by who notices: the account."""
    record = Record()

    with trio.move_on_after(1.5):
        await heard(relaying(chat(stream=True), STREAM, record.settle), record.order.append)

    assert len(record.order) == 1
    assert record.settled == []


async def test_what_the_upstream_said_in_the_clients_own_form_is_given_as_it_is(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """Events beside it are for the account: none of them is written, and no end of ours either."""
    batches: list[Sequence[Event]] = [
        [Verbatim(b"event: a\ndata: 1\n\n"), Started(), TextDelta("Bir")],
        [Verbatim(b"event: b\ndata: 2\n\n"), UsageSeen(USAGE), Finished("stop"), Ended()],
    ]
    result, record = await relayed(chat(stream=True), *batches)

    assert result.body == b"event: a\ndata: 1\n\nevent: b\ndata: 2\n\n"
    assert record.settled == [Settled(USAGE, estimated=False)]


async def test_an_api_may_give_the_clients_own_form_otherwise(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """Google's events as an array: batches without bytes are no elements, and what breaks stays JSON."""
    api = METHODS["streamGenerateContent"]
    first: list[Event] = [Verbatim(b'data: {"a":1}\r\n\r\n'), Started(), TextDelta("Bir")]
    last: list[Event] = [Verbatim(b'data: {"b":2}\r\n\r\n'), Finished("stop"), Ended()]
    broken = Failed(BrokenAnswer("The upstream's answer was cut short"))
    whole, _ = await relayed(chat(stream=True), first, [UsageSeen(USAGE)], last, api=api)
    cut, _ = await relayed(chat(stream=True), first, [broken], api=api)

    assert json.loads(whole.body) == [{"a": 1}, {"b": 2}]
    assert json.loads(cut.body)[0] == {"a": 1}
    assert json.loads(cut.body)[1]["error"]["status"] == "UNAVAILABLE"


async def test_a_whole_answer_in_the_clients_own_form_keeps_its_type(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """Sound, say, is no JSON."""
    said = [Verbatim(b"\xff\xfb", "audio/mpeg"), UsageSeen(USAGE), Ended()]
    result, record = await relayed(chat(), said)

    assert (result.body, result.headers["content-type"]) == (b"\xff\xfb", "audio/mpeg")
    assert record.settled == [Settled(USAGE, estimated=False)]


async def test_a_stream_in_the_clients_own_form_that_breaks_ends_in_our_words(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """Behind whole frames, and in the API's voice."""
    broken = Failed(BrokenAnswer("The upstream's answer was cut short"))
    result, _ = await relayed(chat(stream=True), [Verbatim(b"data: 1\n\n"), Started()], [broken])

    assert result.body.startswith(b'data: 1\n\ndata: {"error":')
    assert result.body.endswith(b"\n\n")


async def test_the_thoughts_behind_a_call_are_kept_with_it(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """All that came before it, and whatever its provider signed it with."""
    kept: dict[str, JSON] = {}
    batches = [
        [Started(), TextDelta("h", kind="reasoning"), TextDelta("m", kind="reasoning")],
        [ToolDelta(0, id="c1", name="f", extra={"google": {}}), ToolDelta(0, "{}")],
        [Finished("tool_calls"), Ended()],
    ]

    async def act(reply: Reply) -> None:
        relay = Relay(CHAT, chat(), HEADING, reply, Record().settle, kept.__setitem__)
        await relay(Batches(list(batches)))

    await heard(act)
    assert kept == {"c1": {THOUGHTS: "hm", "google": {}}}
