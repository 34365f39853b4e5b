"""The simulator as a whole."""

import random
import socket

import httpx
import pytest
import trio

from providers.simulator import INSTANT, KeyPlan, Simulator, refusing_address


async def test_serve_reports_where(nursery, tools):
    """The port that was found, and it answers there; so do the control endpoints."""
    url = await nursery.start(tools.instant().serve)
    assert url.startswith("http://127.0.0.1:")
    async with httpx.AsyncClient(base_url=url, trust_env=False) as http:
        asked = tools.question("openai")
        script = {"key": "sk-1", "faults": ["overloaded"]}
        assert (await http.post("/_sim/faults", json=script)).status_code == 200
        answers = [
            await http.post(asked.path, json=asked.body, headers=asked.headers) for _ in range(2)
        ]
        assert [answer.status_code for answer in answers] == [529, 200]
        ledger = (await http.get("/_sim/ledger")).json()
    assert ledger["total"]["by_status"] == {"529": 1, "200": 1}
    assert ledger["keys"]["sk-1"]["in_flight"] == 0


async def test_ipv6_addresses_are_shown_as_urls(nursery, tools):
    """In brackets."""
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        pytest.skip("this machine has no IPv6")
    url = await nursery.start(tools.instant().serve, "::1")
    assert url.startswith("http://[::1]:")


async def test_a_taken_port_is_an_error(nursery, tools):
    """Said at the start, not later."""
    url = await nursery.start(tools.instant().serve)
    with pytest.raises(OSError, match="in use"):
        await tools.instant().serve("127.0.0.1", int(url.rpartition(":")[2]))


async def test_keys_have_plans_of_their_own(connect, tools):
    """Those without one behave as the default."""
    plans = {"sk-bad": KeyPlan(profile=INSTANT, faults=("unauthorized",), repeat=True)}
    simulator = Simulator(plans=plans, default=KeyPlan(profile=INSTANT), rng=random.Random(1))
    client = connect(simulator)
    keys = ["sk-bad", "sk-good", "sk-bad"]
    assert [(await client.ask(tools.question("openai", key=key))).status for key in keys] == [
        401,
        200,
        401,
    ]


async def test_scripts_and_reset(connect, tools):
    """A script replaces what the plan said; a reset brings it back."""
    simulator = tools.instant(faults=("unavailable",))
    client = connect(simulator)
    simulator.script("sk-1", ["overloaded"])
    assert (await client.ask(tools.question("openai"))).status == 529
    simulator.reset()
    assert simulator.ledger.total.started == 0
    assert (await client.ask(tools.question("openai"))).status == 503


async def test_a_refusing_address_refuses():
    """As long as its context lasts."""
    with refusing_address() as url, pytest.raises(OSError, match="all attempts to connect"):
        await trio.open_tcp_stream("127.0.0.1", int(url.rpartition(":")[2]))


class Bug(trio.abc.Stream):
    """A stream that raises what no stream should."""

    closed = False

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        raise ZeroDivisionError

    async def send_all(self, data: bytes) -> None: ...

    async def wait_send_all_might_not_block(self) -> None: ...

    async def aclose(self) -> None:
        self.closed = True


async def test_a_bug_ends_one_connection_only(tools, caplog):
    """It is logged, the connection is closed, and the server lives on."""
    stream = Bug()
    await tools.instant().handle_stream(stream)
    assert stream.closed
    assert "failed" in caplog.text


@pytest.mark.slow
async def test_many_clients_at_once(nursery, tools):
    """A hundred connections, half of which leave early: all are answered or cancelled."""
    simulator = Simulator(default=KeyPlan(scale=0.2, words=20), rng=random.Random(1))
    url = await nursery.start(simulator.serve)
    port = int(url.rpartition(":")[2])
    answered = []

    async def client(number: int) -> None:
        async with await trio.open_tcp_stream("127.0.0.1", port) as stream:
            with trio.move_on_after(0.1 if number % 2 else 60):
                asked = tools.question("openai", stream=bool(number % 3))
                answered.append((await tools.RawClient(stream).ask(asked)).status)

    async with trio.open_nursery() as crowd:
        for number in range(100):
            crowd.start_soon(client, number)
    await trio.sleep(0.05)
    total = simulator.ledger.total
    assert total.in_flight == 0
    assert total.finished >= len(answered) >= 50
    assert total.finished + total.cancelled == total.started
    assert set(answered) == {200}
