"""One client's connection: order, limits, leaving early, and a ledger that never drifts."""

import json
import random
from typing import Any

import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st

from providers.simulator import Fault, KeyPlan, Simulator
from providers.simulator.requests import BODY_LIMIT


def raw(tools: Any, model: str, more: str = "", **body: Any) -> bytes:
    """A chat request to the bytes."""
    content = json.dumps(tools.question("openai", model=model, **body).body).encode()
    head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: h\r\nauthorization: Bearer sk-1\r\n{more}"
    return head.encode() + b"content-length: %d\r\n\r\n%b" % (len(content), content)


async def read_all(stream: trio.abc.ReceiveStream) -> bytes:
    return b"".join([bytes(piece) async for piece in stream])


def models(data: bytes) -> list[str]:
    """The models in a run of whole answers, in order."""
    return [piece.split(b'"')[0].decode() for piece in data.split(b'"model":"')[1:]]


async def test_pipelined_requests_are_answered_in_order(connect, tools, autojump_clock):
    """However long each of them takes, and although many more are sent than are read at once."""
    client = connect(Simulator(default=KeyPlan(words=2, words_sigma=0), rng=random.Random(1)))
    names = [f"m{number}" for number in range(600)]
    wire = b"".join(raw(tools, name) for name in names) + raw(
        tools, "last", "connection: close\r\n"
    )
    async with trio.open_nursery() as sending:
        sending.start_soon(client.stream.send_all, wire)
        answers = await read_all(client.stream)
    assert models(answers) == [*names, "last"]


async def test_instant_and_slow_answers_keep_their_order(connect, tools, autojump_clock):
    """An error due at once waits behind an answer that is not."""
    plan = KeyPlan(words=2, words_sigma=0, faults=("ok", "unavailable", "ok"))
    client = connect(Simulator(default=plan, rng=random.Random(1)))
    await client.stream.send_all(
        raw(tools, "a") + raw(tools, "b") + raw(tools, "c", "connection: close\r\n")
    )
    answers = await read_all(client.stream)
    statuses = [piece[:3] for piece in answers.split(b"HTTP/1.1 ")[1:]]
    assert statuses == [b"200", b"503", b"200"]


async def test_connection_close_is_honoured(dial, tools):
    """The answer says so, and the connection ends."""
    client = await dial(tools.instant())
    await client.stream.send_all(raw(tools, "m", "connection: close\r\n"))
    answer = await read_all(client.stream)
    assert b"\r\nconnection: close\r\n" in answer
    assert answer.endswith(b"}")


async def test_http_1_0_streams_end_with_the_connection(dial, tools):
    """No chunks for those who do not know them."""
    client = await dial(tools.instant())
    request = raw(tools, "m", stream=True).replace(b"HTTP/1.1", b"HTTP/1.0")
    await client.stream.send_all(request)
    head, _, body = (await read_all(client.stream)).partition(b"\r\n\r\n")
    assert b"chunked" not in head
    assert body.endswith(b"data: [DONE]\n\n")


async def test_chunked_requests_are_understood(connect, tools):
    """A body of unknown length, in pieces."""
    client = connect(tools.instant())
    whole = raw(tools, "m", "connection: close\r\n")
    head, _, body = whole.partition(b"content-length: ")
    body = body.partition(b"\r\n\r\n")[2]
    await client.stream.send_all(head + b"transfer-encoding: chunked\r\n\r\n")
    for at in range(0, len(body), 7):
        piece = body[at : at + 7]
        await client.stream.send_all(b"%x\r\n%b\r\n" % (len(piece), piece))
    await client.stream.send_all(b"0\r\n\r\n")
    assert models(await read_all(client.stream)) == ["m"]


async def test_a_client_that_asks_first_is_told_to_go_on(connect, tools):
    """`100 Continue`, then the answer."""
    client = connect(tools.instant())
    head, _, body = raw(tools, "m", "expect: 100-continue\r\nconnection: close\r\n").partition(
        b"\r\n\r\n"
    )
    await client.stream.send_all(head + b"\r\n\r\n")
    assert await client.stream.receive_some() == b"HTTP/1.1 100 Continue\r\n\r\n"
    await client.stream.send_all(body)
    assert models(await read_all(client.stream)) == ["m"]


async def test_a_body_over_the_limit_is_413_and_the_end(dial, tools):
    """The client reads the refusal although it was still sending."""
    client = await dial(tools.instant())
    head = b"POST /v1/messages HTTP/1.1\r\nhost: h\r\ncontent-length: 99999999\r\n\r\n"
    piece = b"x" * 65536
    await client.stream.send_all(head)
    for _ in range(BODY_LIMIT // len(piece) + 2):
        await client.stream.send_all(piece)
    await client.stream.send_eof()
    answer = await read_all(client.stream)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b'"request_too_large"' in answer


async def test_rubbish_is_400_and_the_end(connect, tools, autojump_clock):
    """After a second for whatever else the client may send."""
    client = connect(tools.instant())
    await client.stream.send_all(b"NONSENSE\r\n\r\n")
    answer = await read_all(client.stream)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"\r\nconnection: close\r\n" in answer
    assert trio.current_time() == pytest.approx(1.0)


async def test_a_request_that_comes_meanwhile_waits_its_turn(connect, tools, autojump_clock):
    """It is read and counted while the one before it is being answered."""
    simulator = Simulator(default=KeyPlan(), rng=random.Random(1))
    client = connect(simulator)
    for name in ("a", "b"):
        await client.stream.send_all(raw(tools, name))
        await trio.testing.wait_all_tasks_blocked()
    assert simulator.ledger.in_flight == 2
    await client.stream.send_all(raw(tools, "c", "connection: close\r\n"))
    assert models(await read_all(client.stream)) == ["a", "b", "c"]


async def test_a_client_that_stopped_listening_has_left(tools, nursery, autojump_clock):
    """Although it could still send."""
    simulator = Simulator(default=KeyPlan(), rng=random.Random(1))
    ours, theirs = trio.testing.memory_stream_pair()
    nursery.start_soon(simulator.handle_stream, theirs)
    await ours.send_all(raw(tools, "m"))
    await ours.receive_stream.aclose()
    await trio.sleep(60)
    assert (simulator.ledger.in_flight, simulator.ledger.total.cancelled) == (0, 1)


@pytest.mark.parametrize("stream", [True, False])
async def test_leaving_early_is_noticed_at_once(dial, tools, stream):
    """While the answer waits for its time, on a real socket; the answer itself is a minute away."""
    plan = KeyPlan(median=50.0)
    simulator = Simulator(default=plan, rng=random.Random(1))
    client = await dial(simulator)
    await client.send(tools.question("openai", stream=stream))
    while not simulator.ledger.in_flight:
        await trio.sleep(0.001)
    await client.stream.aclose()
    start = trio.current_time()
    while simulator.ledger.in_flight:
        await trio.sleep(0.001)
    assert trio.current_time() - start < 0.5
    assert simulator.ledger.total.cancelled == 1


async def test_leaving_between_two_words_is_noticed(connect, tools, autojump_clock):
    """The first words arrived; the rest is cancelled."""
    simulator = Simulator(default=KeyPlan(words=50, words_sigma=0), rng=random.Random(1))
    client = connect(simulator)
    await client.send(tools.question("openai", stream=True))
    await client.head()
    await client.event()
    await client.stream.aclose()
    await trio.testing.wait_all_tasks_blocked()
    assert (simulator.ledger.in_flight, simulator.ledger.total.cancelled) == (0, 1)


async def test_leaving_behind_pipelined_requests_cancels_them_all(connect, tools, autojump_clock):
    """Those that wait for their turn too."""
    simulator = Simulator(default=KeyPlan(), rng=random.Random(1))
    client = connect(simulator)
    await client.stream.send_all(raw(tools, "m") * 5)
    await trio.testing.wait_all_tasks_blocked()
    assert simulator.ledger.in_flight == 5
    await client.stream.aclose()
    await trio.testing.wait_all_tasks_blocked()
    assert (simulator.ledger.in_flight, simulator.ledger.total.cancelled) == (0, 5)


async def test_a_client_that_resets_is_a_client_that_left(dial, tools):
    """A reset instead of a close, in the middle of a long answer that it did not read."""
    simulator = tools.instant(words=2000, words_sigma=0.0)
    client = await dial(simulator)
    await client.stream.send_all(raw(tools, "m", stream=True, n=48))
    await trio.sleep(0.01)
    client.stream.setsockopt(trio.socket.SOL_SOCKET, trio.socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    await client.stream.aclose()
    with trio.fail_after(2):
        while simulator.ledger.in_flight:
            await trio.sleep(0.001)
    assert simulator.ledger.total.cancelled == 1


misfortunes = ["ok", "cut", "silence", "refuse", "stall", "rate_limited", "reset_mid_body"]
visits = st.tuples(
    st.sampled_from(["openai", "gemini", "anthropic"]),
    st.booleans(),
    st.one_of(st.none(), st.floats(0, 3)),
    st.lists(st.sampled_from(misfortunes), max_size=4),
)
clients = st.lists(visits, min_size=1, max_size=5)


@settings(max_examples=20, deadline=None)
@given(clients=clients, seed=st.integers(0, 99))
def test_the_ledger_never_drifts(tools, clients: list[Any], seed: int):
    """Whatever goes wrong and whenever clients leave: nothing stays in flight, and every call is
    counted once."""
    trio.run(
        _crowd,
        tools,
        clients,
        seed,
        clock=trio.testing.MockClock(autojump_threshold=0),
    )


async def _crowd(tools: Any, clients: list[Any], seed: int) -> None:
    simulator = Simulator(default=KeyPlan(words=3), rng=random.Random(seed))
    calls = 0
    async with trio.open_nursery() as nursery:
        for number, (dialect, stream, leaves, faults) in enumerate(clients):
            key = f"sk-{number}"
            simulator.script(key, [Fault(kind, pace=0.001) for kind in faults])
            ours, theirs = trio.testing.memory_stream_pair()
            nursery.start_soon(simulator.handle_stream, theirs)
            asked = [tools.question(dialect, key=key, stream=stream)] * (len(faults) + 1)
            nursery.start_soon(_visit, tools.RawClient(ours), asked, leaves)
            calls += len(asked)
    total = simulator.ledger.total
    assert total.in_flight == 0
    assert total.started == total.finished + total.cancelled + total.failed
    assert total.started <= calls


async def _visit(client: Any, asked: list[Any], leaves: float | None) -> None:
    with trio.move_on_after(60 if leaves is None else leaves):
        try:
            for question in asked:
                await client.ask(question)
        except Exception:  # noqa: BLE001  the answer is spoiled: what matters is the ledger
            pass
    await trio.aclose_forcefully(client.stream)
